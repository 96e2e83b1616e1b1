"""`oort synth`: which files it writes, what it prints, and how it refuses."""

import json
from pathlib import Path

from tests.templates.reading import environment
from tests.unit.cli.shops import run, shop


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_it_writes_a_template_for_each_service_and_those_that_are_shared(tmp_path: Path) -> None:
    result = run("synth", "-C", shop(tmp_path), "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert names(tmp_path / "out") == [
        "assets.template.json",
        "orders.template.json",
        "platform.template.json",
    ]
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["TEMPLATE", "STACK", "RESOURCES", "BYTES"]
    assert [line.split()[1] for line in lines[1:]] == [
        "shop-prod",
        "shop-prod--assets",
        "shop-prod-orders",
    ]


def test_naming_services_writes_only_theirs(tmp_path: Path) -> None:
    assert run("synth", "orders", "-C", shop(tmp_path), "--out", tmp_path / "out").exit_code == 0
    assert names(tmp_path / "out") == ["orders.template.json"]


def test_the_stage_is_part_of_every_name(tmp_path: Path) -> None:
    result = run(
        "synth", "-C", shop(tmp_path), "--out", tmp_path / "out", "--stage", "ada", "--json"
    )
    found = json.loads(result.stdout)
    assert [one["stack"] for one in found] == ["shop-ada", "shop-ada--assets", "shop-ada-orders"]
    for one in found:
        data = (tmp_path / "out" / one["template"]).read_bytes()
        assert (one["bytes"], one["resources"]) == (len(data), len(json.loads(data)["Resources"]))
    function = json.loads((tmp_path / "out" / "orders.template.json").read_text())["Resources"][
        "FunctionPlace"
    ]
    found = environment(function["Properties"])
    assert found.stage == "ada"
    assert found.packages[0].endswith(".orders")


def test_the_same_program_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    for out in ("a", "b"):
        run("synth", "-C", folder, "--out", tmp_path / out)
    assert all(
        (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        for name in names(tmp_path / "a")
    )


def test_other_code_is_another_package(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("synth", "-C", folder, "--out", tmp_path / "a")
    (folder / "orders.py").write_text((folder / "orders.py").read_text() + "\n# more\n")
    run("synth", "-C", folder, "--out", tmp_path / "b")
    first, second = ((tmp_path / out / "orders.template.json").read_bytes() for out in ("a", "b"))
    assert first != second


def test_an_unknown_service_and_an_impossible_stage_are_usage_errors(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    unknown = run("synth", "order", "-C", folder, "--out", tmp_path / "out")
    assert unknown.exit_code == 64
    assert "There is no service order. Did you mean orders?" in unknown.stderr
    stage = run("synth", "-C", folder, "--out", tmp_path / "out", "--stage", "Not-A-Stage")
    assert stage.exit_code == 64
    assert "'Not-A-Stage' is not a stage's name" in stage.stderr
    assert not (tmp_path / "out").exists()


def test_a_service_with_the_name_of_a_shared_template_is_refused(tmp_path: Path) -> None:
    source = 'from oort import Service\n\nplatform = Service("platform")\n\n\n@platform.get("/")\ndef show() -> int:\n    return 1\n'
    result = run("synth", "-C", shop(tmp_path, source), "--out", tmp_path / "out")
    assert result.exit_code == 64
    assert "Rename the service" in result.stderr


def test_what_aws_cannot_do_is_said_with_its_place(tmp_path: Path) -> None:
    source = 'from oort import Service\n\nshop = Service("shop")\n\n\n@shop.get("/~me")\ndef show() -> int:\n    return 1\n'
    result = run("synth", "-C", shop(tmp_path, source), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "orders.py:6: shop.show: API Gateway does not take '~me' in a path." in result.stderr


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    result = run("synth", "-C", shop(tmp_path), "--out", tmp_path / "file" / "out")
    assert result.exit_code == 64
    assert "cannot be written" in result.stderr
