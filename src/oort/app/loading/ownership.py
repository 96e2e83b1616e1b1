"""Ownership: handlers use only resources of their own service, and publish only its events."""

import ast
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from oort.app.declaring.parameters import (
    HandleParameter,
    ProvidedParameter,
    PublishParameter,
    Signature,
)
from oort.app.declaring.services import Service
from oort.app.declaring.signatures import Reader
from oort.app.programs import Provider
from oort.model.errors import Mistake, Source


def parameters(service: str, reader: Reader, signature: Signature) -> list[Mistake]:
    """Return the mistakes of handles and events that belong to other services."""
    mistakes: list[Mistake] = []
    for parameter in signature.parameters:
        if isinstance(parameter, HandleParameter):
            owner = parameter.model.service
            if owner != service:
                what = (
                    f"{reader.name}: {parameter.resource.__name__} belongs to the service {owner}."
                )
                mistakes.append(
                    Mistake(
                        reader.source,
                        "ownership.handle",
                        what,
                        f"Use an event or a declared call of the service {owner}.",
                    )
                )
        elif isinstance(parameter, PublishParameter):
            for event in parameter.events:
                model = event.__oort__.model
                if model.service != service:
                    what = (
                        f"{reader.name}: only the service {model.service} publishes {model.name}."
                    )
                    mistakes.append(
                        Mistake(
                            reader.source,
                            "ownership.event",
                            what,
                            f"Publish an event of your own: {service}.…",
                        )
                    )
    return mistakes


def cycles(service: Service, providers: Mapping[object, Provider]) -> list[Mistake]:
    """Return the providers that need each other."""
    mistakes: list[Mistake] = []
    for start in providers:
        pending, seen = [start], set[object]()
        while pending:
            needed = providers[pending.pop()].signature.parameters
            for kind in (
                parameter.kind for parameter in needed if isinstance(parameter, ProvidedParameter)
            ):
                if kind == start:
                    title = getattr(start, "__name__", start)
                    what = f"The provider of {title} needs {title}: a cycle of providers."
                    mistakes.append(
                        Mistake(
                            service.declared.source,
                            "provider.cycle",
                            what,
                            "Remove the provider's parameter that leads back to it.",
                        )
                    )
                elif kind not in seen and kind in providers:
                    seen.add(kind)
                    pending.append(kind)
    return mistakes


def imports(services: Sequence[Service]) -> list[Mistake]:
    """Return the modules that import a module of another service.

    A service may import only the contracts of another service.
    """
    users = Counter(module for service in services for module in service.declared.modules)
    owners = {
        module: service.name
        for service in services
        for module in service.declared.modules
        if users[module] == 1
    }
    if len(set(owners.values())) < 2:
        return []
    mistakes: list[Mistake] = []
    for module, owner in sorted(owners.items()):
        path = getattr(sys.modules.get(module), "__file__", None)
        if path is None:
            continue
        for name, line in _imported(Path(path), module):
            imported_owner = owners.get(name, owner)
            if imported_owner != owner:
                what = (
                    f"{module} of the service {owner} "
                    f"imports {name} of the service {imported_owner}."
                )
                mistakes.append(
                    Mistake(
                        Source(path, line),
                        "ownership.import",
                        what,
                        f"Import only the contracts of {imported_owner}.",
                    )
                )
    return mistakes


def _imported(path: Path, module: str) -> Iterator[tuple[str, int]]:
    """Yield the modules that a file imports, with the line.

    `from a import b` is `a.b` if that is a module, otherwise `a`.
    """
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    status = path.stat()
    for statement in _statements(path, (status.st_mtime_ns, status.st_size, status.st_ino)):
        base = statement.base
        if base is None:
            yield from ((name, statement.line) for name in statement.names)
            continue
        if base.startswith("."):
            base = importlib.util.resolve_name(base, package)
        inner = [f"{base}.{name}" for name in statement.names]
        yield from {
            (candidate if candidate in sys.modules else base, statement.line) for candidate in inner
        }


class _Statement(NamedTuple):
    """An import: the names after `import`, and the module after `from`, with its dots."""

    base: str | None
    names: tuple[str, ...]
    line: int


@lru_cache(maxsize=1024)
def _statements(path: Path, _state: tuple[int, int, int]) -> tuple[_Statement, ...]:
    """Return the imports of a file. They are kept for as long as the file has this state.

    A test suite loads a platform for each test, and parsing was a third of that.
    """
    found: list[_Statement] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            base = (
                "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else None
            )
            found.append(_Statement(base, tuple(alias.name for alias in node.names), node.lineno))
    return tuple(found)
