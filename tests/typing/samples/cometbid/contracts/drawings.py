import msgspec
from oort import Event, Open, OpenEnum, event

class Colour(OpenEnum):
    RED = "red"
    BLUE = "blue"
class Circle(msgspec.Struct, tag="circle"):
    radius: int
class Square(msgspec.Struct, tag="square"):
    side: int

@event("drawings.drawn", version=1, key="id")
class Drawn(Event):
    id: str
    colour: Colour                                        # a later version may add values to it,
    shape: Open[Circle | Square]                          # and Structs to this
    under: list[Open[Circle | Square]] = []
    frame: Open[Square] | None = None
