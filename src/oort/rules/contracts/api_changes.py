"""Find breaking changes of a service's routes.

Running clients keep sending old requests and reading replies as before. Requests are compared as
they are, since bodies are closed (decision 0003). Clients ignore unknown members of replies.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from oort.model.contracts import (
    ApiLock,
    DeclaredApi,
    DeclaredContracts,
    Finding,
    Locks,
    Schema,
    Weight,
)
from oort.model.items import Value
from oort.rules.contracts import acceptances, members, routes
from oort.rules.contracts import locks as locking
from oort.rules.contracts.fits import misfit, shown
from oort.rules.contracts.routes import Part, Route
from oort.rules.inclusion import closed_and_open

CLIENTS = "clients that run now"

_ANY_TEXT: Schema = {"type": "string"}
_LOCK = "Run oort contracts lock, and commit the files."


def findings(declared: DeclaredContracts, locks: Locks) -> Iterator[Finding]:
    """Yield all findings, by service."""
    for service in sorted({*declared.apis, *locks.apis}):
        api, lock = declared.apis.get(service), locks.apis.get(service)
        if api is None:
            yield from _gone(locks.apis[service])
        elif lock is None:
            yield _finding(
                Weight.NOTE, "api.unlocked", service, "Its routes are not locked yet.", _LOCK
            )
        elif lock.hash != api.hash:
            edits = list(_edits(api, lock)) if lock.published else []
            yield from edits
            if not any(finding.weight is Weight.OBJECTION for finding in edits):
                yield _outdated(lock)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Compare one route before and after a change."""

    service: str
    before: Route
    now: Route
    file: str

    def findings(self) -> Iterator[Finding]:
        yield from self._callers()
        yield from self._owner()
        yield from self._parameters()
        yield from self._body()
        yield from self._reply()

    def _callers(self) -> Iterator[Finding]:
        request = self.before.asked()
        if self.before.public and not self.now.public:
            what, instead = (
                "The route was public, and now needs a token.",
                "Keep public=True, or add another route.",
            )
            yield self._objection(
                "api.private", what, instead, witness=f"{request} without a token"
            )
        elif not self.now.public and "" not in self.now.ways:
            for group in sorted(self.before.ways - self.now.ways):
                whom = f"callers of the group {group}" if group else "every caller with a token"
                what, instead = (
                    f"The route was open to {whom}, and is closed to them now.",
                    "Keep it open, or add another route.",
                )
                witness = (
                    f"{request} by a caller of the group {group}"
                    if group
                    else f"{request} by a caller without a group"
                )
                yield self._objection("api.private", what, instead, witness=witness)

    def _owner(self) -> Iterator[Finding]:
        if (
            self.now.owner
            and self.before.owner not in (self.now.owner, None)
            and not self.now.public
        ):
            what = "The route is open to the owner only now."
            instead = "Keep it open, or add another route."
            witness = f"{self.before.asked()} by a caller who is not the owner"
            yield self._objection("api.private", what, instead, witness=witness)

    def _parameters(self) -> Iterator[Finding]:
        for key, part in self.now.parameters.items():
            part_of_request, name = key
            old = self.before.parameters.get(key)
            if part.required and part_of_request != "path" and (old is None or not old.required):
                what = f"The {part_of_request} parameter {name} must be given now."
                witness = f"{self.before.asked()} without {name}"
                finding = self._objection(
                    "api.parameter", what, f"Give {name} a default.", witness=witness
                )
                yield replace(finding, name=name)
            if old is not None:
                yield from self._narrower(
                    "api.parameter",
                    f"The {part_of_request} parameter {_parameter_name(self.now, key)}",
                    old,
                    part,
                )
        for part_of_request, name in sorted(
            self.before.parameters.keys() - self.now.parameters.keys()
        ):
            what = f"The {part_of_request} parameter {name} is gone; its value is ignored now."
            yield self._warning("api.parameter-gone", what, "Keep it, unless nobody sends it.")

    def _body(self) -> Iterator[Finding]:
        old, new = self.before.body, self.now.body
        if new is None:
            if old is not None:
                yield self._warning(
                    "api.body-gone",
                    "The body is gone; a sent body is ignored now.",
                    "Check that this is intended.",
                )
            return
        if new.required and (old is None or not old.required):
            what, instead = (
                "A body must be sent now.",
                "Give the body a default, or add another route.",
            )
            yield self._objection(
                "api.body", what, instead, witness=f"{self.before.asked()} without a body"
            )
        if old is not None:
            yield from self._narrower("api.body", "The body", old, new)

    def _narrower(self, code: str, what: str, old: Part, new: Part) -> Iterator[Finding]:
        """Find values that are accepted no longer, and changed defaults."""
        for pointer in _changed_defaults(old.schema, new.schema):
            location = f"{what}, {pointer}," if pointer else what
            warning = self._warning(
                "api.default",
                f"{location} has another default.",
                "No request is refused, but check that this is intended.",
            )
            yield replace(warning, pointer=pointer, name=pointer.rpartition("/")[2])
        yield from self._moved(what, old.schema, new.schema)
        if code == "api.parameter" and misfit(_ANY_TEXT, new.schema) is None:
            return  # a parameter is sent as text
        unfit = misfit(old.schema, new.schema, examples=old.example)
        if unfit is None:
            return
        where = f"{what}, {unfit.pointer or unfit.name}," if unfit.pointer or unfit.name else what
        message = self._message(
            unfit.witness,
            f"{where} accepts less than before.",
            f"{where} may accept less than before",
        )
        instead = f"Keep accepting the requests of {CLIENTS}, or add another route."
        finding = self._objection(code if unfit.witness else "api.unknown", message, instead)
        side = f"the service would refuse requests of {CLIENTS}"
        refuses = f"the schema of the {what.removeprefix('The ')} in the program"
        yield shown(finding, unfit, side=side, refuses=refuses)

    def _reply(self) -> Iterator[Finding]:
        old, new = self.before.reply, self.now.reply
        if old.status != new.status:
            what = f"A success had the status {old.status}, and has {new.status} now."
            yield self._objection(
                "api.status", what, f"Keep status={old.status}.", witness=int(new.status or 0)
            )
        if old.schema is None:
            return
        if new.schema is None:
            gone = "may have any body" if new.unknown else "has no body any more"
            witness: Value = "any body" if new.unknown else "no body"
            yield self._objection(
                "api.reply", f"The reply {gone}.", "Keep the return type.", witness=witness
            )
            return
        yield from self._moved("The reply", old.schema, new.schema)
        yield from self._replied(old.schema, new.schema)

    def _moved(self, what: str, old: Schema, new: Schema) -> Iterator[Finding]:
        """Find fields by position that have another position: the types may all be the same."""
        for pointer, name in members.moved(old, new):
            sentence = f"{what}: the position of {name} was {pointer}, and is another."
            finding = self._objection("api.position", sentence, "Keep the order of the fields.")
            yield replace(finding, pointer=pointer, name=name)

    def _replied(self, old: Schema, new: Schema) -> Iterator[Finding]:
        unfit = misfit(
            cast(Schema, closed_and_open.closed(new)), cast(Schema, closed_and_open.opened(old))
        )
        if unfit is None:
            return
        where = (
            f"The reply, {unfit.pointer or unfit.name},"
            if unfit.pointer or unfit.name
            else "The reply"
        )
        message = self._message(unfit.witness, f"{where} has changed.", f"{where} may have changed")
        instead = f"Keep the members that {CLIENTS} read, or add another route; new members do not break clients."
        finding = self._objection("api.reply" if unfit.witness else "api.unknown", message, instead)
        side, refuses = (
            f"{CLIENTS} would not understand the reply",
            f"the schema of the reply in {self.file}",
        )
        yield shown(finding, unfit, side=side, refuses=refuses)

    def _message(self, witness: object, sure: str, unsure: str) -> str:
        return sure if witness else f"{unsure}: this cannot be decided, and counts as a break."

    def _objection(self, code: str, what: str, instead: str, *, witness: Value = None) -> Finding:
        deliberate = f"If the break is deliberate: {_acceptance(self.service, self.before)}."
        return replace(
            _finding(Weight.OBJECTION, code, self.service, what, f"{instead} {deliberate}"),
            route=self.before.name,
            witness=None if witness is None else (witness,),
        )

    def _warning(self, code: str, what: str, instead: str) -> Finding:
        return replace(
            _finding(Weight.WARNING, code, self.service, what, instead), route=self.before.name
        )


