"""The files that `oort new` writes: a service with a table and two routes, its test, and settings for tools and editors.

`files` fills in the name. What it returns is formatted, typed strictly and tested; tests/unit/cli/test_new.py holds that.
"""

from collections.abc import Mapping

_PROJECT = """\
name = "@name@"
services = ["@module@"]
"""

_SERVICE = '''\
"""The service @name@: it greets people, and remembers every greeting."""

from typing import Annotated

import msgspec
from msgspec import Meta
from oort import Can, Context, Get, NotFound, Page, Put, Scan, Service, Table

@module@ = Service("@name@")


class NewGreeting(msgspec.Struct):
    """Whom to greet."""

    name: Annotated[str, Meta(min_length=1, max_length=100, examples=["Ada"])]


class Greeting(msgspec.Struct):
    """What was said, and to whom."""

    id: str
    name: str
    text: str


@@module@.table("greetings", key="id")
class Greetings(Table[str, Greeting, Can]):
    """Every greeting."""


@@module@.post("/", status=201, public=True)
def say_hello(body: NewGreeting, ctx: Context, greetings: Greetings[Put]) -> Greeting:
    """Greet somebody."""
    greeting = Greeting(id=ctx.message_id, name=body.name, text=f"Hello, {body.name}!")
    greetings.put(greeting)
    return greeting


@@module@.get("/", public=True)
def list_greetings(greetings: Greetings[Scan], cursor: str | None = None) -> Page[Greeting]:
    """List the greetings."""
    return greetings.scan(after=cursor)


@@module@.get("/{id}", public=True, raises=[NotFound])
def show_greeting(id: str, greetings: Greetings[Get]) -> Greeting:
    """Show one greeting."""
    return greetings.require(id)
'''

_TEST = '''\
"""The whole platform in memory: `platform` comes with Oort's pytest plugin and runs the services in oort.toml."""

from oort.testing import Platform

from @module@ import Greeting


def test_who_is_greeted_can_be_looked_up(platform: Platform) -> None:
    reply = platform.post("/@name@", {"name": "Ada"})
    assert reply.status == 201
    greeting = reply.into(Greeting)
    assert greeting.text == "Hello, Ada!"
    assert platform.get(f"/@name@/{greeting.id}").into(Greeting) == greeting


def test_a_greeting_needs_a_name(platform: Platform) -> None:
    assert platform.post("/@name@", {"name": ""}).status == 400
    assert platform.get("/@name@").json() == {"items": [], "next": None}
'''

_PYPROJECT = """\
[project]
name = "@name@"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["oortcloud"]

[dependency-groups]
dev = ["pytest", "ruff", "mypy"]

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]

[tool.ruff]
line-length = 120

[tool.ruff.lint]
extend-select = ["B", "I", "RUF", "UP"]
# These rules move an import that only annotations use under `if TYPE_CHECKING:`. Oort reads the annotations of handlers
# when the program starts, so the names must be there at run time.
ignore = ["TC001", "TC002", "TC003"]

[tool.ruff.lint.isort]
known-first-party = ["@module@"]

[tool.mypy]
strict = true
"""

_GITIGNORE = """\
.oort/
.venv/
__pycache__/
.mypy_cache/
.pytest_cache/
.ruff_cache/
"""

_LAUNCH = """\
{
  "version": "0.2.0",
  "configurations": [
    {
      // One handler at a time, so that a breakpoint stops everything; restart it to take up changes.
      "name": "oort dev",
      "type": "debugpy",
      "request": "launch",
      "module": "oort.cli",
      "args": ["dev", "--inline", "--no-reload"],
      "cwd": "${workspaceFolder}",
      "console": "integratedTerminal",
      "justMyCode": true
    },
    {
      "name": "tests",
      "type": "debugpy",
      "request": "launch",
      "module": "pytest",
      "cwd": "${workspaceFolder}",
      "console": "integratedTerminal",
      "justMyCode": true
    }
  ]
}
"""

_SETTINGS = """\
{
  "python.testing.pytestEnabled": true,
  "python.analysis.typeCheckingMode": "strict",
  "[python]": {
    "editor.defaultFormatter": "charliermarsh.ruff",
    "editor.formatOnSave": true
  },
  "files.exclude": { "**/.oort": true, "**/__pycache__": true }
}
"""


def module(name: str) -> str:
    """The Python module of a service."""
    return name.replace("-", "_")


def files(name: str) -> Mapping[str, str]:
    """The text of each file, by its path in the new folder."""
    texts = {
        "oort.toml": _PROJECT,
        f"{module(name)}.py": _SERVICE,
        f"tests/test_{module(name)}.py": _TEST,
        "pyproject.toml": _PYPROJECT,
        ".gitignore": _GITIGNORE,
        ".vscode/launch.json": _LAUNCH,
        ".vscode/settings.json": _SETTINGS,
    }
    return {
        path: text.replace("@name@", name).replace("@module@", module(name))
        for path, text in texts.items()
    }
