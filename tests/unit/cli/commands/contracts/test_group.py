"""`oort contracts compare`: verdicts as text, JSON and exit codes, and what it refuses to read."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.shops import run

TEXT = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}}
SHORT = {"type": "object", "properties": {"a": {"type": "string"}}}
ELSEWHERE = {"$ref": "https://example.com/other.json"}


def files(folder: Path, *schemas: object) -> list[Path]:
    paths = [folder / f"{number}.json" for number in range(len(schemas))]
    for path, schema in zip(paths, schemas, strict=True):
        path.write_text(json.dumps(schema))
    return paths


def test_yes(tmp_path: Path) -> None:
    result = run("contracts", "compare", *files(tmp_path, SHORT, TEXT))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "yes (backward)"
    assert "Place" not in result.stdout


def test_no_shows_a_document_and_the_place(tmp_path: Path) -> None:
    result = run("contracts", "compare", *files(tmp_path, TEXT, SHORT))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "no (backward)"
    assert lines[2:4] == [
        "Place: /properties/a/type",
        'Witness, valid under OLD and refused by NEW: {"a": null}',
    ]
    assert "new version" in lines[4]


def test_unknown_is_a_third_exit_code(tmp_path: Path) -> None:
    result = run("contracts", "compare", *files(tmp_path, TEXT, ELSEWHERE))
    assert result.exit_code == 2
    assert result.stdout.splitlines()[2] == "Place: the whole schema"
    assert "Witness" not in result.stdout


def test_json(tmp_path: Path) -> None:
    paths = files(tmp_path, TEXT, SHORT)
    found = json.loads(run("contracts", "compare", *paths, "--mode", "full", "--json").stdout)
    assert list(found) == ["verdict", "mode", "witness", "path", "reason"]
    assert (found["verdict"], found["mode"], found["witness"]) == ("no", "full", {"a": None})
    forward = run("contracts", "compare", *paths, "--mode", "forward", "--json")
    assert (forward.exit_code, json.loads(forward.stdout)["witness"]) == (0, None)


def test_as_is_leaves_out_the_rule_for_writers_and_readers(tmp_path: Path) -> None:
    more = {
        "type": "object",
        "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "integer"}},
    }
    paths = files(tmp_path, TEXT, more)
    assert run("contracts", "compare", *paths).exit_code == 0
    assert run("contracts", "compare", *paths, "--as-is").exit_code == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "NaN", '"x"', '{"minimum": Infinity}', "[" * 100_000]
)
def test_what_is_no_schema_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (path,) = files(tmp_path, TEXT)
    broken = tmp_path / "broken.json"
    broken.write_text(text)
    result = run("contracts", "compare", path, broken)
    assert result.exit_code == 64
    assert "broken.json" in result.stderr
    assert result.stdout == ""


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    result = run("contracts", "compare", tmp_path / "no.json", tmp_path / "no.json")
    assert result.exit_code == 64
    assert "No such file" in result.stderr
