from typing import assert_never, assert_type
from cometbid.contracts.drawings import Circle, Colour, Drawn, Square
from oort import Json, Publish, Service, Unknown

drawings = Service("drawings")

@drawings.on(Drawn)
def look(event: Drawn) -> None:
    assert_type(event.shape, Circle | Square | Unknown)
    assert_type(event.under, list[Circle | Square | Unknown])
    assert_type(event.frame, Square | Unknown | None)
    assert_type(event.colour.known, bool)
    area(event.shape)
def area(shape: Circle | Square | Unknown) -> int:
    match shape:
        case Circle(radius):
            return 3 * radius * radius
        case Square(side=side):
            return side * side
        case Unknown(tag, data):
            assert_type(data, dict[str, Json])
            return len(tag)
        case _:
            assert_never(shape)
def shown(colour: Colour) -> str:
    return colour.name.lower() if colour.known else f"a colour called {colour}"
@drawings.post("/", status=201)
def draw(body: Square, out: Publish[Drawn]) -> None:
    out.publish(Drawn(id="1", colour=Colour.RED, shape=body, under=[Circle(1), body], frame=body))
    out.publish(Drawn(id="2", colour=Colour("blue"), shape=Unknown("star", {"type": "star", "points": 5})))  # refused when run
