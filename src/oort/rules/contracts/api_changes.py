"""What a change of a service's routes would break: clients go on sending what they sent, and read what they read.

Requests are compared as they are, for bodies are closed (decision 0003); of replies clients ignore what they do not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from oort.model.contracts import ApiLock, Declared, DeclaredApi, Finding, Locks, Schema, Weight
from oort.model.items import Value
from oort.rules.contracts import locks as locking
from oort.rules.contracts import members, routes
from oort.rules.contracts.fits import misfit
from oort.rules.contracts.routes import Part, Route
from oort.rules.inclusion import closed_and_open

CLIENTS = "clients that run now"

_LOCK = "Run oort contracts lock, and commit what it writes."


def findings(declared: Declared, locks: Locks) -> Iterator[Finding]:
    """Everything that is found, by service."""
    for service in sorted({*declared.apis, *locks.apis}):
        one, lock = declared.apis.get(service), locks.apis.get(service)
        if one is None:
            yield from _gone(locks.apis[service])
        elif lock is None:
            yield _finding(
                Weight.NOTE, "api.unlocked", service, "Its routes are not locked yet.", _LOCK
            )
        elif lock.hash != one.hash:
            found = list(_edits(one, lock)) if lock.published else []
            yield from found
            if not any(finding.weight is Weight.OBJECTION for finding in found):
                yield _outdated(lock)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges one route that is there before and after."""

    service: str
    before: Route
    now: Route
    file: str

    def findings(self) -> Iterator[Finding]:
        yield from self._callers()
        yield from self._parameters()
        yield from self._body()
        yield from self._reply()

    def _callers(self) -> Iterator[Finding]:
        asked = self.before.asked()
        if self.before.public and not self.now.public:
            what, instead = (
                "It was public, and now asks for a token.",
                "Keep public=True, or add another route.",
            )
            yield self._objection("api.private", what, instead, witness=f"{asked} without a token")
        elif not self.now.public and "" not in self.now.ways:
            for group in sorted(self.before.ways - self.now.ways):
                whom = f"callers of the group {group}" if group else "every caller with a token"
                what, instead = (
                    f"It was open to {whom}, and is not any more.",
                    "Keep it open, or add another route.",
                )
                witness = (
                    f"{asked} by a caller of the group {group}"
                    if group
                    else f"{asked} by a caller without a group"
                )
                yield self._objection("api.private", what, instead, witness=witness)

    def _parameters(self) -> Iterator[Finding]:
        for key, part in self.now.parameters.items():
            place, name = key
            old = self.before.parameters.get(key)
            if part.required and place != "path" and (old is None or not old.required):
                what = f"The {place} parameter {name} must be given now."
                witness = f"{self.before.asked()} without {name}"
                told = self._objection(
                    "api.parameter", what, f"Give {name} a default.", witness=witness
                )
                yield replace(told, name=name)
            if old is not None:
                yield from self._narrower(
                    "api.parameter", f"The {place} parameter {_shown(self.now, key)}", old, part
                )
        for place, name in sorted(self.before.parameters.keys() - self.now.parameters.keys()):
            what = f"The {place} parameter {name} is gone; it is passed over now."
            yield self._warning("api.parameter-gone", what, "Keep it, unless nobody sends it.")

    def _body(self) -> Iterator[Finding]:
        old, new = self.before.body, self.now.body
        if new is None:
            if old is not None:
                yield self._warning(
                    "api.body-gone", "The body is gone; it is passed over now.", "Is that meant?"
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
        """What was accepted and is not any more, and a default that is another one."""
        for pointer in _changed_defaults(old.schema, new.schema):
            place = f"{what}, {pointer}," if pointer else what
            said = self._warning(
                "api.default",
                f"{place} has another default.",
                "Nobody is refused, but is it meant?",
            )
            yield replace(said, pointer=pointer, name=pointer.rpartition("/")[2])
        unfit = misfit(old.schema, new.schema, examples=old.example)
        if unfit is None:
            return
        where = f"{what}, {unfit.pointer or unfit.name}," if unfit.pointer or unfit.name else what
        told = self._told(
            unfit.witness,
            f"{where} accepts less than before.",
            f"{where} may accept less than before",
        )
        instead = f"Go on accepting what {CLIENTS} send, or add another route."
        found = self._objection(code if unfit.witness else "api.unknown", told, instead)
        side = f"the service would refuse what {CLIENTS} send"
        yield replace(
            found, witness=unfit.witness, pointer=unfit.pointer, name=unfit.name, holder=unfit.holder, side=side,
            refuses=f"the schema of the {what.removeprefix('The ')} in the program",
        )  # fmt: skip

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
                "api.reply", f"The reply {gone}.", "Keep the type that it returns.", witness=witness
            )
            return
        if old.sure and not new.sure:
            instead = "Raise a problem, or return something always."
            yield self._objection(
                "api.reply", "The reply may have no body now.", instead, witness="no body"
            )
        yield from self._replied(old.schema, new.schema)

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
        told = self._told(
            unfit.witness, f"{where} is not what it was.", f"{where} may not be what it was"
        )
        instead = (
            f"Keep what {CLIENTS} read, or add another route; members that are new are no break."
        )
        found = self._objection("api.reply" if unfit.witness else "api.unknown", told, instead)
        yield replace(
            found, witness=unfit.witness, pointer=unfit.pointer, name=unfit.name, holder=unfit.holder,
            side=f"{CLIENTS} would not understand it", refuses=f"the schema of the reply in {self.file}",
        )  # fmt: skip

    def _told(self, witness: object, sure: str, unsure: str) -> str:
        return sure if witness else f"{unsure}: it cannot be decided, which is refused like a no."

    def _objection(self, code: str, what: str, instead: str, *, witness: Value = None) -> Finding:
        return replace(
            _finding(Weight.OBJECTION, code, self.service, what, instead),
            route=self.before.name,
            witness=None if witness is None else (witness,),
        )

    def _warning(self, code: str, what: str, instead: str) -> Finding:
        return replace(
            _finding(Weight.WARNING, code, self.service, what, instead), route=self.before.name
        )