def _edits(api: DeclaredApi, lock: ApiLock) -> Iterator[Finding]:
    yield from changes(api, lock.document, place=locking.api_file(lock.service))


def changes(api: DeclaredApi, document: Schema, *, place: str) -> Iterator[Finding]:
    """Yield the findings between published routes and the program. `place` holds the document."""
    before, now = routes.routes(document), routes.routes(api.document)
    for key, route in before.items():
        if key in now:
            source = api.sources.get(now[key].operation)
            found = _Judge(api.service, route, now[key], place).findings()
            table = api.stored.get(now[key].operation, "")
            yield from (replace(_hinted(finding, table), source=source) for finding in found)
        else:
            yield _removed(api.service, route, now.values())


def _hinted(finding: Finding, table: str) -> Finding:
    """Return the finding with the reason if a change of stored items has changed a reply."""
    if not table or finding.code != "api.reply":
        return finding
    hint = f"The reply has the type of the items of {table}: give the route a type of its own."
    return replace(finding, instead=f"{hint} {finding.instead}")


def _gone(lock: ApiLock) -> Iterator[Finding]:
    if lock.published:
        for finding in removed(lock.service, lock.document):
            if not acceptances.is_over(lock, finding.route):
                yield finding
    else:
        yield _finding(
            Weight.NOTE,
            "api.left",
            lock.service,
            "The routes are a draft, and the service has no routes any more.",
            _LOCK,
        )


