"""P27: a mistake is found before anything runs, all at once, each with file, line, what is wrong and what to write instead.

The cases stand in `mistakes.py`; what needs more than one file stands here.
"""

import ast
import re
from pathlib import Path

import pytest

from oort.app.loading.projects import find
from oort.model.errors import InvalidProject
from tests.scenarios import mistakes, mistakes_of_resources
from tests.scenarios.mistakes import CASES
from tests.unit.app.written import Written, written

SRC = Path(__file__).parents[2] / "src" / "oort" / "app"


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_names_its_line_and_says_what_to_write(case: str, tmp_path: Path) -> None:
    text, sentence = CASES[case]
    with written(tmp_path, {"shop.py": mistakes.program(text)}) as platform:
        assert platform.found() == platform.marked()
        said = [str(mistake) for mistake in platform.mistakes()]
        assert any(sentence in one for one in said), said


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_says_in_sentences_what_and_what_instead(case: str, tmp_path: Path) -> None:
    with written(tmp_path, {"shop.py": mistakes.program(CASES[case][0])}) as platform:
        for mistake in platform.mistakes():
            assert re.fullmatch(r"\S.*[.…]", mistake.what, re.DOTALL), mistake.what
            assert re.fullmatch(r"\S.{8,}[.…]", mistake.instead, re.DOTALL), mistake.instead
            assert str(mistake).startswith(f"{mistake.source.file}:{mistake.source.line}: ")


def test_a_program_without_mistakes_loads(tmp_path: Path) -> None:
    text = '@shop.get("/{id}")\ndef show(id: str, people: People[Get]) -> Account:\n    return people.require(id)'
    with written(tmp_path, {"shop.py": mistakes.program(text)}) as platform:
        program = platform.load()
        assert program.model.name == "written"
        assert set(program.functions) == {"shop.show", "shop.take_shop", "bank.take_bank"}


def test_all_mistakes_are_reported_at_once_over_all_modules(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": mistakes.program(""),
        "shop/a.py": 'from HERE.shop import *\n@shop.get("/a")  #! signature.untyped\ndef a(x) -> None: ...\n',
        "shop/b.py": 'from HERE.shop import *\n@shop.get("b")  #! route.path\ndef b() -> None: ...\n',
        "bank/__init__.py": 'from oort import Service\nbank = Service("Two")  #! service.name\n',
    }
    with written(tmp_path, files, services=("shop", "bank")) as platform:
        assert platform.found() == platform.marked()


def test_all_modules_that_cannot_be_imported_are_reported_at_once(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": 'from oort import Service\nshop = Service("shop")\n',
        "shop/a.py": "import nowhere_at_all  #! import.failed\n",
        "shop/b/__init__.py": "def (  #! import.syntax\n",
        "shop/c.py": "from HERE.shop import a\n",  # the same mistake again, and said once
        "bank.py": "raise RuntimeError('no config')  #! import.failed\n",
    }
    with written(tmp_path, files, services=("shop", "bank")) as platform:
        assert platform.found() == platform.marked()


def test_a_merge_that_is_not_resolved_is_named(tmp_path: Path) -> None:
    text = "a = 1\n<<<<<<< HEAD  #! import.syntax\nb = 1\n=======\nb = 2\n>>>>>>> other\n"
    with written(tmp_path, {"shop.py": text}) as platform:
        assert platform.found() == platform.marked()
        assert "A mark of a merge conflict stands here." in str(platform.mistakes()[0])


def test_providers_that_need_each_other_are_a_mistake_of_their_service(tmp_path: Path) -> None:
    text = mistakes.program("").replace(
        'shop = Service("shop")', 'shop = Service("shop")  #! provider.cycle provider.cycle'
    )
    text += "class Other: ...\n@shop.provide\ndef one(other: Other) -> Port: ...\n@shop.provide\ndef two(port: Port) -> Other: ...\n"
    with written(tmp_path, {"shop.py": text}) as platform:
        assert platform.found() == platform.marked()
        assert "needs Port: a cycle of providers" in str(platform.mistakes()[-1]) + str(
            platform.mistakes()[0]
        )


NEIGHBOURS = {
    "contracts.py": "",
    "shop/__init__.py": "",
    "shop/service.py": 'from oort import Service\nshop = Service("shop")\n@shop.get("/")\ndef show() -> None: ...\n',
    "shop/prices.py": "VAT = 25\n",  # declares nothing, and is the shop's own all the same
    "shop/contracts.py": "CURRENCY = 'NOK'\n",
    "bank/__init__.py": "",
}
BANK = 'from oort import Service\nbank = Service("bank")\n@bank.get("/")\ndef show() -> None: ...\n'


@pytest.mark.parametrize(
    "line",
    [
        "from HERE.shop.service import show as other",
        "from HERE.shop import service",
        "import HERE.shop.service",
        "from ..shop import prices",
        "from HERE.shop.prices import VAT",
        "import HERE.shop",
    ],
)
def test_a_service_imports_nothing_of_another(tmp_path: Path, line: str) -> None:
    files = {**NEIGHBOURS, "bank/service.py": f"{line}  #! ownership.import\n{BANK}"}
    with written(tmp_path, files, services=("shop", "bank")) as platform:
        assert platform.found() == platform.marked()
        assert "Import only the contracts of shop." in str(platform.mistakes()[0])


