"""`oort contracts check` and `oort contracts lock`, as a person and as a script sees them."""

import json
from pathlib import Path

import msgspec

from oort.cli.printing import findings
from oort.model.contracts import Finding, Weight
from oort.model.errors import Source
from oort.rules.contracts import revisions
from tests.unit.cli.shops import edited, run, shop

EVENT = "contracts/orders.placed/1.json"
API = "contracts/orders/openapi.json"
TABLE = "contracts/orders/tables/book.json"
QUEUE = "contracts/orders/queues/parcels.json"


def test_lock_writes_drafts_and_says_so(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    said = run("contracts", "check", folder)
    assert said.exit_code == 0
    assert (
        "note orders.placed version 1: The event is a draft, and not locked yet. Run oort contracts lock"
        in said.stdout
    )
    written = run("contracts", "lock", folder)
    assert written.exit_code == 0
    assert written.stdout.splitlines() == [
        f"{folder / EVENT} draft",
        f"{folder / API} draft",
        f"{folder / TABLE} draft",
        f"{folder / QUEUE} draft",
        "Commit them.",
    ]
    assert run("contracts", "lock", folder).stdout == "The lock files are up to date.\n"
    said = run("contracts", "check", folder)
    assert (
        said.stdout
        == "shop: 1 event version, routes of 1 service, 1 queue, 1 table; 0 objections, 0 warnings.\n"
    )


def test_lock_publishes_for_those_who_deploy_otherwise(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder, "--publish", "test")
    again = run("contracts", "lock", folder, "--publish", "prod")
    assert f"{folder / EVENT} marked as published in prod, test" in again.stdout
    assert json.loads((folder / API).read_text())["published"] == ["prod", "test"]
    assert run("contracts", "lock", folder).stdout == "The lock files are up to date.\n"


def test_a_form_that_a_stage_does_not_run_yet_is_not_called_published_there(
    tmp_path: Path,
) -> None:
    folder = shop(tmp_path)
    first = run("contracts", "lock", folder, "--publish", "prod").stdout
    assert f"{folder / TABLE} marked as published in prod\n" in first
    more = (
        '    note: str = ""\n\n\nclass NewOrder',
        '    note: str = ""\n    tip: int = 0\n\n\nclass NewOrder',
    )
    changed = edited(folder, more)
    locked = run("contracts", "lock", changed).stdout
    assert f"{changed / TABLE} an earlier form in prod\n" in locked
    assert f"{changed / API} this or an earlier form in prod\n" in locked
    again = run("contracts", "lock", changed, "--publish", "test").stdout
    assert (
        f"{changed / TABLE} marked as published in test; this or an earlier form in prod\n" in again
    )
    assert f"{changed / QUEUE} marked as published in prod, test\n" in again


def test_a_stage_has_a_name_that_can_be_deployed(tmp_path: Path) -> None:
    result = run("contracts", "lock", shop(tmp_path), "--publish", "Prod 1")
    assert result.exit_code == 64
    assert "is not a stage name" in result.stderr


def test_a_draft_whose_class_is_gone_is_removed(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder)
    lost = folder / "contracts/orders.lost/1.json"
    lost.parent.mkdir()
    whole = json.loads((folder / EVENT).read_text())
    lost.write_text(json.dumps({**whole, "event": "orders.lost", "seal": ""}))
    assert (
        "note orders.lost version 1: The event is a draft, and no function uses its class"
        in run("contracts", "check", folder).stdout
    )
    assert f"{lost} removed" in run("contracts", "lock", folder).stdout
    assert not lost.parent.exists()
    lost.parent.mkdir()
    lost.write_text(
        json.dumps({**whole, "event": "orders.lost", "published": ["prod"], "seal": ""})
    )
    refused = run("contracts", "check", folder, "--json")
    assert refused.exit_code == 1
    (gone,) = json.loads(refused.stdout)
    assert (gone["code"], gone["event"], gone["version"], gone["line"]) == (
        "contract.gone",
        "orders.lost",
        1,
        1,
    )
    assert "witness" not in gone
    assert run("contracts", "lock", folder).exit_code == 0
    assert lost.exists()


def locked(folder: Path) -> tuple[int, str]:
    """The check of a build."""
    result = run("contracts", "check", folder, "--locked")
    return result.exit_code, result.stdout + result.stderr


def test_a_build_accepts_no_lock_file_that_is_missing_outdated_or_edited(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    code, said = locked(folder)
    assert code == 1
    assert f"{EVENT} is missing, outdated, or was changed by hand." in said
    run("contracts", "lock", folder, "--publish", "prod")
    assert locked(folder)[0] == 0
    good = (folder / EVENT).read_text()
    (folder / EVENT).unlink()
    assert locked(folder)[0] == 1
    edits: list[dict[str, list[str]]] = [{"published": []}, {"producers": []}, {"examples": []}]
    for edit in edits:
        (folder / EVENT).write_text(json.dumps({**json.loads(good), **edit}))
        code, said = locked(folder)
        assert (code, "it was changed by hand, or by a merge" in said) == (64, True)
        unsealed = {**json.loads(good), **edit}
        del unsealed["seal"]
        (folder / EVENT).write_text(json.dumps(unsealed))
        assert locked(folder)[0] == 1
    (folder / EVENT).write_text(good)
    assert locked(folder)[0] == 0
    documents = run("contracts", "check", folder, "--locked", "--json").stdout
    assert json.loads(documents) == []


def test_a_build_accepts_no_outdated_draft(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder)
    draft = json.loads((folder / EVENT).read_text())
    (folder / EVENT).write_text(json.dumps({**draft, "consumers": ["other.one"], "seal": ""}))
    assert locked(folder)[0] == 1
    documents = json.loads(run("contracts", "check", folder, "--locked", "--json").stdout)
    assert [each["file"] for each in documents if each["code"] == "lock.stale"] == [EVENT]
    run("contracts", "lock", folder)
    assert locked(folder)[0] == 0


def test_a_merge_conflict_is_named_and_its_advice_leads_around_no_gate(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder)
    text = (folder / EVENT).read_text()
    (folder / EVENT).write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")
    code, said = locked(folder)
    assert code == 64
    assert f"{folder / EVENT} has a merge conflict" in said
    assert "Merge the source first. Then run oort contracts mend" in said
    assert "delete" not in said


def test_a_damaged_lock_file_is_unreadable(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder)
    (folder / EVENT).write_text("{")
    for words in (("check",), ("lock",), ("check", "--json")):
        result = run("contracts", *words, folder)
        assert result.exit_code == 64
        assert f"The lock file {folder / EVENT} cannot be read" in result.stderr
        assert result.stdout == ""


def test_a_break_of_what_is_published_is_not_locked(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    run("contracts", "lock", folder, "--publish", "prod")
    file = folder / EVENT
    whole = json.loads(file.read_text())
    whole["key"] = "note"
    revision = revisions.revision(key="note", writer=whole["writer"], reader=whole["reader"])
    file.write_text(json.dumps({**whole, "hash": revision.hash, "seal": ""}))
    before = file.read_bytes()
    refused = run("contracts", "lock", folder)
    assert refused.exit_code == 1
    assert "The key was note and is order_id" in refused.stdout
    assert refused.stdout.endswith("\nNothing was written.\n")
    assert file.read_bytes() == before


def finding(**more: object) -> Finding:
    given = {
        "weight": Weight.OBJECTION,
        "code": "c",
        "subject": "a.b",
        "what": "What.",
        "instead": "Instead.",
    }
    return Finding(**{**given, **more})  # type: ignore[arg-type]


def test_a_report_has_objections_first_and_long_documents_cut() -> None:
    long = {"text": "x" * 500 + "\n"}
    report = findings.report([
        finding(weight=Weight.NOTE, version=1), finding(weight=Weight.NOTE, version=2),
        finding(weight=Weight.WARNING, route="GET /a", source=Source("a.py", 3)),
        finding(
            version=1, pointer="/text", name="text", witness=(long,), refuses="the reader", consumers=("b.g", "a.f", "b.h"),
        ),
    ])  # fmt: skip
    first, second, third = report.replace("\x1b[31m", "").replace("\x1b[33m", "").replace("\x1b[2m", "").replace("\x1b[0m", "").split("\n\n")  # fmt: skip
    lines = first.splitlines()
    assert lines[0] == "objection a.b version 1: What."
    assert lines[1] == "    field       text (/text)"
    assert lines[2].endswith("xxx… (all of it with --json)")
    assert lines[3:] == [
        "    by          the reader",
        "    would break a (f), b (g, h)",
        "    Instead. [c]",
    ]
    assert second.startswith("warning a.py:3: GET /a: What.")
    assert third == "note a.b version 1, a.b version 2: What. Instead."
    (document,) = findings.documents([finding(version=1, witness=(None,))])
    assert (document["witness"], document["event"]) == (None, "a.b")
    assert findings.documents([finding(witness=(long,))])[0]["witness"] == long
    assert msgspec.json.encode(document)