def _edits(one: DeclaredApi, lock: ApiLock) -> Iterator[Finding]:
    file = locking.api_file(lock.service)
    before, now = routes.routes(lock.document), routes.routes(one.document)
    for key, route in before.items():
        if key in now:
            source = one.sources.get(now[key].operation)
            found = _Judge(one.service, route, now[key], file).findings()
            yield from (replace(finding, source=source) for finding in found)
        else:
            yield _lost(lock, route)


def _gone(lock: ApiLock) -> Iterator[Finding]:
    """The service has no route any more."""
    if lock.published:
        yield from (_lost(lock, route) for route in routes.routes(lock.document).values())
    else:
        yield _finding(
            Weight.NOTE,
            "api.left",
            lock.service,
            "It is a draft, and the service has no routes any more.",
            _LOCK,
        )


def _lost(lock: ApiLock, route: Route) -> Finding:
    what = f"The route is gone; {CLIENTS} would get 404."
    again = "".join(f" --publish {stage}" for stage in lock.published[:1])
    file = locking.api_file(lock.service)
    instead = (
        f"Keep it; when nobody calls it any more, delete {file} and run oort contracts lock{again}."
    )
    found = _finding(Weight.OBJECTION, "api.removed", lock.service, what, instead)
    return replace(found, route=route.name, witness=(route.asked(),))


def _outdated(lock: ApiLock) -> Finding:
    if not lock.published:
        return _finding(
            Weight.NOTE,
            "api.draft",
            lock.service,
            "Its routes are a draft, and the lock file is an old one.",
            _LOCK,
        )
    what = "Its routes are published, and the lock file is not what the program says; the change breaks nobody."
    return _finding(Weight.WARNING, "api.outdated", lock.service, what, _LOCK)


def _changed_defaults(before: Schema, now: Schema) -> Iterator[str]:
    """Where a value that may be left out is another one now; "" is the whole."""
    if "default" in before and "default" in now and before["default"] != now["default"]:
        yield ""
    yield from (pointer for pointer, _, _ in members.changed_defaults(before, now))


def _shown(route: Route, key: tuple[str, str]) -> str:
    """The name of a parameter; one of the path has a number."""
    if key[0] != "path":
        return key[1]
    return route.path.split("{")[int(key[1]) + 1].partition("}")[0]


def _finding(weight: Weight, code: str, service: str, what: str, instead: str) -> Finding:
    return Finding(weight=weight, code=code, subject=service, what=what, instead=instead)
