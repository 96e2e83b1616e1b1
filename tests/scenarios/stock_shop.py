"""A service with an item that can be written, updated and read, for tests of updates."""

from collections.abc import Callable
from typing import Any

from oort import Can, Change, Get, Put, Service, Table, Update, atomic


def stock_shop(item: Any, change: Callable[[], Change], *, within: bool) -> Service:
    """POST /shop/fill writes the item, whose id is 1; POST /shop changes it, in a block if `within`."""
    service, kind = Service("shop"), type(item)

    @service.table("stock", key="id")
    class Stocks(Table[str, kind, Can]): ...  # type: ignore[valid-type]

    @service.get("/", public=True)
    def read(stocks: Stocks[Get]) -> kind:  # type: ignore[valid-type]
        return stocks.require("1")

    @service.post("/fill", public=True)
    def fill(stocks: Stocks[Put]) -> None:
        stocks.put(item)

    @service.post("/", public=True)
    def update(stocks: Stocks[Update]) -> None:
        if within:
            with atomic() as tx:
                tx.update(stocks, "1", change())
        else:
            stocks.update("1", change())

    return service
