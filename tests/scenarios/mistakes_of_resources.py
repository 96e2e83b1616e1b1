"""What a user might write wrong about services and resources; see `mistakes.py`."""

CASES: dict[str, tuple[str, str]] = {
    # -- services and resources
    "a service's name": ('bad = Service("Bad Name")  #! service.name', "lower-case letters"),
    "a service with a name of API Gateway's own": (
        'bad = Service("ping")  #! service.name',
        "ping and sping",
    ),
    "two services of one name": (
        'again = Service("shop")  #! name.twice',
        "two of the service shop",
    ),
    "two tables of one name": (
        '@shop.table("people", key="id")  #! name.twice\nclass Again(Table[str, Account, Can]): ...',
        "two of the table shop.people",
    ),
    "two functions of one name": (
        '@shop.get("/a")\ndef one() -> None: ...\n@shop.get("/b")  #! name.twice\ndef one() -> None: ...',
        "Rename one",
    ),
    "a table that is no Table": (
        '@shop.table("a", key="id")  #! resource.base\nclass A: ...',
        "Write class A(Table[str, Account, Can])",
    ),
    "a queue that is no Queue": (
        '@shop.queue("a")  #! resource.base\nclass A: ...',
        "class A(Queue[Mail, Can])",
    ),
    "a resource's name": (
        '@shop.queue("My Queue")  #! resource.name queue.worker\nclass A(Queue[Account, Can]): ...',
        "lower-case letters, digits and dashes",
    ),
    "a table of what is no object": (
        '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, int, Can]): ...',
        "Store a msgspec.Struct or a dataclass",
    ),
    "a table of what is stored as a list": (
        (
            "class Row(msgspec.Struct, array_like=True):\n    id: str\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Remove array_like=True from Row",
    ),
    "a key, an index and a version that are no fields": (
        (
            '@shop.table("a", key="idd", version="rev")  #! table.field table.field table.field\n'
            'class A(Table[str, Account, Can]):\n    by_land = Index[str, None]("land")'
        ),
        "Its fields are: id, country, revision",
    ),
    "a key field with another name in the store": (
        (
            'class Named(msgspec.Struct, rename="camel"):\n    account_id: str\n'
            '@shop.table("a", key="account_id")  #! table.renamed\nclass A(Table[str, Named, Can]): ...'
        ),
        "stored as 'accountId'",
    ),
    "a key of three fields": (
        (
            '@shop.table("a", key=("id", "country", "revision"))  #! table.key\n'
            'class A(Table[str, Account, Can]):\n    by = Index[str, None]("country")'
        ),
        "Name one or two",
    ),
    "a key of no field": (
        '@shop.table("a", key=())  #! table.key\nclass A(Table[str, Account, Can]): ...',
        "0 fields",
    ),
    "a key that may be text or a number": (
        (
            "class Row(msgspec.Struct):\n    id: str | int\n"
            '@shop.table("a", key="id")  #! table.key-type\nclass A(Table[str, Row, Can]): ...'
        ),
        "give the field one type",
    ),
    "a key that is a truth value": (
        (
            "class Row(msgspec.Struct):\n    id: bool\n"
            '@shop.table("a", key="id")  #! table.key-type\nclass A(Table[bool, Row, Can]): ...'
        ),
        "Keys are str, int, float",
    ),
    "an index of a list": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    tags: list[str]\n"
            '@shop.table("a", key="id")  #! table.key-type\nclass A(Table[str, Row, Can]):\n'
            '    by_tags = Index[str, None]("tags")'
        ),
        "tags cannot be in a key or an index",
    ),
    "a key of another type than its field": (
        (
            "class Row(msgspec.Struct):\n    id: int\n"
            '@shop.table("a", key="id")  #! table.key-type\nclass A(Table[str, Row, Can]): ...'
        ),
        "id is a number in Row, and a text in Table",
    ),
    "a key with a part too many": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    n: int\n"
            '@shop.table("a", key=("id", "n"))  #! table.key-type\nclass A(Table[str, Row, Can]): ...'
        ),
        "the key has 2 fields",
    ),
    "a version that is no int": (
        '@shop.table("a", key="id", version="country")  #! table.version\nclass A(Table[str, Account, Can]): ...',
        "country: int = 0",
    ),
    "a version that is the key": (
        '@shop.table("a", key="revision", version="revision")  #! table.version\nclass A(Table[int, Account, Can]): ...',
        "a field of its own",
    ),
    "an item with a function": (
        (
            "from collections.abc import Callable\nclass Row(msgspec.Struct):\n    id: str\n    cell: Callable[[int], int]\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: msgspec does not know Callable",
    ),
    "an item with a complex number": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: complex\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: msgspec does not know complex",
    ),
    "an item with a class": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: type\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: msgspec does not know type",
    ),
    "an item with raw JSON": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: msgspec.Raw\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: msgspec.Raw cannot be written",
    ),
    "an item with a dict by tuples": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: dict[tuple[int, int], int]\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: tuple[int, int] cannot be the name of a member",
    ),
    "an item with bounds that no number fits": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: Annotated[int, msgspec.Meta(ge=5, le=3)]\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: no number lies within its bounds",
    ),
    "an item with lengths that no text has": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: Annotated[str, msgspec.Meta(min_length=3, max_length=2)]\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: its min_length is above",
    ),
    "an item that holds itself": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: 'Row'\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: a value would hold itself without end",
    ),
    "an item with a default of another type": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: int = 'x'\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: its default 'x' does not fit: Expected `int`, got `str`",
    ),
    "an item with half a character": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: str = '\\ud800'\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "has no form in JSON",
    ),
    "an item with an example that is no JSON": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: Annotated[str, msgspec.Meta(examples=[object()])]\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: its Meta has no form in JSON",
    ),
    "a key that names a field twice": (
        '@shop.table("a", key=("id", "id"))  #! table.key\nclass A(Table[tuple[str, str], Account, Can]): ...',
        "the key names id twice",
    ),
    "a key that may be None": (
        (
            "class Row(msgspec.Struct):\n    id: str | None\n"
            '@shop.table("a", key="id")  #! table.key-type\nclass A(Table[str, Row, Can]): ...'
        ),
        "id may be None, and each item has a key",
    ),
    "a key that is a time without a zone": (
        (
            "from datetime import datetime\nclass Row(msgspec.Struct):\n"
            "    id: Annotated[datetime, msgspec.Meta(tz=False)]\n"
            '@shop.table("a", key="id")  #! table.key-type\nclass A(Table[datetime, Row, Can]): ...'
        ),
        "datetime (with a time zone)",
    ),
    "a generic item with arguments": (
        (
            "from typing import Generic, TypeVar\nT = TypeVar('T')\n"
            "class Row(msgspec.Struct, Generic[T]):\n    id: str\n    cell: T\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row[int], Can]): ...'
        ),
        "a generic class with arguments",
    ),
    "an item that is a union": (
        (
            "class Row(msgspec.Struct, tag=True):\n    id: str\n"
            "class Other(msgspec.Struct, tag=True):\n    id: str\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row | Other, Can]): ...'
        ),
        "a union; an item must be a single Struct or dataclass",
    ),
    "an item with a type that cannot be found": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    cell: 'Nowhere'\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Row.cell: the type 'Nowhere' cannot be found",
    ),
    "a message with a complex number": (
        (
            "class Row(msgspec.Struct):\n    cell: complex\n"
            '@shop.queue("a")  #! queue.message queue.worker\nclass A(Queue[Row, Can]): ...'
        ),
        "Row.cell: msgspec does not know complex",
    ),
    "a body with a complex number": (
        (
            "class Row(msgspec.Struct):\n    cell: complex\n"
            '@shop.post("/a")  #! route.body\ndef a(body: Row) -> None: ...'
        ),
        "Row.cell: msgspec does not know complex",
    ),
    "an event with a default of another type": (
        (
            '@event("shop.closed", version=1, key="id")  #! type.unusable\n'
            "class Closed(Event):\n    id: str\n    count: int = 'x'\n"
            '@shop.post("/closed")\ndef a(out: Publish[Closed]) -> None: ...'
        ),
        "Closed.count: its default 'x' does not fit",
    ),
    "a docstring with half a character": (
        '@shop.get("/a")  #! type.unusable\ndef a() -> None:\n    "\\ud800"',
        "shop.a: its docstring has no form in JSON",
    ),
    "a parameter with half a character": (
        '@shop.get("/a")  #! type.unusable\ndef a(word: str = "\\ud800") -> None: ...',
        "shop.a: word: its default",
    ),
    "a call with a type that JSON cannot have": (
        (
            "class Row(msgspec.Struct):\n    cell: complex\n"
            '@call("shop.ask")  #! type.unusable\nclass Ask(Call[Row, Account]): ...\n'
            "@shop.answer(Ask)  #! type.unusable\ndef answered(row: Row) -> Account: ...\n"
            '@bank.post("/a")\ndef a(ask: Ask) -> None: ...'
        ),
        "Ask: Row.cell: msgspec does not know complex",
    ),
    "a version that ends": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    n: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0\n"
            '@shop.table("a", key="id", version="n")  #! table.version\nclass A(Table[str, Row, Can]): ...'
        ),
        "without bounds: n: int = 0",
    ),
    "a version of a model that ends": (
        (
            "from pydantic import BaseModel, Field\n"
            "class Row(BaseModel):\n    id: str\n    n: int = Field(default=0, lt=3)\n"
            '@shop.table("a", key="id", version="n")  #! table.version\nclass A(Table[str, Row, Can]): ...'
        ),
        "without bounds: n: int = 0",
    ),
    "a version that cannot be 0": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    n: Annotated[int, msgspec.Meta(ge=1)] = 1\n"
            '@shop.table("a", key="id", version="n")  #! table.version\nclass A(Table[str, Row, Can]): ...'
        ),
        "without bounds: n: int = 0",
    ),
    "a field with the name of the revision": (
        (
            "class Row(msgspec.Struct):\n    id: str\n    n: int = msgspec.field(default=0, name='oort:revision')\n"
            '@shop.table("a", key="id")  #! table.reserved\nclass A(Table[str, Row, Can]): ...'
        ),
        "belong to Oort",
    ),
    "a field with the name of a null mark": (
        (
            "from pydantic import BaseModel, Field\n"
            "class Row(BaseModel):\n    id: str\n    n: int = Field(default=0, serialization_alias='~n')\n"
            '@shop.table("a", key="id")  #! table.reserved\nclass A(Table[str, Row, Can]): ...'
        ),
        "belong to Oort",
    ),
    "an upgrade that leads to another type": (
        (
            "def back(old: Account) -> Opened: ...\n"
            '@shop.table("a", key="id", upgrades=[back])  #! data.upgrade\n'
            "class A(Table[str, Account, Can]): ..."
        ),
        "the upgrade back: it returns Opened, and Account comes next",
    ),
    "an upgrade without types, of a queue": (
        '@shop.queue("a", upgrades=[lambda old: old])  #! data.upgrade queue.worker\nclass A(Queue[Account, Can]): ...',
        "def upgraded(old: ItemV1) -> Item",
    ),
    "upgrades that are no list": (
        (
            "def same(old: Account) -> Account:\n    return old\n"
            '@shop.table("a", key="id", upgrades=same)  #! data.upgrade\n'
            "class A(Table[str, Account, Can]): ...\n"
            '@shop.queue("b", upgrades=None)  #! data.upgrade queue.worker\n'
            "class B(Queue[Account, Can]): ..."
        ),
        "upgrades= takes a list of functions, not same.",
    ),
    "an upgrade that is async": (
        (
            "async def later(old: Account) -> Account:\n    return old\n"
            '@shop.table("a", key="id", upgrades=[later])  #! data.upgrade\n'
            "class A(Table[str, Account, Can]): ..."
        ),
        "the upgrade later: it is an async function, and an upgrade is not awaited.",
    ),
    "an upgrade that is a generator": (
        (
            "def each(old: Account) -> Account:\n    yield old\n"
            '@shop.table("a", key="id", upgrades=[each])  #! data.upgrade\n'
            "class A(Table[str, Account, Can]): ..."
        ),
        "the upgrade each: it is a generator, and an upgrade returns its value.",
    ),
    "an upgrade that is no function": (
        (
            "from functools import partial\ndef same(old: Account) -> Account:\n    return old\n"
            '@shop.table("a", key="id", upgrades=[partial(same)])  #! data.upgrade\n'
            "class A(Table[str, Account, Can]): ..."
        ),
        "it is no function.",
    ),
    "an upgrade that takes its value by name only": (
        (
            "def named(*, old: Account) -> Account:\n    return old\n"
            '@shop.table("a", key="id", upgrades=[named])  #! data.upgrade\n'
            "class A(Table[str, Account, Can]): ..."
        ),
        "an upgrade has one parameter, with its type.",
    ),
    "too many indexes": (
        (
            'Many = type("Many", (Table,), {f"i{n}": Index("country") for n in range(21)})\n'
            "Many.__orig_bases__ = (Table[str, Account, Can],)\n"
            'shop.table("many", key="id")(Many)  #! table.indexes'
        ),
        "DynamoDB allows 20",
    ),
    "an index that is sorted by its partition": (
        (
            '@shop.table("a", key="id")  #! table.indexes\n'
            'class A(Table[str, Account, Can]):\n    twice = Index("country", sort="country")'
        ),
        "is sorted by its partition, country",
    ),
    "an item that is a TypedDict": (
        (
            "from typing import TypedDict\nclass Row(TypedDict):\n    id: str\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...\n'
            '@shop.get("/a")\ndef a(a: A[Get]) -> None: ...'
        ),
        "Store a msgspec.Struct",
    ),
    "an item that is no class, with a handler that uses its table": (
        (
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, dict[str, str], Can]): ...\n'
            '@shop.get("/a")\ndef a(a: A[Get]) -> None: ...'
        ),
        "Store a msgspec.Struct",
    ),
    "a queue of another base, with its worker": (
        (
            '@shop.queue("a")  #! resource.base\nclass A: ...\n'
            "@shop.worker(A)\ndef a(mail: Account) -> None: ..."
        ),
        "Write class A(Queue",
    ),
    "bounds of a Decimal": (
        (
            "from decimal import Decimal\nclass Row(msgspec.Struct):\n    id: str\n"
            "    price: Annotated[Decimal, msgspec.Meta(ge=0)] = Decimal(0)\n"
            '@shop.table("a", key="id")  #! table.item\nclass A(Table[str, Row, Can]): ...'
        ),
        "Can only set `ge` on a numeric type",
    ),
    "a queue without a worker": (
        '@shop.queue("a")  #! queue.worker\nclass A(Queue[Account, Can]): ...',
        "shop.a has no worker",
    ),
    "a queue whose worker belongs to another queue": (
        (
            '@shop.queue("a")\nclass A(Queue[Account, Can]): ...\n'
            '@shop.queue("b")  #! queue.worker\nclass B(Queue[Account, Can]): ...\n'
            "@shop.worker(A)\ndef a(mail: Account) -> None: ..."
        ),
        "@shop.worker(…)",
    ),
    "a queue without attempts": (
        '@shop.queue("a", attempts=0)  #! queue.attempts queue.worker\nclass A(Queue[Account, Can]): ...',
        "1 to 1000",
    ),
    "a subscription with too many attempts": (
        "@shop.on(Opened, attempts=1001)  #! queue.attempts\ndef opened(event: Opened) -> None: ...",
        "1 to 1000",
    ),
    "a batch that is too large": (
        "@shop.worker(Mails, batch=11)  #! queue.batch\ndef mail(mail: Account) -> None: ...",
        "It is 1 to 10",
    ),
    "a queue of what JSON cannot carry": (
        '@shop.queue("a")  #! queue.message queue.worker\nclass A(Queue[Port, Can]): ...',
        "msgspec does not know Port",
    ),
}
