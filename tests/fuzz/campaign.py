"""Calls every route of a document with what it allows and with what it forbids, and lists what the replies got wrong."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import schemathesis
from schemathesis.auths import AuthContext
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema

from tests.fuzz.running import Running

# A handler may have reasons of its own to refuse what fits its types: a cursor that was never issued.
EXCLUDED = frozenset({"positive_data_acceptance"})


@dataclass(frozen=True, slots=True)
class Campaign:
    """What was asked and what was wrong. `forbidden` are the bodies that no handler may see."""

    asked: int
    forbidden: int
    entered: int  # allowed requests that reached a handler, so that the campaign is known to have reached any
    statuses: frozenset[int]
    findings: tuple[str, ...]


def campaign(
    app: Running, *, examples: int, seed: int, excluded: Collection[str] = EXCLUDED
) -> Campaign:
    """Ask every route of the application's own document."""
    schema = schemathesis.openapi.from_asgi("/_oort/openapi.json", app)
    _configure(schema, app, examples=examples, seed=seed, excluded=excluded)
    asked = forbidden = entered = 0
    statuses: set[int] = set()
    findings: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            findings.append(f"{event.label}: {event.value!r}")
        if not isinstance(event, ScenarioFinished):
            continue
        findings += _failed(event)
        for key, interaction in event.recorder.interactions.items():
            case = event.recorder.cases[key].value
            if interaction.response is None:
                findings.append(f"{event.label}: no reply")
                continue
            trace = interaction.response.headers["trace-id"][0]
            asked += 1
            statuses.add(interaction.response.status_code)
            entered += trace in app.entered
            if _wrong_body(case):
                forbidden += 1
                if trace in app.entered:
                    findings.append(f"{event.label}: the handler was entered with {case.body!r}")
    return Campaign(asked, forbidden, entered, frozenset(statuses), tuple(findings + app.defects))


def _configure(
    schema: BaseSchema, app: Running, *, examples: int, seed: int, excluded: Collection[str]
) -> None:
    config = schema.config
    config.update(continue_on_failure=True, workers=1)
    config.phases.update(phases=["examples", "coverage", "fuzzing"])
    config.checks.update(excluded_check_names=list(excluded))
    config.generation.update(max_examples=examples, no_shrink=True)
    config.seed = seed

    @schema.auth()
    class Bearer:
        """A token that every route accepts."""

        def get(self, case: "schemathesis.Case[Any]", context: AuthContext) -> str:
            return app.token

        def set(self, case: "schemathesis.Case[Any]", data: str, context: AuthContext) -> None:
            case.headers["authorization"] = f"Bearer {data}"


def _failed(event: ScenarioFinished) -> Iterator[str]:
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                yield f"{event.label} [{check.name}]: {failure.title}: {failure.message}\n{check.failure_info.code_sample}"


def _wrong_body(case: "schemathesis.Case[Any]") -> bool:
    if case.meta is None:
        return False
    return any(
        place.value == "body" and info.mode is GenerationMode.NEGATIVE
        for place, info in case.meta.components.items()
    )
