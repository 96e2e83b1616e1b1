"""A newcomer who follows docs/tutorial word by word gets what it shows: files are written, commands typed, outputs compared."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.crash.processes import ROOT, free_port, until

PAGE = (ROOT / "docs" / "tutorial" / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (?P<name>[\w./]+\.(?:py|toml))\n")
BIN = Path(sys.executable).parent


@dataclass
class Newcomer:
    """Somebody with two terminals. `port` stands where the page says 8000."""

    folder: Path
    port: int = field(default_factory=free_port)
    platform: subprocess.Popen[bytes] | None = None
    read: int = 0  # of what the first terminal shows

    @property
    def log(self) -> Path:
        """What the first terminal shows."""
        return self.folder.parent / f"{self.folder.name}.log"

    def follow(self, language: str, text: str) -> None:
        """Do what one block of the page asks for."""
        if language == "console":
            for command, shown in typed(text):
                self.type(command, shown)
        elif language in ("python", "toml") and (named := FILE.match(text)):
            (self.folder / named["name"]).write_text(text)
        elif language == "python":
            sources = [file.read_text() for file in self.folder.rglob("*.py")]
            assert any(text in source for source in sources), f"no file has\n{text}"
        elif language == "text":
            self.watch(text)

    def type(self, command: str, shown: str) -> None:
        """Type a command and compare what it prints."""
        command = command.replace("8000", str(self.port))
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return
        if command == "oort dev":
            with self.log.open("wb") as log:
                self.platform = subprocess.Popen(
                    [BIN / "oort", "dev", "--port", str(self.port)],
                    cwd=self.folder, env=environment(), stdout=log, stderr=log,
                )  # fmt: skip
            self.watch(shown)
            return
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout.replace(str(self.port), "8000")
        assert fits(shown, printed), (
            f"$ {command}\n{printed}{done.stderr}\nbut the page shows\n{shown}"
        )

    def watch(self, shown: str) -> None:
        """Wait until the first terminal shows these lines, in this order, after what was looked at before."""
        assert self.platform is not None
        if shown.startswith("^C\n"):
            self.platform.send_signal(signal.SIGINT)
            assert self.platform.wait(60) == 0
            shown = shown.removeprefix("^C\n")
        pattern = ".*".join(f"^{lenient(line)}$" for line in shown.splitlines() if line.strip())
        expected = re.compile(pattern, re.MULTILINE | re.DOTALL)

        def there() -> bool:
            found = expected.search(self.log.read_text().replace(str(self.port), "8000"), self.read)
            if found:
                self.read = found.end()
            return found is not None

        with contextlib.suppress(AssertionError):
            until(there, shown)
            return
        pytest.fail(f"the first terminal shows\n{self.log.read_text()}\nand the page\n{shown}")


def environment() -> dict[str, str]:
    """That of an activated environment."""
    return {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "80",
    }


def typed(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def lenient(text: str) -> str:
    """A pattern in which `…` is any text on one line."""
    return r"[^\n]*".join(
        re.escape(part.strip(" ") if "…" in text else part) for part in text.split("…")
    )


def fits(shown: str, printed: str) -> bool:
    """Whether the printed text is what is shown."""
    lines = [(lenient(one), two) for one, two in zip(folded(shown), folded(printed), strict=False)]
    return len(folded(shown)) == len(folded(printed)) and all(
        re.fullmatch(one, two) for one, two in lines
    )


def folded(text: str) -> list[str]:
    """The lines, with single spaces: how wide a column is depends on how long something took."""
    return [re.sub(" +", " ", line) for line in text.splitlines()]


@pytest.mark.slow
@pytest.mark.serial
def test_every_step_shows_what_the_tutorial_shows(tmp_path: Path) -> None:
    newcomer = Newcomer(tmp_path)
    try:
        for language, text in BLOCK.findall(PAGE):
            newcomer.follow(language, text)
        assert newcomer.platform is not None
        assert newcomer.platform.returncode == 0, "the tutorial ends it"
    finally:
        if newcomer.platform is not None:
            newcomer.platform.kill()
            newcomer.platform.wait()


def test_a_difference_would_be_found() -> None:
    assert fits('{"id":"…","n":1}\n', '{"id":"0a","n":1}\n')
    assert not fits('{"id":"…","n":1}\n', '{"id":"0a","n":2}\n')
    assert not fits("a\n", "a\nb\n")
    assert list(typed("$ a\nb\n$ c\n")) == [("a", "b\n"), ("c", "")]
