"""The templates of the reference platform are those that were reviewed. `make golden` accepts what is new."""

import difflib

from tests.golden.cometbid_templates import FOLDER, files


def test_the_templates_are_the_golden_ones() -> None:
    made = files()
    assert sorted(made) == sorted(file.name for file in FOLDER.glob("*.json")), "run `make golden`"
    for name, data in made.items():
        before, after = (FOLDER / name).read_text(), data.decode()
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), "golden", "now", lineterm="", n=2
        )
        assert before == after, (
            f"{name}: if this is meant, run `make golden` and read it\n" + "\n".join(lines)
        )
