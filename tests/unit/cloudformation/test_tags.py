"""Tags of the stage and of Oort."""

from oort.cloudformation import tags
from oort.cloudformation.resources import Resource
from oort.model.delivery.stages import Stage
from oort.rules.cloud import cloud_names


def test_tags_of_the_stage_cannot_hide_ours() -> None:
    location = cloud_names.location("market", "prod")
    stage = Stage("prod", tags=(("oort:service", "other"), ("team", "core")))
    found = tags.tags(location, stage, "shop")
    assert found == {
        "oort:platform": "market",
        "oort:stage": "prod",
        "oort:service": "shop",
        "team": "core",
    }


def test_what_has_no_tags_stays_as_it_is() -> None:
    plain = Resource("One", "AWS::KMS::Alias", {"AliasName": "alias/x"})
    assert tags.tagged(plain, {"a": "b"}) is plain