def removed(service: str, document: Schema) -> Iterator[Finding]:
    """Yield an objection for each route of a service that has no routes any more."""
    for route in routes.routes(document).values():
        yield _removed(service, route, ())


def _removed(service: str, route: Route, others: Iterable[Route]) -> Finding:
    same_path = any(other.key.partition(" ")[2] == route.key.partition(" ")[2] for other in others)
    what = f"The route is gone; {CLIENTS} would get {405 if same_path else 404}."
    instead = f"Keep it. When nobody calls it any more: {_acceptance(service, route)}."
    finding = _finding(Weight.OBJECTION, "api.removed", service, what, instead)
    return replace(finding, route=route.name, witness=(route.asked(),))


def _acceptance(service: str, route: Route) -> str:
    return f"oort contracts accept {service} --route '{route.name}' --reason '…'"


def _outdated(lock: ApiLock) -> Finding:
    if not lock.published:
        return _finding(
            Weight.NOTE,
            "api.draft",
            lock.service,
            "Its routes are a draft, and the lock file is outdated.",
            _LOCK,
        )
    what = "Its routes are published, and the lock file differs from the program; the change breaks nobody."
    return _finding(Weight.WARNING, "api.outdated", lock.service, what, _LOCK)


def _changed_defaults(before: Schema, now: Schema) -> Iterator[str]:
    """Yield the JSON pointers of changed defaults; "" points to the value itself."""
    if "default" in before and "default" in now and before["default"] != now["default"]:
        yield ""
    yield from (pointer for pointer, _, _ in members.changed_defaults(before, now))


def _parameter_name(route: Route, key: tuple[str, str]) -> str:
    """Return the name of a parameter. The key of a path parameter holds only its position."""
    if key[0] != "path":
        return key[1]
    return route.path.split("{")[int(key[1]) + 1].partition("}")[0]


def _finding(weight: Weight, code: str, service: str, what: str, instead: str) -> Finding:
    return Finding(weight=weight, code=code, subject=service, what=what, instead=instead)
