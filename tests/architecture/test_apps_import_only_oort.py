"""Business code contains nothing of a cloud: an app imports the standard library, oort, msgspec and itself."""

import sys

from tests.architecture.source_tree import Module, app_modules, imports

FRAMEWORK = frozenset({"oort", "msgspec"})


def own_packages() -> frozenset[str]:
    """The top-level packages of the apps."""
    return frozenset(module.name.partition(".")[0] for module in app_modules())


def origins(module: Module) -> set[str]:
    """The top-level packages that a module imports from."""
    return {origin.partition(".")[0] for origin, _, _ in imports(module)}


def is_contract(module: Module) -> bool:
    return "contracts" in module.name.split(".")


def test_an_app_imports_only_oort_and_itself() -> None:
    allowed = FRAMEWORK | own_packages() | sys.stdlib_module_names
    strangers = {
        str(module): found for module in app_modules() if (found := origins(module) - allowed)
    }
    assert strangers == {}


def test_an_app_uses_only_the_public_names() -> None:
    """`oort` itself and, in tests, `oort.testing`: nothing from the rooms behind the front door."""
    behind = {
        f"{module}:{line} {origin}"
        for module in app_modules()
        for origin, _, line in imports(module)
        if origin.startswith("oort.") and origin != "oort.testing"
    }
    assert behind == set()


def test_a_contract_imports_only_oort_msgspec_and_the_standard_library() -> None:
    contracts = [module for module in app_modules() if is_contract(module)]
    assert contracts
    allowed = FRAMEWORK | {
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "typing",
        "uuid",
    }
    own_contracts = {module.name for module in contracts}
    strangers = {
        (str(module), origin)
        for module in contracts
        for origin, _, _ in imports(module)
        if origin.partition(".")[0] not in allowed and origin not in own_contracts
    }
    assert strangers == set()


def test_a_service_imports_nothing_of_another_but_its_contracts() -> None:
    """Services of one app stand beside each other as packages: `cometbid.accounts` may not import `cometbid.email`."""
    crossing = {
        f"{module}:{line} {origin}"
        for module in app_modules()
        for origin, name, line in imports(module)
        if crosses(module.name, origin, name)
    }
    assert crossing == set()


def crosses(importer: str, origin: str, name: str | None) -> bool:
    """Whether ``importer`` reaches into a neighbour of its own app that is not the contracts package."""
    here, there = importer.split("."), [*origin.split("."), *([name] if name else [])]
    if (
        len(here) < 2 or len(there) < 2 or here[0] != there[0]
    ):  # the app's own top level, or another package
        return False
    return there[1] not in {here[1], "contracts"}


def test_a_crossing_would_be_found() -> None:
    assert crosses("comet.accounts.http", "comet.email", "service")
    assert crosses("comet.accounts.http", "comet", "email")
    assert not crosses("comet.accounts.http", "comet.contracts.accounts", "SignedUp")
    assert not crosses("comet.accounts.http", "comet.accounts.store", "People")
    assert not crosses("comet.accounts.http", "msgspec", "Struct")
