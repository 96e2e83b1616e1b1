"""Turns services into a program, or refuses with every mistake at once. The CLI and the test kit call it before anything runs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from oort.app.declaring import resources, versions
from oort.app.declaring.caching import kept_for
from oort.app.declaring.services import (
    AnswerDeclared,
    HandlerDeclared,
    RouteDeclared,
    Service,
    SubscriptionDeclared,
    TimerDeclared,
    WorkerDeclared,
)
from oort.app.declaring.signatures import (
    CallParameter,
    HandleParameter,
    OnceParameter,
    ProvidedParameter,
    PublishParameter,
    Reader,
    Signature,
    made,
    read_consumer,
    read_provider,
    read_route,
    read_timer,
    refuse_once,
)
from oort.app.handles import events
from oort.app.handles.events import Event
from oort.app.handles.queues import QueueDeclaration
from oort.app.loading import answers, ownership, routes, timers
from oort.app.programs import Call, Function, Program, Provider
from oort.model import limits, names
from oort.model.errors import InvalidProgram
from oort.model.functions import FunctionModel, Grant, Subscription, Trigger, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import EventModel, QueueModel
from oort.model.sources import Mistake


def load(services: Sequence[Service], *, name: str = "platform") -> Program:
    """The program of these services. Raises InvalidProgram with every mistake that was found."""
    loaders = [_Loader(service) for service in services]
    for loader in loaders:
        loader.load_functions()
    mistakes = [mistake for loader in loaders for mistake in loader.mistakes]
    mistakes += ownership.imports(services)
    mistakes += [mistake for service in services for mistake in routes.origins(service)]
    mistakes += _duplicates(loaders)
    mistakes += answers.mistakes([function for loader in loaders for function in loader.functions])
    mistakes += routes.collisions(
        function.model for loader in loaders for function in loader.functions
    )
    functions = {
        function.model.name: function for loader in loaders for function in loader.functions
    }
    known = _events(functions.values(), mistakes)
    mistakes += versions.mistakes(*_told_and_heard(functions.values()))
    if mistakes:
        raise InvalidProgram(mistakes)
    return Program(PlatformModel(name, tuple(loader.model(known) for loader in loaders)), functions)


class _Loader:
    """Loads one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.declared = service.declared
        self.mistakes = list(service.declared.mistakes)
        self.tables = list(self.declared.tables)
        self.queues = list(self.declared.queues)
        self.functions: list[Function] = []
        self.providers: dict[object, Provider] = {}
        self.workers: dict[str, str] = {}
        if not names.SERVICE.fullmatch(service.name) or service.name in limits.RESERVED_PATHS:
            what = f"{service.name!r} is not a service's name."
            instead = "Use lower-case letters, digits and dashes, at most 34; ping and sping are API Gateway's own."
            self.mistakes.append(Mistake(self.declared.source, "service.name", what, instead))

    def load_functions(self) -> None:
        """Read every provider's and handler's signature."""
        self._load_providers()
        for handler in self.declared.handlers:
            self._load_handler(handler)

    def model(self, known: Iterable[EventModel]) -> ServiceModel:
        """The service as data."""
        own = tuple(event for event in known if event.service == self.service.name)
        functions = tuple(function.model for function in self.functions)
        cors = tuple(self.declared.cors)
        return ServiceModel(
            self.service.name, tuple(self.tables), tuple(self.queues), own, functions, cors
        )

    def _load_providers(self) -> None:
        made_here = frozenset(made(_returned(one.factory)) for one in self.declared.providers) - {
            None
        }
        for declared in self.declared.providers:
            reader = Reader(declared.factory, source=declared.source, provided=made_here)
            signature = read_provider(reader)
            refuse_once(
                reader,
                signature,
                why="is of one delivery, and what a provider makes is kept",
                instead="Take it in the handler, and hand it on from there.",
            )
            if signature.returns is None:
                reader.refuse(
                    "provider.return",
                    f"{reader.name} says not what it makes.",
                    "Annotate its return type: handlers ask for it.",
                )
            elif signature.returns in self.providers:
                title = getattr(signature.returns, "__name__", signature.returns)
                reader.refuse(
                    "provider.twice",
                    f"{reader.name} makes {title}, and so does another provider.",
                    "Keep one of them.",
                )
            self.mistakes += [
                *reader.mistakes,
                *ownership.parameters(self.service.name, reader, signature),
            ]
            self.providers[signature.returns] = Provider(
                declared.factory, signature, self.service.name, kept_for(declared.factory)
            )
        self.mistakes += ownership.cycles(self.service, self.providers)

    def _load_handler(self, declared: HandlerDeclared) -> None:
        reader = Reader(declared.call, source=declared.source, provided=frozenset(self.providers))
        trigger, signature = self._trigger(declared, reader)
        if isinstance(declared.trigger, RouteDeclared | AnswerDeclared):
            refuse_once(
                reader,
                signature,
                why="is of a delivery; a request and a call have no message to know a repeat by",
                instead="Send a message to a queue of the service, and take Once in its worker.",
            )
        self.mistakes += [
            *reader.mistakes,
            *ownership.parameters(self.service.name, reader, signature),
        ]
        if trigger is None:
            return
        if not 0 < declared.timeout.total_seconds() <= limits.FUNCTION_TIMEOUT.total_seconds():
            what = f"{reader.name}: a time-out of {declared.timeout} is not possible."
            self.mistakes.append(
                Mistake(
                    declared.source,
                    "function.timeout",
                    what,
                    "Lambda runs at most 15 minutes, a request 29 s.",
                )
            )
        if not names.RESOURCE.fullmatch(names.dashed(reader.name)):
            what, instead = (
                f"{reader.name!r} is not a function's name.",
                "Use letters, digits and _, at most 63.",
            )
            self.mistakes.append(Mistake(declared.source, "function.name", what, instead))
        model = FunctionModel(
            name=f"{self.service.name}.{reader.name}",
            service=self.service.name,
            trigger=trigger,
            grants=self._grants(signature, f"{self.service.name}.{reader.name}"),
            timeout=declared.timeout,
            description=(declared.call.__doc__ or "").strip().split("\n")[0],
            source=declared.source,
        )
        event = (
            declared.trigger.event if isinstance(declared.trigger, SubscriptionDeclared) else None
        )
        raises = declared.trigger.raises if isinstance(declared.trigger, RouteDeclared) else ()
        self.functions.append(
            Function(model, declared.call, signature, self.providers, event, raises)
        )

    def _trigger(
        self, declared: HandlerDeclared, reader: Reader
    ) -> tuple[Trigger | None, Signature]:
        if isinstance(declared.trigger, RouteDeclared):
            route = routes.trigger(self.service.name, declared.trigger, reader)
            signature = read_route(
                reader,
                path=routes.parameters(declared.trigger.path),
                public=declared.trigger.public,
            )
            routes.check(declared.trigger, signature, declared.timeout, reader)
            return route, signature
        if isinstance(declared.trigger, SubscriptionDeclared):
            return self._subscription(declared, declared.trigger, reader)
        if isinstance(declared.trigger, AnswerDeclared):
            return answers.read(self.service.name, declared.trigger, reader)
        if isinstance(declared.trigger, TimerDeclared):
            queue = self._own_queue(
                declared, reader, attempts=declared.trigger.attempts, event=None
            )
            return timers.trigger(declared.trigger, queue, reader), read_timer(reader)
        return self._worker(declared, declared.trigger, reader)

    def _subscription(
        self, declared: HandlerDeclared, said: SubscriptionDeclared, reader: Reader
    ) -> tuple[Trigger | None, Signature]:
        signature = read_consumer(reader, said.event)
        if events.declared(said.event) is None:
            reader.refuse(
                "consumer.event",
                f"{reader.name} subscribes to {said.event!r}.",
                "Name a class under @event.",
            )
            return None, signature
        event = said.event.__oort__.model
        queue = self._own_queue(declared, reader, attempts=said.attempts, event=event.name)
        resources.check_batch(said.batch, reader)
        return Subscription(event.name, event.version, queue.name, said.batch), signature

    def _own_queue(
        self, declared: HandlerDeclared, reader: Reader, *, attempts: int, event: str | None
    ) -> QueueModel:
        """The queue in front of one handler."""
        queue = QueueModel(
            name=f"{self.service.name}.{names.dashed(reader.name)}",
            service=self.service.name,
            attempts=attempts,
            visibility=declared.timeout * limits.VISIBILITY_PER_TIMEOUT,
            subscription=event,
            source=declared.source,
        )
        resources.check_attempts(queue, reader.mistakes)
        self.queues.append(queue)
        return queue

    def _worker(
        self, declared: HandlerDeclared, said: WorkerDeclared, reader: Reader
    ) -> tuple[Trigger | None, Signature]:
        declaration = getattr(said.queue, "__oort__", None)
        if not isinstance(declaration, QueueDeclaration):
            reader.refuse(
                "consumer.queue",
                f"{reader.name}: {getattr(said.queue, '__name__', said.queue)} is not a queue.",
                "Name a class under @service.queue.",
            )
            return None, Signature((), None)
        signature = read_consumer(reader, declaration.message)
        if declaration.model.service != self.service.name:
            what = f"{reader.name} consumes {declaration.model.name}, a queue of another service."
            reader.refuse(
                "ownership.queue", what, "Consume your own queues; between services use events."
            )
        other = self.workers.setdefault(declaration.model.name, reader.name)
        if other != reader.name:
            what = f"{reader.name} consumes {declaration.model.name}, and so does {other}."
            reader.refuse(
                "consumer.twice",
                what,
                "Keep one: a message of a queue has one consumer. Events have many.",
            )
        resources.check_batch(said.batch, reader)
        for position, queue in enumerate(self.queues):
            if queue.name == declaration.model.name:
                self.queues[position] = replace(
                    queue, visibility=declared.timeout * limits.VISIBILITY_PER_TIMEOUT
                )
        return Worker(declaration.model.name, said.batch), signature

    def _grants(self, signature: Signature, function: str) -> tuple[Grant, ...]:
        """All that the function may do, through its parameters and those of the providers that it uses."""
        found: set[Grant] = set()
        rest, seen = list(signature.parameters), set[object]()
        while rest:
            parameter = rest.pop()
            if isinstance(parameter, HandleParameter | CallParameter):
                found.add(parameter.grant())
            elif isinstance(parameter, PublishParameter):
                found.update(parameter.grants())
            elif isinstance(parameter, OnceParameter):
                found.add(parameter.grant(function))
            elif isinstance(parameter, ProvidedParameter) and parameter.kind not in seen:
                seen.add(parameter.kind)
                rest += self.providers[parameter.kind].signature.parameters
        return _merged(found)


