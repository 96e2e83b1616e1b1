"""Floors and how figures are judged by them. Nothing here is timed."""

from pathlib import Path

import pytest

from benchmarks import figures
from benchmarks.__main__ import CLAIMS, Claim, main
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.figures import (
    Figure,
    Floor,
    UnreadableFloors,
    broken,
    floors,
    ratio,
    table,
    unmeasured,
)
from benchmarks.load import LoadFailed

FASTER = Figure("read.rate", "requests/s", 1.5, "x")
SMALL = Figure("read.memory", "memory", 80.0, "MB")
KNOWN = {"read.rate": Floor(1.2, 2.0, most=False), "read.memory": Floor(100.0, 100.0, most=True)}


def written(folder: Path, text: str) -> Path:
    path = folder / "floors.toml"
    path.write_text(text, encoding="utf-8")
    return path


def claims(*found: Figure) -> dict[str, Claim]:
    return {"read": ("a read", lambda _: list(found))}


def test_floors_are_read_with_their_direction_and_goal(tmp_path: Path) -> None:
    text = '"read.rate" = { at-least = 1.2, goal = 2 }\n"read.memory" = { at-most = 100 }'
    assert floors(written(tmp_path, text)) == {
        "read.rate": Floor(1.2, 2, most=False),
        "read.memory": Floor(100, None, most=True),
    }


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "x = { goal = 1 }",
        "x = { at-least = 1, at-most = 2 }",
        "x = { at-least = '1' }",
        "x = { at-least = 1, gaol = 2 }",
        "x = {",
    ],
)
def test_a_floor_that_says_nothing_clear_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFloors, match=r"x|floors\.toml"):
        floors(written(tmp_path, text))


def test_floors_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFloors):
        floors(tmp_path / "none.toml")


def test_figures_within_their_floors_break_nothing() -> None:
    assert broken([FASTER, SMALL, Figure("free", "without a floor", 0.0, "")], KNOWN) == []


def test_a_figure_beyond_its_floor_is_named_in_both_directions() -> None:
    slow, large = Figure("read.rate", "", 1.1, "x"), Figure("read.memory", "", 101.0, "MB")
    assert broken([slow, large], KNOWN) == [
        "read.rate is 1.1 x; >= 1.2 x is the floor.",
        "read.memory is 101 MB; <= 100 MB is the floor.",
    ]


def test_a_floor_without_its_figure_is_found_only_for_claims_that_ran() -> None:
    assert unmeasured([FASTER], KNOWN, claims=["read"]) == ["read.memory was not measured."]
    assert unmeasured([], KNOWN, claims=["write"]) == []


def test_the_table_tells_ok_from_not_reached_from_below() -> None:
    slow = Figure("read.rate", "slow", 1.1, "x")
    lines = table(
        "title", [FASTER, SMALL, slow, Figure("free", "free", 12345.6, "/s")], KNOWN
    ).splitlines()
    assert lines[0] == "title"
    assert lines[2].endswith("goal not reached")
    assert lines[3].endswith("ok")
    assert lines[4].endswith("BELOW THE FLOOR")
    assert lines[5].endswith("12,346 /s")


def test_a_ratio_compares_neighbouring_rounds() -> None:
    assert (
        ratio([2.0, 20.0, 4.0], [1.0, 10.0, 4.0]) == 2.0
    )  # the machine was ten times as fast in the second round


def test_the_run_fails_when_a_floor_does_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, '"read.rate" = { at-least = 1.6 }')
    assert main([], claims=claims(FASTER), path=path) == 1
    assert "read.rate is 1.5 x; >= 1.6 x is the floor." in capsys.readouterr().out
    assert (
        main([], claims=claims(FASTER), path=written(tmp_path, '"read.rate" = { at-least = 1.4 }'))
        == 0
    )
    assert "Every floor holds." in capsys.readouterr().out


def test_a_load_that_was_refused_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_: Effort) -> list[Figure]:
        raise LoadFailed("some were refused")

    assert main([], claims={"read": ("a read", refused)}, path=written(tmp_path, "")) == 1
    assert "read: some were refused" in capsys.readouterr().err


def test_words_and_floors_that_cannot_be_read_are_usage_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["nothing"], claims=claims(FASTER), path=written(tmp_path, "")) == 64
    assert main([], claims=claims(FASTER), path=written(tmp_path, "x = 1")) == 64
    assert "no claim named nothing; there are: read" in capsys.readouterr().err


def test_the_short_form_measures_less(tmp_path: Path) -> None:
    seen: list[Effort] = []

    def measured(effort: Effort) -> list[Figure]:
        seen.append(effort)
        return []

    path = written(tmp_path, "")
    main([], claims={"read": ("", measured)}, path=path)
    main(["--quick", "read"], claims={"read": ("", measured)}, path=path)
    assert seen == [FULL, QUICK]


def test_every_floor_of_the_repository_belongs_to_a_claim_and_every_claim_has_one() -> None:
    assert {key.partition(".")[0] for key in floors(figures.FLOORS)} == set(CLAIMS)
