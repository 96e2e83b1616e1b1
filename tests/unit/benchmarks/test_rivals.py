"""The rivals are pinned."""

from benchmarks.load import ROOT

RIVALS = {
    "fastapi", "pydantic", "uvicorn", "uvloop", "httptools", "pyjwt", "limits", "opentelemetry-sdk", "huey", "dbos",
}  # fmt: skip


def test_the_rivals_are_pinned_with_hashes_and_without_an_index() -> None:
    lock = (ROOT / "benchmarks" / "requirements.lock").read_text(encoding="utf-8")
    pins = [line for line in lock.splitlines() if "==" in line]
    assert {line.partition("==")[0] for line in pins} >= RIVALS
    assert all(line.endswith("\\") for line in pins)
    assert "://" not in lock
