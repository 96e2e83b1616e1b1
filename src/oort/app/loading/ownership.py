"""Who may touch what: a service's handlers hold handles of its own resources only, and publish its own events only."""

import ast
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from oort.app.declaring.parameters import (
    HandleParameter,
    ProvidedParameter,
    PublishParameter,
    Signature,
)
from oort.app.declaring.services import Service
from oort.app.declaring.signatures import Reader
from oort.app.programs import Provider
from oort.model.sources import Mistake, Source


def parameters(service: str, reader: Reader, signature: Signature) -> list[Mistake]:
    """Handles of other services' resources, and events of other services."""
    found: list[Mistake] = []
    for parameter in signature.parameters:
        if isinstance(parameter, HandleParameter):
            owner = parameter.model.service
            if owner != service:
                what = (
                    f"{reader.name}: {parameter.resource.__name__} belongs to the service {owner}."
                )
                found.append(
                    Mistake(
                        reader.source,
                        "ownership.handle",
                        what,
                        "Ask that service: by an event, or a declared call.",
                    )
                )
        elif isinstance(parameter, PublishParameter):
            for event in parameter.events:
                model = event.__oort__.model
                if model.service != service:
                    what = (
                        f"{reader.name}: only the service {model.service} publishes {model.name}."
                    )
                    found.append(
                        Mistake(
                            reader.source,
                            "ownership.event",
                            what,
                            f"Publish an event of your own: {service}.…",
                        )
                    )
    return found


def cycles(service: Service, providers: Mapping[object, Provider]) -> list[Mistake]:
    """Providers that need each other."""
    found: list[Mistake] = []
    for start in providers:
        rest, seen = [start], set[object]()
        while rest:
            needed = providers[rest.pop()].signature.parameters
            for kind in (one.kind for one in needed if isinstance(one, ProvidedParameter)):
                if kind == start:
                    title = getattr(start, "__name__", start)
                    what = f"The provider of {title} needs {title} itself."
                    found.append(
                        Mistake(
                            service.declared.source, "provider.cycle", what, "Break the circle."
                        )
                    )
                elif kind not in seen and kind in providers:
                    seen.add(kind)
                    rest.append(kind)
    return found


def imports(services: Sequence[Service]) -> list[Mistake]:
    """Modules of one service that import a module of another. Its contracts are the only door."""
    users = Counter(module for service in services for module in service.declared.modules)
    owners = {
        one: service.name
        for service in services
        for one in service.declared.modules
        if users[one] == 1
    }
    found: list[Mistake] = []
    for module, owner in sorted(owners.items()):
        path = getattr(sys.modules.get(module), "__file__", None)
        if path is None:
            continue
        for name, line in _imported(Path(path), module):
            other = owners.get(name, owner)
            if other != owner:
                what = f"{module} of the service {owner} imports {name} of the service {other}."
                found.append(
                    Mistake(
                        Source(path, line),
                        "ownership.import",
                        what,
                        f"Import the contracts of {other} and nothing else of it.",
                    )
                )
    return found


def _imported(path: Path, module: str) -> Iterator[tuple[str, int]]:
    """The modules that a file imports, with the line; `from a import b` is `a.b` if that is a module, otherwise `a`."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = (
                importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                if node.level
                else node.module or ""
            )
            inner = [f"{name}.{alias.name}" for alias in node.names]
            yield from {(one if one in sys.modules else name, node.lineno) for one in inner}
