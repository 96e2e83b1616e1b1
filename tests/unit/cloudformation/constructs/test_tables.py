"""Tables with their keys and indexes."""

from oort.model.resources import IndexModel, TableModel
from tests.unit.cloudformation.one_service import properties, shop, template
from tests.unit.programs import HERE, table


def test_a_table_has_the_key_and_the_indexes_of_the_model() -> None:
    indexes = (
        IndexModel("by_day", "day", "hour", primary=True),
        IndexModel("by_price", "price", "day", primary=False),
    )
    model = TableModel(
        "shop.counts", "shop", "day", "hour", None, indexes, HERE, frozenset({"price", "hour"})
    )
    found = properties(template(shop(tables=(model,))), "TableCounts")
    assert found["TableName"] == "market_prod_shop_counts"
    assert found["KeySchema"] == [
        {"AttributeName": "day", "KeyType": "HASH"},
        {"AttributeName": "hour", "KeyType": "RANGE"},
    ]
    types = {one["AttributeName"]: one["AttributeType"] for one in found["AttributeDefinitions"]}
    assert types == {"day": "S", "hour": "N", "price": "N"}
    (index,) = found["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["Projection"]) == ("by_price", {"ProjectionType": "ALL"})
    assert [one["AttributeName"] for one in index["KeySchema"]] == ["price", "day"]


def test_a_table_without_other_indexes_has_none() -> None:
    found = properties(template(shop(tables=(table("shop.plain"),))), "TablePlain")
    assert "GlobalSecondaryIndexes" not in found
