"""A platform as wide as the reference one will be: 34 services with 6 functions each, with every kind of trigger and grant.

`python -m tests.templates.wide DIR` writes its templates: that of the platform, and those of the first few services, which
differ; `make templates` has cfn-lint read them.
"""

import sys
from datetime import timedelta
from pathlib import Path

from oort.cloudformation import rendering, templates
from oort.cloudformation.resources import Template
from oort.cloudformation.scope import Code
from oort.model.delivery.stages import Stage
from oort.model.errors import Source
from oort.model.functions import (
    Answer,
    FunctionModel,
    Grant,
    Http,
    Rate,
    Subscription,
    Timer,
    Trigger,
    Worker,
)
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import EventModel, IndexModel, Kind, QueueModel, Resource, TableModel

SERVICES = 34
HERE = Source("wide/service.py", 1)
CORS = ((), ("https://shop.example",), ("*",), ("https://a.example", "https://b.example"))
TIMERS = (
    Timer(timedelta(minutes=5), None, "UTC", ""),
    Timer(None, "0 6 1 * mon", "Europe/Oslo", ""),
    Timer(timedelta(days=1), None, "UTC", ""),
    Timer(None, "*/15 8-17 * * mon-fri", "Europe/Oslo", ""),
)
STAGE = Stage("prod", environment=(("COLOUR", "blue"),), tags=(("team", "core"),))
CODE = Code("0" * 64, ("wide.service",))


def platform(count: int = SERVICES) -> PlatformModel:
    """The platform: each service listens to the one before it and asks the one after it."""
    return PlatformModel("wide", tuple(_service(number, count) for number in range(count)))


def every(model: PlatformModel, stage: Stage = STAGE) -> tuple[Template, ...]:
    """All templates."""
    services = (
        templates.service_template(one, platform=model, stage=stage, code=CODE)
        for one in model.services
    )
    return (
        templates.platform_template(model, stage),
        templates.assets_template(model, stage),
        *services,
    )


def _service(number: int, count: int) -> ServiceModel:
    name = f"s{number}"
    before, after = f"s{(number - 1) % count}", f"s{(number + 1) % count}"
    own = Grant(
        Kind.TABLE, f"{name}.book", ("check", "delete", "get", "put", "query", "scan", "update")
    )
    reads = Grant(Kind.TABLE, f"{name}.counts", ("get",))
    asks = Grant(Kind.CALL, f"{after}.quote", ("call",))
    sends = Grant(Kind.QUEUE, f"{name}.parcels", ("send",))
    says = Grant(Kind.EVENT, f"{name}.sold", ("publish",))
    timer = TIMERS[number % len(TIMERS)]
    cron = Timer(timer.interval, timer.cron, timer.timezone, f"{name}.tidy")
    post = Http("POST", f"/{name}", 201, True, (), rate=Rate(5.5, 10))
    functions = (
        _function(
            f"{name}.show",
            Http("GET", f"/{name}/orders/{{id}}", 200, False, ("support",), "id"),
            reads,
        ),
        _function(f"{name}.place", post, asks, says, sends, own),
        _function(f"{name}.heard", Subscription(f"{before}.sold", 1, f"{name}.heard", 10), reads),
        _function(f"{name}.pack", Worker(f"{name}.parcels", 5)),
        _function(f"{name}.tidy", cron, Grant(Kind.TABLE, f"{name}.counts", ("scan",))),
        _function(f"{name}.quote_price", Answer(f"{name}.quote", timedelta(seconds=5))),
    )
    queues = (
        _queue(f"{name}.parcels"),
        _queue(f"{name}.heard", subscription=f"{before}.sold"),
        _queue(f"{name}.tidy"),
    )
    events = (
        EventModel(f"{name}.sold", 1, "id", name, HERE),
        EventModel(f"{name}.sold", 2, "id", name, HERE),
    )
    resources: tuple[Resource, ...] = (*_tables(name), *queues, *events)
    return ServiceModel(
        name=name, resources=resources, functions=functions, cors=CORS[number % len(CORS)]
    )


def _tables(service: str) -> tuple[TableModel, ...]:
    by_place = IndexModel("by_place", "country", "city", primary=False)
    by_price = IndexModel("by_price", "price", None, primary=False)
    by_day = IndexModel("by_day", "day", "hour", primary=True)
    return (
        TableModel(
            f"{service}.book",
            service,
            "id",
            None,
            None,
            (by_place, by_price),
            HERE,
            frozenset({"price"}),
        ),
        TableModel(
            f"{service}.counts",
            service,
            "day",
            "hour",
            "revision",
            (by_day,),
            HERE,
            frozenset({"hour"}),
        ),
    )


def _function(name: str, trigger: Trigger, *grants: Grant) -> FunctionModel:
    return FunctionModel(
        name,
        name.partition(".")[0],
        trigger,
        tuple(sorted(grants)),
        timedelta(seconds=9.5),
        "",
        HERE,
    )


def _queue(name: str, *, subscription: str | None = None) -> QueueModel:
    return QueueModel(name, name.partition(".")[0], 5, timedelta(seconds=57), subscription, HERE)


def main(arguments: list[str]) -> int:
    """Write the templates that differ."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for template in every(platform(count=len(CORS))):
        (folder / f"{template.name}.template.json").write_bytes(rendering.rendered(template))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
