"""The platform of effects and what is read from the files of its consumers."""

import sys
from pathlib import Path

from benchmarks import effects, programs


def test_the_time_of_an_event_is_that_of_its_last_effect() -> None:
    found = effects.times(["n10 5.5", "n11 6.0", "n10 5.25", "n11 6.5", "n12 7.0"])
    # Two effects each; n12 has only one. Requests were planned at 5.0, 5.5 and 6.0.
    delays = effects.delays(found, began=5.0, rate=2.0, numbers=range(10, 13), each=2)
    assert delays == [0.5, 1.0]


def test_a_line_that_is_not_whole_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "told").write_text("n1 5.0\nn2 6.")
    assert effects.arrived(tmp_path / "told", 1, patience=0) == {"n1": [5.0]}
    assert effects.arrived(tmp_path / "none", 1, patience=0) == {}


def test_the_platform_is_valid_and_has_a_subscriber_and_many(tmp_path: Path) -> None:
    app = tmp_path / "app"
    effects.write(app, told=tmp_path / "told", spread=tmp_path / "spread", fan_out=3)
    command = [sys.executable, "-c", "from oort.cli import main; main()", "check", str(app)]
    assert programs.status(command) == 0
    followers = [path.read_text(encoding="utf-8") for path in sorted(app.glob("*.py"))]
    assert sum(".on(Told)" in text for text in followers) == 1
    assert sum(".on(Spread)" in text for text in followers) == 3
    (app / "one.py").write_text("no Python")
    assert programs.status(command) != 0
