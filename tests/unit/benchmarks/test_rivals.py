"""The rivals are pinned."""

from benchmarks.load import ROOT


def test_the_rival_is_pinned_with_hashes_and_without_an_index() -> None:
    lock = (ROOT / "benchmarks" / "requirements.lock").read_text(encoding="utf-8")
    pins = [line for line in lock.splitlines() if "==" in line]
    assert {"fastapi", "pydantic", "uvicorn", "uvloop", "httptools"} <= {
        line.partition("==")[0] for line in pins
    }
    assert all(line.endswith("\\") for line in pins)
    assert "://" not in lock
