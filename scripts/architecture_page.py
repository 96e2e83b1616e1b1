"""Keeps docs/explanation/architecture.md true: its picture of the packages, its table of rooms, and the modules it names.

Usage: architecture_page.py [--write]. Without the option it prints what differs and exits 1; with
it, it writes the generated blocks. The blocks are made of the imports and of the first sentence of
each package.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "oort"
PAGE = Path("docs") / "explanation" / "architecture.md"
BLOCK = re.compile(r"<!-- generated: (?P<name>[a-z]+) -->\n.*?<!-- end -->", re.DOTALL)
MODULE = re.compile(r"`((?!tests/)(?:[a-z_]+/)+[a-z_]+\.py)(?:: (\w+)(?:\.(\w+))?)?`")
# From the top of the page to its end, as in the contract `layers` of import-linter.
LAYERS = (
    ("cli",), ("console", "delivery", "testing"), ("engine", "aws"), ("runtime", "cloudformation"),
    ("app",), ("ports",), ("rules",), ("model",),
)  # fmt: skip


@cache
def imported(path: Path) -> frozenset[str]:
    """The packages of Oort, directly under `oort`, that a module imports."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [node.module]
                if node.module != "oort"
                else [f"oort.{alias.name}" for alias in node.names]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("oort."))


def arrows() -> set[tuple[str, str]]:
    """The imports between packages."""
    packages = {package for layer in LAYERS for package in layer}
    return {
        (package, target)
        for package in packages
        for path in (SOURCE / package).rglob("*.py")
        for target in imported(path)
        if target in packages and target != package
    }


def needed(edges: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The arrows without those that follow from others, in the order of the layers."""
    below: dict[str, set[str]] = defaultdict(set)
    for source, target in edges:
        below[source].add(target)

    def reached(source: str) -> set[str]:
        return {far for near in below[source] for far in {*below[near], *reached(near)}}

    order = [package for layer in LAYERS for package in layer]
    kept = [(source, target) for source, target in edges if target not in reached(source)]
    return sorted(kept, key=lambda edge: (order.index(edge[0]), order.index(edge[1])))


def packages_block() -> str:
    """The packages as a Mermaid graph; an arrow that follows from others is left out."""
    lines = ["```mermaid", "flowchart TD"]
    for number, layer in enumerate(LAYERS):
        lines.append(f"  subgraph layer{number} [ ]")
        lines += [f"    {package}" for package in layer]
        lines.append("  end")
    lines += [f"  {source} --> {target}" for source, target in needed(arrows())]
    return "\n".join([*lines, "```"])


def summary(package: Path) -> str:
    """The first sentence of a package's docstring."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=\.)\s", text.replace("\n", " "))[0]


def rooms_block() -> str:
    """Each folder with its number of modules and its subject."""
    rows = ["| folder | modules | subject |", "| --- | ---: | --- |"]
    for layer in LAYERS:
        for package in layer:
            for folder in sorted({path.parent for path in (SOURCE / package).rglob("*.py")}):
                modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
                rows.append(
                    f"| `{folder.relative_to(SOURCE)}` | {len(modules)} | {summary(folder)} |"
                )
    return "\n".join(rows)


BLOCKS = {"packages": packages_block, "rooms": rooms_block}


def renewed(page: str) -> str:
    """The page with its generated blocks as they are now."""
    return BLOCK.sub(
        lambda match: (
            f"<!-- generated: {match['name']} -->\n{BLOCKS[match['name']]()}\n<!-- end -->"
        ),
        page,
    )


def dead_names(page: str) -> list[str]:
    """Modules, classes and methods that the page names and the source does not have."""
    faults: list[str] = []
    for path, name, member in MODULE.findall(page):
        if not (SOURCE / path).exists():
            faults.append(f"{PAGE} names {path}, which does not exist")
        elif name and not defines((SOURCE / path).read_text(encoding="utf-8"), name, member):
            faults.append(
                f"{PAGE} names {name}{'.' if member else ''}{member} in {path}, which does not exist"
            )
    return faults


def defines(source: str, name: str, member: str) -> bool:
    """Tell if a module defines the name, and in it the member."""
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == name
        ):
            inside = {getattr(part, "name", "") for part in getattr(node, "body", [])}
            return not member or member in inside
    return False


def main(arguments: list[str]) -> int:
    """Compare, or write."""
    path = ROOT / PAGE
    page = path.read_text(encoding="utf-8")
    if arguments == ["--write"]:
        page = renewed(page)
        path.write_text(page, encoding="utf-8")
    faults = dead_names(page)
    if page != renewed(page):
        faults.append(
            f"{PAGE} shows an old picture or table: run scripts/architecture_page.py --write"
        )
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print("the page on the architecture is in step")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
