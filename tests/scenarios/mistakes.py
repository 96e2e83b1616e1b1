"""What a user might write wrong: `#! code` marks the line that must be named; beside it a sentence that the user must read."""

from tests.scenarios import mistakes_of_resources

PRELUDE = '''"""A shop and its neighbour."""
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import msgspec
from oort import *

shop = Service("shop")
bank = Service("bank")

class Account(msgspec.Struct):
    id: str
    country: str = ""
    revision: int = 0

@shop.table("people", key="id")
class People(Table[str, Account, Can]): ...

@bank.table("vault", key="id")
class Vault(Table[str, Account, Can]): ...

@shop.queue("mails")
class Mails(Queue[Account, Can]): ...

@bank.queue("wires")
class Wires(Queue[Account, Can]): ...

@event("shop.opened", version=1, key="id")
class Opened(Event):
    id: str

@event("bank.paid", version=1, key="id")
class Paid(Event):
    id: str

class Port: ...
'''

_WORKER = """
@{service}.worker({queue})
def take_{service}(message: Account) -> None: ...
"""


def program(text: str) -> str:
    """The prelude and the text, with a worker for each queue of the prelude that the text leaves without."""
    queues = {"Mails": "shop", "Wires": "bank"}
    workers = (
        _WORKER.format(service=service, queue=queue)
        for queue, service in queues.items()
        if f"worker({queue}" not in text
    )
    return f"{PRELUDE}\n{text}\n{''.join(workers)}"