def _merged(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    actions: dict[tuple[resources.Kind, str], set[str]] = {}
    for grant in grants:
        actions.setdefault((grant.kind, grant.resource), set()).update(grant.actions)
    return tuple(
        sorted(Grant(kind, name, tuple(sorted(words))) for (kind, name), words in actions.items())
    )


def _returned(factory: Call) -> object:
    reader = Reader(factory, source=resources.NOWHERE, provided=frozenset())
    return (reader.hints() or {}).get("return")


def _duplicates(loaders: Sequence[_Loader]) -> list[Mistake]:
    found: list[Mistake] = []
    seen: dict[str, str] = {}
    for loader in loaders:
        entries = [(f"service {loader.service.name}", loader.declared.source)]
        entries += [(f"table {table.name}", table.source) for table in loader.tables]
        entries += [(f"queue {queue.name}", queue.source) for queue in loader.queues]
        entries += [
            (f"function {function.model.name}", function.model.source)
            for function in loader.functions
        ]
        for what, source in entries:
            if what in seen:
                found.append(
                    Mistake(
                        source,
                        "name.twice",
                        f"There are two of the {what}; the other: {seen[what]}.",
                        "Rename one.",
                    )
                )
            seen.setdefault(what, str(source))
    return found


def _told_and_heard(
    functions: Iterable[Function],
) -> tuple[list[type[Event]], list[tuple[str, type[Event]]]]:
    """What is published, each class once, and what each consumer takes."""
    told = dict.fromkeys(kind for function in functions for kind in function.published)
    return list(told), [
        (function.model.name, function.event) for function in functions if function.event
    ]


def _events(functions: Iterable[Function], mistakes: list[Mistake]) -> tuple[EventModel, ...]:
    """Every event that is published, by a provider too, or consumed."""
    found: dict[tuple[str, int], type[Event]] = {}
    for function in functions:
        for kind in (*function.published, *((function.event,) if function.event else ())):
            model = kind.__oort__.model
            other = found.setdefault((model.name, model.version), kind)
            if other is not kind:
                where = other.__oort__.model.source
                what = f"There are two classes for version {model.version} of {model.name}; the other: {where}."
                mistakes.append(
                    Mistake(
                        model.source, "event.twice", what, "Declare it once; import it from there."
                    )
                )
    return tuple(found[key].__oort__.model for key in sorted(found))