def test_an_import_for_type_checkers_or_inside_a_function_counts_too(tmp_path: Path) -> None:
    text = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import HERE.shop.prices  #! ownership.import\n"
        f"def later() -> None:\n    from HERE.shop import service  #! ownership.import\n{BANK}"
    )
    with written(
        tmp_path, {**NEIGHBOURS, "bank/service.py": text}, services=("shop", "bank")
    ) as platform:
        assert platform.found() == platform.marked()


@pytest.mark.parametrize(
    "line", ["from HERE.shop import contracts", "from HERE.shop.contracts import CURRENCY"]
)
def test_contracts_are_the_door(tmp_path: Path, line: str) -> None:
    files = {
        **NEIGHBOURS,
        "bank/service.py": f"{line}\nfrom HERE import contracts as shared\n{BANK}",
    }
    with written(tmp_path, files, services=("shop", "bank")) as platform:
        assert set(platform.load().functions) == {"shop.show", "bank.show"}


# -- oort.toml


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "cannot be read: Invalid value"),
        (
            'name = "a"\nservices = ["b"]\nport = 80\n',
            "'port' is not a setting. The settings are: name, policies, services, stages.",
        ),
        ('services = ["b"]', 'name is missing or not text. Write name = "shop".'),
        ('name = ""\nservices = ["b"]', "name is missing"),
        ('name = 5\nservices = ["b"]', "name is missing or not text"),
        ('name = "a"', 'Write services = ["shop.orders", "shop.billing"].'),
        ('name = "a"\nservices = []', "services is missing"),
        ('name = "a"\nservices = "b"', "services is missing or not a list"),
        ('name = "a"\nservices = ["b", 5]', "not a list of modules"),
        ('name = "a"\nservices = [""]', "not a list of modules"),
        ('name = "a"\nservices = [".b"]', "not a list of modules"),
        ('name = "\ud7ff"\nservices = "\x00"', "cannot be read"),
    ],
)
def test_an_oort_toml_that_cannot_be_used_says_why(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with written(tmp_path, {"oort.toml": text}) as platform:
        with pytest.raises(InvalidProject, match=re.escape(sentence)) as caught:
            _ = platform.project
        assert str(platform.folder / "oort.toml") in str(caught.value)


def test_a_folder_without_oort_toml_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidProject,
        match=r"There is no oort.toml in .*\. Name the platform's folder, as PATH or after -C",
    ):
        find(tmp_path)
    (tmp_path / "oort.toml").mkdir()
    with pytest.raises(InvalidProject, match="cannot be read"):
        find(tmp_path)


def test_without_an_oort_toml_those_below_are_named_if_they_are_few(tmp_path: Path) -> None:
    for name in ("apps/one", "two", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "oort.toml").touch()
    with pytest.raises(InvalidProject) as refused:
        find(tmp_path)
    assert refused.value.instead.endswith(
        f" Below it: {tmp_path / 'apps/one'}, {tmp_path / 'two'}."
    )
    for number in range(5):
        (tmp_path / f"more{number}").mkdir()
        (tmp_path / f"more{number}" / "oort.toml").touch()
    with pytest.raises(InvalidProject) as refused:
        find(tmp_path)
    assert refused.value.instead == "Name the platform's folder, as PATH or after -C."


def test_a_module_that_does_not_exist_says_where_imports_start(tmp_path: Path) -> None:
    with (
        written(tmp_path, {}, services=("nowhere",)) as platform,
        pytest.raises(InvalidProject) as caught,
    ):
        platform.load()
    assert (
        f"the module {platform.name}.nowhere does not exist. Imports start from {tmp_path}."
        in str(caught.value)
    )


def test_a_platform_without_a_service_says_how_to_make_one(tmp_path: Path) -> None:
    with (
        written(tmp_path, {"shop.py": ""}) as platform,
        pytest.raises(InvalidProject, match=r"orders = Service\("),
    ):
        platform.load()


# -- the list above is whole


def codes_in(source: str) -> set[str]:
    """The codes of every Mistake that a module can make."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(
            node.func, "id", getattr(node.func, "attr", "")
        ) in (
            "Mistake",
            "_mistake",
            "mistake",
            "refuse",
        ):
            texts = [
                one.value
                for one in node.args
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            found.update(text for text in texts if re.fullmatch(r"[a-z]+\.[a-z-]+", text))
    return found


def test_every_code_of_the_loader_has_a_case() -> None:
    later = {
        "data_contracts.py",
        "declared_contracts.py",
        "exports.py",
        "openapi.py",
    }  # they speak when a document or a lock file is made
    modules = [path for path in SRC.rglob("*.py") if path.name not in later]
    known = set().union(*(codes_in(path.read_text(encoding="utf-8")) for path in modules))
    shown = "".join(
        Path(file).read_text(encoding="utf-8")
        for file in (__file__, mistakes.__file__, mistakes_of_resources.__file__)
    )
    assert len(known) > 40
    assert (
        sorted(code for code in known if f"#! {code}" not in shown and f" {code}" not in shown)
        == []
    )


def test_a_written_platform_marks_what_it_expects(tmp_path: Path) -> None:
    with written(tmp_path, {"shop.py": "x = 1\ny = 2  #! a.b c.d-e\n"}) as platform:
        assert isinstance(platform, Written)
        assert platform.marked() == [("shop.py", 2, "a.b"), ("shop.py", 2, "c.d-e")]