CASES: dict[str, tuple[str, str]] = {
    # -- atomic blocks
    "a block without a name": (
        '@shop.post("/a")\ndef a(people: People[Put]) -> None:\n    with atomic():  #! atomic.unnamed\n        ...',
        "with atomic() as tx:",
    ),
    "a write beside the block": (
        '@shop.post("/a")\ndef a(people: People[Put]) -> None:\n    with atomic() as tx:\n        people.put(Account("1"))  #! atomic.beside',
        "tx.put(people, …)",
    ),
    **mistakes_of_resources.CASES,
    # -- events
    "an event that forbids unknown fields": (
        (
            '@event("shop.closed", version=1, key="id")  #! event.closed\nclass Closed(Event, forbid_unknown_fields=True):\n    id: str\n'
            '@shop.post("/closed")\ndef a(out: Publish[Closed]) -> None: ...'
        ),
        "Remove forbid_unknown_fields=True",
    ),
    "an event with a part that forbids unknown fields": (
        (
            "class Line(msgspec.Struct, forbid_unknown_fields=True):\n    id: str\n"
            '@event("shop.lines", version=1, key="id")  #! event.closed\nclass Lines(Event):\n    id: str\n    lines: list[Line]\n'
            '@shop.post("/lines")\ndef a(out: Publish[Lines]) -> None: ...'
        ),
        "Line forbids unknown fields",
    ),
    "an event with a pattern that means something else in JSON Schema": (
        (
            '@event("shop.words", version=1, key="id")  #! type.pattern\nclass Words(Event):\n'
            "    id: str\n    word: Annotated[str, msgspec.Meta(pattern=r'^\\D+$')]\n"
            '@shop.post("/words")\ndef a(out: Publish[Words]) -> None: ...'
        ),
        "Write [^0-9].",
    ),
    "an event that is no Event": (
        '@event("shop.a", version=1, key="id")  #! event.base\nclass A: ...',
        "Write class A(Event)",
    ),
    "an event's name, version and key": (
        '@event("Opened", version=0, key="idd")  #! event.name event.version event.key\nclass A(Event):\n    id: str',
        "Name a field of the event: id",
    ),
    "a version that is compatible with a later one": (
        '@event("shop.a", version=1, key="id", compatible=2)  #! event.compatible\nclass A(Event):\n    id: str',
        "Name a version from 1 to 1",
    ),
    "a version that nothing leads up from": (
        (
            '@event("shop.moved", version=1, key="id")\nclass V1(Event):\n    id: str\n'
            '@event("shop.moved", version=2, key="id")  #! event.gap\nclass V2(Event):\n    id: str\n'
            '@shop.post("/moved", public=True)\ndef move(out: Publish[V1]) -> None: ...\n'
            "@shop.on(V2)\ndef moved(event: V2) -> None: ..."
        ),
        "Write @upcast from version 1",
    ),
    "a version that a consumer could not read": (
        (
            '@event("shop.moved", version=1, key="id")\nclass V1(Event):\n    id: str\n'
            '@event("shop.moved", version=2, key="id")  #! event.ahead\nclass V2(Event):\n    id: str\n'
            '@shop.post("/moved", public=True)\ndef move(out: Publish[V2]) -> None: ...\n'
            "@shop.on(V1)\ndef moved(event: V1) -> None: ..."
        ),
        "write @downcast to version 1",
    ),
    "one event declared in two classes": (
        (
            '@event("shop.opened", version=1, key="id")  #! event.twice\nclass Again(Event):\n    id: str\n'
            "@shop.on(Opened)\ndef one(event: Opened) -> None: ...\n@bank.on(Again)\ndef two(event: Again) -> None: ..."
        ),
        "Declare the version once",
    ),
    "an event filtered by pattern": (
        '@shop.on(Opened, where={"id": "1"})  #! event.where\ndef opened(event: Opened) -> None: ...',
        "Filter inside the handler",
    ),
    "an upcast that says nothing": (
        "@upcast  #! event.upcast\ndef newer(old): ...",
        "def newer(old: SignedUpV1)",
    ),
    "an upcast to another event": (
        "@upcast  #! event.upcast\ndef newer(old: Paid) -> Opened: ...",
        "bank.paid version 1 does not become shop.opened version 1",
    ),
    "an upcast of an unknown type": (
        '@upcast  #! event.upcast\ndef newer(old: "Gone") -> Opened: ...',
        "'Gone'",
    ),
    "a downcast that says nothing": (
        "@downcast  #! event.downcast\ndef older(new): ...",
        "def older(new: SignedUp)",
    ),
    # -- routes
    "a path without its slash": (
        '@shop.get("a")  #! route.path\ndef a() -> None: ...',
        "Write /fixed/{parameter}",
    ),
    "a path with a blank": (
        '@shop.get("/a b")  #! route.path\ndef a() -> None: ...',
        "letters, digits",
    ),
    "a path parameter that nobody takes": (
        '@shop.get("/{id}")  #! route.path\ndef a() -> None: ...',
        "Add the parameter id: str",
    ),
    "a path parameter twice": (
        '@shop.get("/{id}/x/{id}")  #! route.path\ndef a(id: str) -> None: ...',
        "in the path twice",
    ),
    "a request that may take a minute": (
        '@shop.get("/", timeout=timedelta(minutes=1))  #! route.timeout\ndef a() -> None: ...',
        "answer 202 and use a queue",
    ),
    "a public route for a group": (
        '@shop.get("/", public=True, groups=["staff"])  #! route.groups\ndef a() -> None: ...',
        "public=True or groups=",
    ),
    "a GET with a body": (
        '@shop.get("/")  #! route.body\ndef a(body: Account) -> None: ...',
        "Use post, put or patch",
    ),
    "a body that JSON cannot be": (
        '@shop.post("/")  #! route.body\ndef a(body: Port) -> None: ...',
        "msgspec does not know Port",
    ),
    "a body that msgspec refuses": (
        '@shop.post("/")  #! route.body\ndef a(body: list[int] | set[int]) -> None: ...',
        "more than one array-like",
    ),
    "a status that is none": (
        '@shop.get("/", status=99)  #! route.status\ndef a() -> None: ...',
        "Use 200 to 399",
    ),
    "a status of an error": (
        '@shop.get("/", status=404)  #! route.status\ndef a() -> None: ...',
        "raise a Problem",
    ),
    "an error that is no problem": (
        '@shop.get("/", raises=[ValueError])  #! route.raises\ndef a() -> None: ...',
        "Name subclasses of Problem",
    ),
    "an answer that JSON cannot have": (
        '@shop.get("/")  #! route.return\ndef a() -> Port: ...',
        "Return Structs",
    ),
    "an answer with a part that JSON cannot have": (
        '@shop.get("/")  #! route.return\ndef a() -> list[Port]: ...',
        "Return Structs",
    ),
    "a worker that returns a value": (
        "@shop.worker(Mails)  #! consumer.return\ndef a(mail: Account) -> int: ...",
        "nobody receives it",
    ),
    "a schedule that returns a value": (
        "@shop.every(timedelta(hours=1))  #! consumer.return\ndef a() -> str: ...",
        "Return None",
    ),
    "an answer under a status without body": (
        '@shop.delete("/")  #! route.status\ndef a() -> Reply[Account]: ...',
        "Add status=200",
    ),
    "two routes that no request tells apart": (
        '@shop.get("/{a}")\ndef one(a: str) -> None: ...\n@shop.get("/{b}")  #! route.twice\ndef two(b: str) -> None: ...',
        "Change one of the paths",
    ),
    "an object in the query": (
        '@shop.get("/")  #! route.parameter\ndef a(account: Account) -> None: ...',
        "Name the request's body `body`",
    ),
    "a list in the path": (
        '@shop.get("/{ids}")  #! route.parameter\ndef a(ids: list[str]) -> None: ...',
        "cannot come from the path",
    ),
    "an object in a header": (
        '@shop.get("/")  #! route.parameter\ndef a(x: Annotated[Account, Header("x")]) -> None: ...',
        "cannot come from the header",
    ),
    "a caller on a public route": (
        '@shop.get("/", public=True)  #! route.principal\ndef a(who: Principal) -> None: ...',
        "Write who: Principal | None",
    ),
    "an owner that is not in the path": (
        '@shop.get("/{id}", owner="who")  #! route.owner\ndef a(id: str) -> None: ...',
        "Name a parameter of the path",
    ),
    "an owner of a public route": (
        '@shop.get("/{id}", owner="id", public=True)  #! route.owner\ndef a(id: str) -> None: ...',
        "Remove public=True or owner=",
    ),
    "a rate that API Gateway does not know": (
        '@shop.get("/", rate=0)  #! route.rate\ndef a() -> None: ...',
        "API Gateway allows rates up to",
    ),
    "a page that is no origin": (
        'pages = Service("pages", cors=["shop.example"])  #! service.cors',
        "https://shop.example",
    ),
    "every page and one of them": (
        'pages = Service("pages", cors=["*", "https://a.example"])  #! service.cors',
        "*, beside others,",
    ),
    # -- functions and their signatures
    "a time-out of nothing": (
        "@shop.on(Opened, timeout=timedelta(0))  #! function.timeout\ndef a(event: Opened) -> None: ...",
        "at most 15 minutes",
    ),
    "a time-out of an hour": (
        "@shop.worker(Mails, timeout=timedelta(hours=1))  #! function.timeout\ndef a(mail: Account) -> None: ...",
        "at most 15 minutes",
    ),
    "a handler without a name": (
        'shop.get("/")(lambda: None)  #! function.name signature.return',
        "Use letters, digits and _",
    ),
    "a type that is imported for checkers only": (
        (
            'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from decimal import Decimal\n@shop.get("/")  #! signature.name\n'
            'def a(price: "Decimal") -> None: ...'
        ),
        "not under TYPE_CHECKING",
    ),
    "a type that its module does not have": (
        '@shop.get("/")  #! signature.name\ndef a(price: "msgspec.Price") -> None: ...',
        "'Price' cannot be found",
    ),
    "a type that is none": (
        '@shop.get("/")  #! signature.type\ndef a(people: "People[Get, Put]") -> None: ...',
        "People[Get | Put]",
    ),
    "a type with wrong syntax": (
        '@shop.get("/")  #! signature.type\ndef a(people: "People[") -> None: ...',
        "actions in the brackets",
    ),
    "a parameter that only has a star": (
        '@shop.get("/")  #! signature.kind\ndef a(*names: str) -> None: ...',
        "Name every parameter",
    ),
    "a parameter without a type": (
        '@shop.get("/{id}")  #! signature.untyped\ndef a(id) -> None: ...',
        "for example id: str",
    ),
    "a route without a return type": (
        '@shop.get("/{id}")  #! signature.return\ndef a(id: str): ...',
        "or -> None",
    ),
    "an option with a value of another type": (
        '@shop.get("/", groups="staff")  #! option.type\ndef a() -> None: ...',
        "takes a list of texts",
    ),
    "a handler that yields": (
        "@shop.worker(Mails)  #! signature.generator\ndef a(mail: Account) -> Iterator[None]:\n    yield",
        "is a generator",
    ),
    "a handle of a class that is not declared": (
        'class Lost(Table[str, Account, Can]): ...\n@shop.get("/")  #! handle.undeclared\ndef a(lost: Lost[Get]) -> None: ...',
        "Put @service.table",
    ),
    "a bare handle": (
        '@shop.get("/")  #! handle.bare\ndef a(people: People) -> None: ...',
        "people: People[Get] or People[Get | Put]",
    ),
    "a handle with what is no action": (
        '@shop.get("/")  #! handle.action\ndef a(people: People[Get | int]) -> None: ...',
        "Actions are Get, Put",
    ),
    "a table that shall send": (
        '@shop.get("/")  #! handle.action\ndef a(people: People[Send]) -> None: ...',
        "People has no Send",
    ),
    "a queue that shall get": (
        '@shop.get("/")  #! handle.action\ndef a(mails: Mails[Get]) -> None: ...',
        "Its actions are Send",
    ),
    "the right to publish nothing": (
        '@shop.get("/")  #! publish.event\ndef a(out: Publish) -> None: ...',
        "Write out: Publish[SignedUp]",
    ),
    "the right to publish what is not declared": (
        'class Lost(Opened): ...\n@shop.get("/")  #! publish.event\ndef a(out: Publish[Opened | Lost]) -> None: ...',
        "with a class under @event",
    ),
    "a consumer of another event": (
        "@shop.on(Opened)  #! consumer.message\ndef a(event: Paid) -> None: ...",
        "Write event: Opened",
    ),
    "a consumer without a message": (
        "@shop.on(Opened)  #! consumer.message\ndef a() -> None: ...",
        "Its first parameter is the message: Opened",
    ),
    "a consumer without types": (
        "@shop.on(Opened)  #! consumer.message\ndef a(event): ...",
        "Write event: Opened",
    ),
    "a consumer with a query parameter": (
        "@shop.on(Opened)  #! consumer.parameter\ndef a(event: Opened, page: int) -> None: ...",
        "Publish, Context and provided ports",
    ),
    "a consumer of an event that is not declared": (
        "class Lost(Event): ...\n@shop.on(Lost)  #! consumer.event\ndef a(event: Lost) -> None: ...",
        "Name a class under @event",
    ),
    "a consumer of a name": (
        '@shop.on("shop.opened", where={})  #! consumer.event consumer.message event.where\ndef a(event: Opened) -> None: ...',
        "subscribes to shop.opened, which is no event",
    ),
    "a worker of a name": (
        '@shop.worker("mails")  #! consumer.queue\ndef a(mail: Account) -> None: ...',
        "mails is not",
    ),
    "a worker of what is no queue": (
        "@shop.worker(People)  #! consumer.queue\ndef a(mail: Account) -> None: ...",
        "People is not a queue",
    ),
    "two workers of one queue": (
        (
            "@shop.worker(Mails)\ndef one(mail: Account) -> None: ...\n"
            "@shop.worker(Mails)  #! consumer.twice\ndef two(mail: Account) -> None: ..."
        ),
        "An event can have many",
    ),
    # -- providers
    "a provider without a return annotation": (
        "@shop.provide  #! provider.return\ndef port(): ...",
        "return type",
    ),
    "a provider that makes None": (
        "@shop.provide  #! provider.return\ndef port() -> None: ...",
        "return type",
    ),
    "two providers of one port": (
        "@shop.provide\ndef one() -> Port: ...\n@shop.provide  #! provider.twice\ndef two() -> Iterator[Port]: ...",
        "Remove one of the two providers",
    ),
    "a provider that wants a request": (
        "@shop.provide  #! provider.parameter\ndef port(id: str) -> Port: ...",
        "handles and the ports of other providers",
    ),
    "a provider that wants the invocation": (
        "@shop.provide  #! provider.parameter\ndef port(ctx: Context) -> Port: ...",
        "handles and the ports of other providers",
    ),
    "a provider without types": (
        "@shop.provide  #! provider.parameter provider.return\ndef port(id): ...",
        "cannot be",
    ),
    "an async provider": (
        "@shop.provide  #! provider.async\nasync def port() -> Port: ...",
        "plain function or a gen",
    ),
    # -- effects outside
    "once on a route": (
        '@shop.get("/")  #! once.delivery\ndef a(once: Once) -> None: ...',
        "Send a message to a queue of the service, and take Once in the worker",
    ),
    "once in an answer": (
        '@call("shop.ask")\nclass Ask(Call[str, str]): ...\n@shop.answer(Ask)  #! once.delivery\ndef a(ask: str, once: Once) -> str: ...',
        "a request or a call has no message",
    ),
    "once in a provider": (
        "@shop.provide  #! once.delivery\ndef port(once: Once) -> Port: ...",
        "Take Once in the handler",
    ),
    # -- ownership
    "a handle of another service": (
        '@shop.get("/")  #! ownership.handle\ndef a(vault: Vault[Get]) -> None: ...',
        "Use an event or a declared call of the service bank",
    ),
    "a provider with a handle of another service": (
        "@shop.provide  #! ownership.handle\ndef port(vault: Vault[Get]) -> Port: ...",
        "belongs to the service bank",
    ),
    "another service's event": (
        '@shop.get("/")  #! ownership.event\ndef a(out: Publish[Paid]) -> None: ...',
        "only the service bank publishes bank.paid",
    ),
    "another service's queue": (
        "@shop.worker(Wires)  #! ownership.queue\ndef a(wire: Account) -> None: ...",
        "between services use events",
    ),
    # -- what this release does not run
    "a bucket": (
        '@shop.bucket("files")  #! language.later\nclass Files(Bucket[Can]): ...',
        "docs/limits.md",
    ),
    "a secret that rotates": (
        '@shop.secret("key", rotate=timedelta(days=30))  #! language.later\nclass Key(Secret[str, Can]): ...',
        "rotate= is not run by this release",
    ),
    "a secret without its base": (
        '@shop.secret("key")  #! resource.base\nclass Key: ...',
        "Secret[str, Can]",
    ),
    "a secret that JSON cannot become": (
        '@shop.secret("key")  #! secret.type\nclass Key(Secret[Iterator[str], Can]): ...',
        "Key holds Iterator",
    ),
    "a decorator without parentheses": (
        "@shop.get  #! decorator.name\ndef bare() -> None: ...",
        "The decorator needs a text in parentheses",
    ),
    "a secret with no action": (
        '@shop.secret("key")\nclass Key(Secret[str, Can]): ...\n@shop.get("/key")  #! handle.bare\ndef key(key: Key) -> str:\n    return ""',
        "has no actions",
    ),
    "an expiry": (
        '@shop.table("a", key="id", expires="revision")  #! language.later\nclass A(Table[str, Account, Can]): ...',
        "expires= is not run",
    ),
    "a fifo queue": (
        '@shop.queue("a", fifo=True)  #! language.later queue.worker\nclass A(Queue[Account, Can]): ...',
        "fifo=",
    ),
    "a change": (
        "@shop.on_change(People)  #! language.later\ndef a(c: Changed[Account]) -> None: ...",
        "on_change",
    ),
    "an upload": (
        "@shop.on_upload(Bucket)  #! language.later\ndef a(upload: Upload) -> None: ...",
        "on_upload",
    ),
    # -- time
    "a schedule that runs too often": (
        "@shop.every(timedelta(seconds=5))  #! timer.interval\ndef a() -> None: ...",
        "at most once a minute",
    ),
    "a cron expression with a wrong field": (
        '@shop.cron("0 25 * * *")  #! timer.cron\ndef a() -> None: ...',
        "Fix that field",
    ),
    "a cron expression that never comes": (
        '@shop.cron("0 0 30 2 *")  #! timer.cron\ndef a() -> None: ...',
        "Name a day that exists",
    ),
    "a time zone that is none": (
        '@shop.cron("0 4 * * *", timezone="Mars/Olympus")  #! timer.timezone\ndef a() -> None: ...',
        "Europe/Oslo",
    ),
    "a schedule that takes a message": (
        '@shop.cron("0 4 * * *")  #! timer.parameter\ndef a(mail: Account) -> None: ...',
        "takes handles",
    ),
    # -- calls
    "a call that is no Call": (
        '@call("shop.ask")  #! call.base\nclass Ask: ...',
        "Call[Request, Answer]",
    ),
    "a call with a bad name": (
        '@call("Ask")  #! call.name\nclass Ask(Call[str, str]): ...',
        "billing.charge",
    ),
    "a call before its first version": (
        '@call("shop.ask", version=0)  #! call.version\nclass Ask(Call[str, str]): ...',
        "Versions count from 1",
    ),
    "a call that waits too long": (
        '@call("shop.ask", timeout=timedelta(minutes=1))  #! call.timeout\nclass Ask(Call[str, str]): ...',
        "at most 29 s",
    ),
    "an answer to what is no call": (
        "@shop.answer(Account)  #! call.undeclared\ndef a(ask: str) -> str: ...",
        "under @call",
    ),
    "a call that was not declared": (
        'class Ask(Call[str, str]): ...\n@shop.get("/")  #! call.undeclared\ndef a(ask: Ask) -> None: ...',
        "Put @call(name)",
    ),
    "an answer of another type": (
        '@call("shop.ask")\nclass Ask(Call[str, str]): ...\n@shop.answer(Ask)  #! call.answer\ndef a(ask: str) -> int: ...',
        "Write -> str",
    ),
    "two answers": (
        '@call("shop.ask")\nclass Ask(Call[str, str]): ...\n@shop.answer(Ask)\ndef a(ask: str) -> str: ...\n@shop.answer(Ask)  #! call.twice\ndef b(ask: str) -> str: ...',
        "Remove one of the two handlers",
    ),
    "a call that nobody answers": (
        '@call("shop.ask")\nclass Ask(Call[str, str]): ...\n@shop.get("/")  #! call.unanswered\ndef a(ask: Ask) -> None: ...',
        "Put @shop.answer",
    ),
    "an answer to another service's call": (
        '@call("bank.ask")\nclass Ask(Call[str, str]): ...\n@shop.answer(Ask)  #! ownership.call\ndef a(ask: str) -> str: ...',
        "a call of your own",
    ),
    # -- modules that cannot be imported
    "a module that raises": ("1 / 0  #! import.failed", "ZeroDivisionError: division by zero"),
    "a module that ends the process": ("raise SystemExit(2)  #! import.failed", "SystemExit: 2"),
    "a module that needs what is not installed": (
        "import nowhere_at_all  #! import.failed",
        "No module named",
    ),
    "a module with wrong syntax": ("def (  #! import.syntax", "Fix the syntax"),
    "a class used as its own handle": (
        'People.put(People, Account("1"))  #! use.invalid',
        "people: People[Put]",
    ),
}
