"""P18: a change that would break a running consumer fails the build with a document that proves it, and drafts change freely.

Each test edits a copy of the reference platform as a user would, and runs the command line on it.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import jsonschema_rs
import pytest
from click.testing import Result

from tests import anew
from tests.architecture.source_tree import APPS

EVENTS = "contracts/accounts.py"
ROUTES = "accounts/http.py"
LOCK = "contracts/accounts.signed-up/1.json"
NEWER = """

@event("accounts.signed-up", version=2, key="account_id")
class SignedUp(Event):
    account_id: str
    email: str
    land: str


@upcast
def newer(old: SignedUpV1) -> SignedUp:
    return SignedUp(account_id=old.account_id, email=old.email, land=old.country)


@downcast
def older(new: SignedUp) -> SignedUpV1:
    return SignedUpV1(account_id=new.account_id, email=new.email, country=new.land)
"""
LOCKED = ("contracts", "lock", "--publish", "prod")
CONSUMERS = "analytics (count), email (welcome), onboarding (first_workspace)"


@dataclass(frozen=True)
class Copy:
    """The reference platform, in a folder that may be edited."""

    folder: Path

    def oort(self, *words: str) -> Result:
        return anew.run(*words, package="cometbid", folder=self.folder)

    def check(self) -> Result:
        return self.oort("contracts", "check")

    def elsewhere(self, *words: str, seed: str) -> "subprocess.CompletedProcess[str]":
        """The command in a process of its own, which places the members of sets by the seed."""
        return subprocess.run(
            [sys.executable, "-m", "oort.cli", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def found(self) -> list[dict[str, Any]]:
        return list(json.loads(self.oort("contracts", "check", "--json").stdout))

    def edit(self, path: str, old: str, new: str) -> int:
        """Replace the text, which must be there; the line where it begins."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text
        (self.folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def reader(self, finding: dict[str, Any]) -> Any:
        """The schema that refuses the witness, as the finding names it."""
        if "in contracts/" in finding["refused_by"]:
            return json.loads((self.folder / LOCK).read_text())["reader"]
        exported = json.loads(self.oort("contracts", "export").stdout)
        return next(one["reader"] for one in exported if one["event"] == finding["event"])

    def files(self) -> dict[str, bytes]:
        """All lock files with their content."""
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in self.folder.rglob("*.json")
        }


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy that is published in prod, as the reference platform is."""
    copytree(
        APPS / "cometbid", tmp_path / "cometbid", ignore=ignore_patterns("__pycache__", ".oort")
    )
    return Copy(tmp_path / "cometbid")


def broken(copy: Copy, *, line: int, field: str) -> list[dict[str, Any]]:
    """Hold the report and the JSON against what every breaking change of SignedUp must say; the objections."""
    report = copy.check()
    assert report.exit_code == 1, report.stderr
    assert f"{EVENTS}:{line}: accounts.signed-up version 1: {field}: " in report.stdout
    assert f"would break {CONSUMERS}" in report.stdout
    objections = [one for one in copy.found() if one["weight"] == "objection"]
    printed = [
        text.split(maxsplit=1)[1]
        for text in report.stdout.splitlines()
        if text.startswith("    refused ")
    ]
    assert [json.loads(text) for text in printed] == [one["witness"] for one in objections]
    for one in objections:
        assert one["code"] == "contract.breaking"
        assert (one["field"], one["file"], one["line"]) == (field, EVENTS, line)
        assert {name.partition(".")[0] for name in one["consumers"]} == {
            "analytics",
            "email",
            "onboarding",
        }
        assert not jsonschema_rs.validator_for(copy.reader(one)).is_valid(one["witness"])
        assert "version 2 with @upcast" in one["instead"]
    return objections


def test_the_reference_platform_is_in_step(copy: Copy) -> None:
    result = copy.check()
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == "cometbid: 3 event versions, routes of 4 services, 1 queue, 6 tables; 0 objections, 0 warnings.\n"
    )


def test_another_type_is_refused_both_ways(copy: Copy) -> None:
    line = copy.edit(EVENTS, "    country: str\n", "    country: int\n")
    sides = [one["side"] for one in broken(copy, line=line, field="country")]
    assert sides == [
        "the new consumers refuse published messages",
        "running consumers would refuse new messages",
    ]


def test_a_field_that_consumers_need_cannot_go(copy: Copy) -> None:
    copy.edit(ROUTES, "email=account.email, country", "country")
    line = copy.edit(EVENTS, "    email: str\n", "") - 4  # the field is gone: the line of its class
    (one,) = broken(copy, line=line, field="email")
    assert one["side"] == "running consumers would refuse new messages"
    assert one["instead"].startswith("Keep email, or ")


def test_a_new_field_needs_a_default(copy: Copy) -> None:
    line = copy.edit(EVENTS, "    country: str\n", "    country: str\n    plan: str\n") + 1
    (one,) = broken(copy, line=line, field="plan")
    assert one["side"] == "the new consumers refuse published messages"
    assert one["instead"].startswith("Give plan a default, or ")
    before = copy.files()
    refused = copy.oort("contracts", "lock")
    assert refused.exit_code == 1
    assert refused.stdout.endswith("\nNothing was written.\n")
    assert f"would break {CONSUMERS}" in refused.stdout
    assert copy.files() == before


def test_a_name_that_was_taken_away_keeps_its_meaning(copy: Copy) -> None:
    copy.edit(EVENTS, "    country: str\n", '    country: str\n    plan: str = "free"\n')
    out_of_date = copy.check()
    assert out_of_date.exit_code == 0  # an optional field breaks nobody
    assert (
        "Run oort contracts lock, and commit the files. [contract.outdated]" in out_of_date.stdout
    )
    assert "refused" not in out_of_date.stdout
    assert copy.oort("contracts", "check", "--locked").exit_code == 1
    assert copy.oort("contracts", "lock").exit_code == 0
    assert copy.check().exit_code == 0
    copy.edit(EVENTS, '    plan: str = "free"\n', "")
    assert copy.oort("contracts", "lock").exit_code == 0  # what has a default may go
    locked = json.loads((copy.folder / LOCK).read_text())
    assert [one["pointer"] for one in locked["removed"]] == ["/plan"]
    line = copy.edit(EVENTS, "    country: str\n", "    country: str\n    plan: int = 0\n") + 1
    objections = [one for one in copy.found() if one["weight"] == "objection"]
    assert {(one["field"], one["line"]) for one in objections} == {("plan", line)}
    assert all(
        "Earlier messages hold plan with another schema" in one["instead"] for one in objections
    )


def test_a_changed_default_warns(copy: Copy) -> None:
    copy.edit(EVENTS, "    reason: str | None = None\n", '    reason: str | None = ""\n')
    warnings = [one for one in copy.found() if one["weight"] == "warning"]
    assert [(one["code"], one.get("field"), one["event"]) for one in warnings] == [
        ("contract.default", "reason", "accounts.closed"),
        ("contract.outdated", None, "accounts.closed"),
    ]
    assert copy.oort("contracts", "lock").exit_code == 0
    assert copy.check().exit_code == 0


def test_a_draft_changes_freely(copy: Copy) -> None:
    for file in copy.folder.rglob("*.json"):
        file.unlink()
    assert copy.oort("contracts", "lock").exit_code == 0
    assert json.loads((copy.folder / LOCK).read_text())["published"] == []
    copy.edit(EVENTS, "    country: str\n", "    country: int\n")
    changed = copy.check()
    assert changed.exit_code == 0
    assert (
        "accounts.signed-up version 1: The event is a draft, and its lock file is outdated."
        in changed.stdout
    )
    assert copy.oort("contracts", "lock").exit_code == 0
    assert json.loads((copy.folder / LOCK).read_text())["earlier"] == []


def test_routes_are_held_to_what_their_clients_know(copy: Copy) -> None:
    line = copy.edit(ROUTES, '@accounts.post("/", status=201', '@accounts.post("/", status=200')
    copy.edit(ROUTES, '@accounts.get("/", groups', '@accounts.get("/all", groups')
    copy.edit(
        ROUTES,
        "    email: Email\n    country: Country\n",
        "    email: Email\n    country: Country\n    plan: str\n",
    )
    found = {
        (one["code"], one["route"]): one for one in copy.found() if one["weight"] == "objection"
    }
    assert set(found) == {
        ("api.status", "POST /accounts"), ("api.removed", "GET /accounts"), ("api.body", "POST /accounts"),
    }  # fmt: skip
    body = found["api.body", "POST /accounts"]
    assert (body["file"], body["line"], body["field"]) == (ROUTES, line + 1, "plan")
    routes = json.loads(copy.oort("routes", "--openapi").stdout)
    schema = {"$ref": "#/components/schemas/NewAccount", "components": routes["components"]}
    assert not jsonschema_rs.validator_for(schema).is_valid(body["witness"])
    assert found["api.removed", "GET /accounts"]["witness"] == "GET /accounts"
    assert copy.oort("contracts", "lock").exit_code == 1


def test_the_advice_works_a_new_version_passes(copy: Copy) -> None:
    copy.edit(
        EVENTS, "from oort import Event, event", "from oort import Event, downcast, event, upcast"
    )
    copy.edit(EVENTS, "class SignedUp(Event)", "class SignedUpV1(Event)")
    text = (copy.folder / EVENTS).read_text()
    (copy.folder / EVENTS).write_text(text + NEWER)
    copy.edit(ROUTES, "country=account.country)", "land=account.country)")
    copy.edit("analytics/service.py", "event.country)", "event.land)")
    (copy.folder / "email/service.py").write_text(
        (copy.folder / "email/service.py").read_text().replace("SignedUp", "SignedUpV1")
    )
    assert copy.oort("contracts", "lock").exit_code == 0
    passed = copy.check()
    assert passed.exit_code == 0, passed.stdout
    first, second = (
        json.loads((copy.folder / LOCK.replace("1.", f"{n}.")).read_text()) for n in (1, 2)
    )
    # Until a deployment, the stage still has the other consumers.
    running = ["analytics.count", "email.welcome", "onboarding.first_workspace"]
    assert (first["published"], first["consumers"]) == (["prod"], running)
    assert (second["published"], second["consumers"]) == (
        [],
        ["analytics.count", "onboarding.first_workspace"],
    )
    copy.edit(EVENTS, "@upcast\n", "")
    gap = copy.oort("contracts", "check")
    assert gap.exit_code == 1
    assert "@upcast" in gap.stdout + gap.stderr
    (copy.folder / "email/service.py").write_text(
        (copy.folder / "email/service.py").read_text().replace("SignedUpV1", "SignedUp")
    )
    copy.edit(EVENTS, "def newer", "@upcast\ndef newer")
    assert copy.oort("contracts", "lock").exit_code == 0
    assert copy.found() == []  # prod still runs consumers of version 1
    assert copy.oort("contracts", "lock", "--publish", "prod").exit_code == 0
    assert [one["code"] for one in copy.found()] == ["contract.downcast"]


def test_nothing_depends_on_the_process(copy: Copy) -> None:
    """The same bytes for the same program, and the same report for the same change, whatever the hash seed."""
    before = copy.files()
    for seed in ("1", "2"):
        for file in copy.folder.rglob("*.json"):
            file.unlink()
        assert copy.elsewhere(*LOCKED, seed=seed).returncode == 0
        assert copy.files() == before
    copy.edit(EVENTS, "    country: str\n", "    country: int\n")
    copy.edit(
        ROUTES, "    email: Email\n    country: Country\n", "    email: Email\n    country: int\n"
    )
    one, other = (
        copy.elsewhere("contracts", "check", "--json", seed=seed).stdout for seed in ("1", "2")
    )
    assert one == other


def test_every_locked_example_is_valid_under_what_is_written(copy: Copy) -> None:
    for file in copy.folder.glob("contracts/*/[0-9]*.json"):
        lock = json.loads(file.read_text())
        assert lock["examples"]
        writer = jsonschema_rs.validator_for(lock["writer"])
        assert all(writer.is_valid(example) for example in lock["examples"])
