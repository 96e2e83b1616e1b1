"""Pages of `oort dev` beside the routes: the API document, and the explorer."""

from collections.abc import Callable

from oort.app.documents import openapi
from oort.app.programs import Program
from oort.console import explorer
from oort.model.errors import InvalidProgram
from oort.model.http import PREFIX, FixedPage

DOCUMENT = f"{PREFIX}openapi.json"
EXPLORER = f"{PREFIX}explorer"


def of(program: Program, *, place: str, say: Callable[[str], None]) -> dict[str, FixedPage]:
    """Return the pages by path. `place` holds the options that other commands need to find the
    platform.

    A program with a type that has no JSON Schema gets no pages; `say` prints the reason.
    """
    try:
        document = openapi.encoded(program)
    except InvalidProgram as error:
        say(f"There is no API document. {error}")
        return {}
    return {
        DOCUMENT: FixedPage("application/json", document),
        EXPLORER: explorer.page(document, title=program.model.name, place=place),
    }
