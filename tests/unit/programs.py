"""Small platform models for tests, written as the loader would make them."""

from datetime import timedelta

from oort.model.errors import Source
from oort.model.functions import FunctionModel, Grant, Http, Subscription, Trigger, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import EventModel, IndexModel, Kind, QueueModel, TableModel

HERE = Source("services/here.py", 1)


def function(name: str, trigger: Trigger, *grants: Grant) -> FunctionModel:
    """A function named `service.handler`."""
    return FunctionModel(
        name, name.partition(".")[0], trigger, grants, timedelta(seconds=10), "", HERE
    )


def route(
    method: str, path: str, *, name: str = "", public: bool = False, groups: tuple[str, ...] = ()
) -> FunctionModel:
    """A function behind a route; its name defaults to the route's."""
    return function(
        name or f"shop.{method.lower()} {path}", Http(method, path, 200, public, groups)
    )


def queue(name: str, *, subscription: str | None = None) -> QueueModel:
    """A queue named `service.queue`."""
    return QueueModel(name, name.partition(".")[0], 5, timedelta(seconds=60), subscription, HERE)


def table(name: str, *indexes: IndexModel, sort: str | None = None) -> TableModel:
    """A table named `service.table`, with the key `id`."""
    return TableModel(name, name.partition(".")[0], "id", sort, None, indexes, HERE)


def sign_up() -> PlatformModel:
    """Accounts publishes; email subscribes, sends itself work and delivers it; audit has nothing to do."""
    people = Grant(Kind.TABLE, "accounts.people", ("get", "put"))
    out = Grant(Kind.EVENT, "accounts.signed-up", ("publish",))
    accounts = ServiceModel(
        name="accounts",
        resources=(
            table("accounts.people", IndexModel("by_country", "country", None, primary=False)),
            EventModel("accounts.signed-up", 1, "id", "accounts", HERE),
        ),
        functions=(
            function("accounts.sign-up", Http("POST", "/accounts", 201, True, ()), people, out),
            function(
                "accounts.read",
                Http("GET", "/accounts/{id}", 200, False, ("support", "admin")),
                Grant(Kind.TABLE, "accounts.people", ("get",)),
            ),
        ),
    )
    email = ServiceModel(
        name="email",
        resources=(
            queue("email.outgoing"),
            queue("email.welcome", subscription="accounts.signed-up"),
        ),
        functions=(
            function(
                "email.welcome",
                Subscription("accounts.signed-up", 1, "email.welcome", 10),
                Grant(Kind.QUEUE, "email.outgoing", ("send",)),
            ),
            function("email.deliver", Worker("email.outgoing", 10)),
        ),
    )
    return PlatformModel("cometbid", (accounts, email, ServiceModel(name="audit")))
