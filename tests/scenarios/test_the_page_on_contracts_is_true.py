"""docs/how-to/contracts.md: its files, its change and its commands, from top to bottom, print what the page shows."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "contracts.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_what_the_page_shows_is_printed(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert [language for language, _ in blocks] == [
        "toml",
        "python",
        "console",
        "console",
        "diff",
        "console",
    ]
    for language, text in blocks:
        if language == "toml":
            (tmp_path / "oort.toml").write_text(text)
        elif language == "python":
            (tmp_path / "shop.py").write_text(text)
        elif language == "diff":
            old, new = (line[1:] for line in text.splitlines())
            source = (tmp_path / "shop.py").read_text()
            assert old in source
            (tmp_path / "shop.py").write_text(source.replace(old, new))
        else:
            command, _, shown = text.partition("\n")
            assert command.startswith("$ oort ")
            words = [sys.executable, "-m", "oort.cli", *command.split()[2:]]
            done = subprocess.run(
                words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
            )
            assert re.fullmatch(".*".join(map(re.escape, shown.split("…"))), done.stdout), (
                done.stdout + done.stderr
            )
            assert done.returncode == (1 if "objection" in shown else 0)
