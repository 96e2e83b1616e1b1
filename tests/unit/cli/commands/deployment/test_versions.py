"""`oort versions` without a platform, and its usage. With a platform: tests/scenarios/test_two_versions_are_live_at_once.py."""

from pathlib import Path

import pytest

from tests.unit.cli.shops import run, shop


@pytest.mark.parametrize(
    "words",
    [
        ("share", "next", "101"),
        ("share", "next", "-1"),
        ("share", "next", "many"),
        ("add", "next", "missing-folder"),
        ("add", "next"),
        ("remove",),
    ],
)
def test_nonsense_is_a_mistake_of_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run("versions", *words, "-C", shop(tmp_path)).exit_code == 64


@pytest.mark.parametrize(
    "words", [("share", "next", "5"), ("remove", "next"), ("add", "next", "/")]
)
def test_an_order_needs_a_running_platform(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = run("versions", *words, "-C", shop(tmp_path))
    assert result.exit_code == 1
    assert "Start it first: oort serve." in result.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("serve", "--workers", "0"), 64),
        (("serve", "--workers", "257"), 64),
        (("dev", "--workers", "2", "--inline"), 64),
    ],
)
def test_a_number_of_workers_that_cannot_be_is_refused(
    tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    assert run(*words, shop(tmp_path), "--port", "0").exit_code == code


def test_each_service_needs_a_worker(tmp_path: Path) -> None:
    package = shop(tmp_path)
    (package / "more.py").write_text(
        'from oort import Service\n\nmore = Service("more")\n\n\n'
        '@more.get("/", public=True)\ndef hello() -> str:\n    return "hello"\n'
    )
    file = package / "oort.toml"
    file.write_text(file.read_text().replace('orders"]', f'orders", "{package.name}.more"]'))
    result = run("serve", package, "--port", "0", "--workers", "1")
    assert result.exit_code == 1
    assert "Use --workers 2 or more." in result.stderr
