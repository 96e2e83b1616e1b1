"""In which entries of oort.toml each service is declared."""

from pathlib import Path

from oort.app.loading import projects
from tests.unit.delivery.installs import write

HELLO = '@{0}.get("/", public=True)\ndef hello() -> str:\n    return "hello"\n'


def homes(root: Path, entries: list[str], files: dict[str, str]) -> dict[str, tuple[str, ...]]:
    write(root, files | {"oort.toml": f'name = "p"\nservices = {entries}\n'.replace("'", '"')})
    return projects.homes(projects.find(root))


def declare(name: str) -> str:
    return f'from oort import Service\n{name} = Service("{name}")\n'


def test_two_services_may_stand_in_one_module_and_one_in_two(tmp_path: Path) -> None:
    files = {
        "homes_a/__init__.py": declare("first") + declare("second") + HELLO.format("first"),
        "homes_b/__init__.py": "",
        "homes_b/more.py": "from homes_a import second\n" + HELLO.format("second"),
    }
    found = homes(tmp_path, ["homes_a", "homes_b"], files)
    assert found == {"first": ("homes_a",), "second": ("homes_a", "homes_b")}


def test_of_an_entry_inside_another_the_inner_one_counts(tmp_path: Path) -> None:
    files = {
        "homes_c/__init__.py": declare("outer") + HELLO.format("outer"),
        "homes_c/inner/__init__.py": declare("inner") + HELLO.format("inner"),
    }
    assert homes(tmp_path, ["homes_c", "homes_c.inner"], files) == {
        "outer": ("homes_c",),
        "inner": ("homes_c.inner",),
    }


def test_a_service_that_only_modules_elsewhere_declare_is_where_it_stands(tmp_path: Path) -> None:
    files = {
        "homes_shared.py": declare("far") + HELLO.format("far"),
        "homes_d/__init__.py": "from homes_shared import far as far",
    }
    assert homes(tmp_path, ["homes_d"], files) == {"far": ("homes_d",)}
