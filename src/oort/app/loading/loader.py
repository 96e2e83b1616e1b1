"""Load services into a program, or raise all mistakes at once.

The CLI and the test kit call this before anything runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from oort.app.declaring.declarations import (
    AnswerDeclared,
    HandlerDeclared,
    Route,
    SubscriptionDeclared,
    TimerDeclared,
    TriggerDeclared,
    WorkerDeclared,
    is_refused,
    kept_for,
)
from oort.app.declaring.parameters import CallParameter, ProvidedParameter, Signature
from oort.app.declaring.services import Service
from oort.app.declaring.signatures import (
    Reader,
    provided_type,
    read_consumer,
    read_provider,
    read_route,
    read_timer,
    refuse_once,
    refuse_return,
)
from oort.app.handles import calls, events
from oort.app.handles.calls import Call as DeclaredCall
from oort.app.handles.events import Event
from oort.app.handles.handle import Upgrade
from oort.app.handles.queues import QueueDeclaration
from oort.app.programs import Call, Function, Program, Provider
from oort.model import limits, names
from oort.model.errors import InvalidProgram, Mistake, Source
from oort.model.functions import FunctionModel, Grant, Subscription, Trigger, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import CallModel, EventModel, Kind, QueueModel, Resource


def load(services: Sequence[Service], *, name: str = "platform", checked: bool = False) -> Program:
    """Return the program of these services. Raises InvalidProgram with every mistake.

    A `checked` program was already checked by its deployment; it is only put together. On Lambda
    the checks are therefore not imported.
    """
    loaders = [_Loader(service, checked=checked) for service in services]
    for loader in loaders:
        loader.load_functions()
    functions = {
        function.model.name: function for loader in loaders for function in loader.functions
    }
    mistakes = [mistake for loader in loaders for mistake in loader.mistakes]
    if not checked:
        mistakes += _mistakes_between(services, loaders)
    event_models = _events(functions.values(), mistakes)
    if not checked:
        from oort.app.declaring import versions

        mistakes += versions.mistakes(*_published_and_consumed(functions.values()))
    if mistakes:
        raise InvalidProgram(mistakes)
    return Program(
        PlatformModel(name, tuple(loader.model(event_models) for loader in loaders)),
        functions,
        {} if checked else _classes(loaders),
    )


def _mistakes_between(
    services: Sequence[Service], loaders: "Sequence[_Loader]"
) -> Iterator[Mistake]:
    """Yield the mistakes that need all services together."""
    from oort.app.loading import (
        answers,
        atomic_blocks,
        ownership,
        routes,
        used_types,
        workers,
    )

    yield from ownership.imports(services)
    for service in services:
        yield from routes.origins(service)
    consumed = {queue for loader in loaders for queue in loader.workers}
    for service in services:
        yield from workers.mistakes(service, consumed)
    yield from _duplicates(loaders)
    functions = [function for loader in loaders for function in loader.functions]
    yield from answers.mistakes(functions)
    yield from used_types.patterns(functions)
    yield from used_types.unusable(functions)
    for function in functions:
        yield from atomic_blocks.mistakes(function)
    yield from routes.collisions(
        function.model for loader in loaders for function in loader.functions
    )


class _Loader:
    """The loader of a service."""

    def __init__(self, service: Service, *, checked: bool) -> None:
        self._checked = checked
        self.service = service
        self.declared = service.declared
        self.mistakes = list(service.declared.mistakes)
        self.resources: list[Resource] = [model for model, _, _ in self.declared.resources]
        if not checked:
            self.resources = list(self._checked_resources())
        self.calls: list[CallModel] = []
        self.answered: list[type[DeclaredCall[Any, Any]]] = []
        self.functions: list[Function] = []
        self.providers: dict[object, Provider] = {}
        self.workers: dict[str, str] = {}
        if not names.SERVICE.fullmatch(service.name) or service.name in limits.RESERVED_PATHS:
            what = f"{service.name!r} is not a service's name."
            instead = (
                "Use lower-case letters, digits and dashes, at most 34; "
                "ping and sping belong to API Gateway."
            )
            self.mistakes.append(Mistake(self.declared.source, "service.name", what, instead))

    def _checked_resources(self) -> Iterator[Resource]:
        """Check the types of items and messages, and yield the resources without mistakes."""
        for _, _, check in self.declared.resources:
            model, mistakes = check()
            self.mistakes += mistakes
            if model is not None:
                yield model

    def load_functions(self) -> None:
        """Read the signatures of every provider and handler."""
        self._load_providers()
        for handler in self.declared.handlers:
            self._load_handler(handler)

    def model(self, event_models: Iterable[EventModel]) -> ServiceModel:
        """Return the model of the service."""
        published = tuple(event for event in event_models if event.service == self.service.name)
        functions = tuple(function.model for function in self.functions)
        cors = tuple(self.declared.cors)
        resources = (*self.resources, *published, *self.calls)
        return ServiceModel(
            name=self.service.name, resources=resources, functions=functions, cors=cors
        )

    def _load_providers(self) -> None:
        returned = [_returned(declared.factory) for declared in self.declared.providers]
        provided = frozenset(map(provided_type, returned)) - {None}
        for declared in self.declared.providers:
            reader = Reader(declared.factory, source=declared.source, provided=provided)
            signature = read_provider(reader)
            refuse_once(
                reader,
                signature,
                why="belongs to a delivery, but the port of a provider lives longer",
                instead="Take Once in the handler and pass it on.",
            )
            if signature.returns is None:
                reader.refuse(
                    "provider.return",
                    f"{reader.name} has no return annotation.",
                    "Annotate the return type: handlers ask for the port by its type.",
                )
            elif signature.returns in self.providers:
                title = getattr(signature.returns, "__name__", signature.returns)
                reader.refuse(
                    "provider.twice",
                    f"{reader.name} makes {title}, but another provider makes {title} too.",
                    "Remove one of the two providers.",
                )
            self.mistakes += [*reader.mistakes, *self._foreign_parameters(reader, signature)]
            self.providers[signature.returns] = Provider(
                declared.factory, signature, self.service.name, kept_for(declared.factory)
            )
        if not self._checked:
            from oort.app.loading import ownership

            self.mistakes += ownership.cycles(self.service, self.providers)

    def _foreign_parameters(self, reader: Reader, signature: Signature) -> list[Mistake]:
        """Return the mistakes of parameters that belong to other services."""
        if self._checked:
            return []
        from oort.app.loading import ownership

        return ownership.parameters(self.service.name, reader, signature)

    def _reader(self, declared: HandlerDeclared) -> Reader:
        return Reader(
            declared.call,
            source=declared.source,
            provided=frozenset(self.providers),
            checked=self._checked,
        )

    def _load_handler(self, declared: HandlerDeclared) -> None:
        reader = self._reader(declared)
        trigger, signature = self._trigger(declared, reader)
        if not _has_message(declared.trigger):
            refuse_once(
                reader,
                signature,
                why="needs a delivery; a request or a call has no message",
                instead="Send a message to a queue of the service, and take Once in the worker.",
            )
        if not isinstance(declared.trigger, Route | AnswerDeclared):
            refuse_return(reader, signature)
        self.mistakes += [*reader.mistakes, *self._foreign_parameters(reader, signature)]
        if trigger is None:
            return
        timeout = declared.options.timeout
        if not timedelta(0) < timeout <= limits.FUNCTION_TIMEOUT:
            what = f"{reader.name}: a time-out of {timeout} is not possible."
            instead = "Lambda runs at most 15 minutes, a request 29 s."
            self.mistakes.append(Mistake(declared.source, "function.timeout", what, instead))
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
            timeout=declared.options.timeout,
            description=(declared.call.__doc__ or "").strip().split("\n")[0],
            source=declared.source,
            latency_sensitive=declared.options.latency_sensitive,
        )
        event = (
            declared.trigger.event if isinstance(declared.trigger, SubscriptionDeclared) else None
        )
        raises = tuple(declared.trigger.raises) if isinstance(declared.trigger, Route) else ()
        self.functions.append(
            Function(
                model, declared.call, signature, self.providers, event, raises, _upgrades(declared)
            )
        )

    def _trigger(
        self, declared: HandlerDeclared, reader: Reader
    ) -> tuple[Trigger | None, Signature]:
        """Return the trigger and the signature. Import only the reader of this kind of trigger."""
        match declared.trigger:
            case Route() as route:
                return self._route(declared, route, reader)
            case SubscriptionDeclared() as subscription:
                return self._subscription(declared, subscription, reader)
            case AnswerDeclared() as answer:
                return self._answer(answer, reader)
            case TimerDeclared() as timer:
                from oort.app.loading import timers

                queue = self._own_queue(declared, reader, attempts=timer.attempts, event=None)
                return timers.trigger(timer, queue, reader), read_timer(reader)
            case WorkerDeclared() as worker:
                return self._worker(declared, worker, reader)

    def _route(
        self, declared: HandlerDeclared, route: Route, reader: Reader
    ) -> tuple[Trigger, Signature]:
        from oort.app.loading import routes

        trigger = routes.trigger(self.service.name, route, reader)
        signature = read_route(reader, path=routes.parameters(route.path), public=route.public)
        routes.check(route, signature, declared.options.timeout, reader)
        return trigger, signature

    def _answer(self, answer: AnswerDeclared, reader: Reader) -> tuple[Trigger | None, Signature]:
        from oort.app.loading import answers

        trigger, signature = answers.read(self.service.name, answer, reader)
        if (declared := calls.declared(answer.call)) is not None:
            self.calls.append(declared.model)
            self.answered.append(answer.call)
        return trigger, signature

    def _subscription(
        self, declared: HandlerDeclared, subscription: SubscriptionDeclared, reader: Reader
    ) -> tuple[Trigger | None, Signature]:
        from oort.app.declaring import queues  # for consumers only

        signature = read_consumer(reader, subscription.event)
        if events.declared(subscription.event) is None:
            reader.refuse(
                "consumer.event",
                f"{reader.name} subscribes to {_named(subscription.event)}, which is no event.",
                "Name a class under @event. A queue is consumed by @service.worker.",
            )
            return None, signature
        event = subscription.event.__oort__.model
        queues.check_batch(declared.options.batch, reader)
        batch = _batch(declared)
        queue = self._own_queue(
            declared, reader, attempts=subscription.attempts, event=event.name, batch=batch
        )
        return Subscription(event.name, event.version, queue.name, batch), signature

    def _own_queue(
        self,
        declared: HandlerDeclared,
        reader: Reader,
        *,
        attempts: int,
        event: str | None,
        batch: int = 1,
    ) -> QueueModel:
        """Return a new queue for this handler."""
        from oort.app.declaring import queues  # for consumers only

        queue = QueueModel(
            name=f"{self.service.name}.{names.dashed(reader.name)}",
            service=self.service.name,
            attempts=attempts,
            visibility=_visibility(declared, batch),
            subscription=event,
            source=declared.source,
        )
        queues.check_attempts(queue, reader.mistakes)
        self.resources.append(queue)
        return queue

    def _worker(
        self, declared: HandlerDeclared, worker: WorkerDeclared, reader: Reader
    ) -> tuple[Trigger | None, Signature]:
        from oort.app.declaring import queues  # for consumers only

        declaration = getattr(worker.queue, "__oort__", None)
        if is_refused(worker.queue):
            return None, Signature((), None)
        if not isinstance(declaration, QueueDeclaration):
            reader.refuse(
                "consumer.queue",
                f"{reader.name}: {_named(worker.queue)} is not a queue.",
                "Name a class under @service.queue. An event is consumed by @service.on.",
            )
            return None, Signature((), None)
        signature = read_consumer(reader, declaration.message)
        if declaration.model.service != self.service.name:
            what = f"{reader.name} consumes {declaration.model.name}, a queue of another service."
            reader.refuse(
                "ownership.queue", what, "Consume your own queues; between services use events."
            )
        first_worker = self.workers.setdefault(declaration.model.name, reader.name)
        if first_worker != reader.name:
            queue_name = declaration.model.name
            what = f"{reader.name} consumes {queue_name}, but {first_worker} consumes it too."
            reader.refuse(
                "consumer.twice",
                what,
                "Remove one of the two: a queue has a single consumer. An event can have many.",
            )
        queues.check_batch(declared.options.batch, reader)
        batch = _batch(declared)
        for position, queue in enumerate(self.resources):
            if isinstance(queue, QueueModel) and queue.name == declaration.model.name:
                self.resources[position] = replace(queue, visibility=_visibility(declared, batch))
        return Worker(declaration.model.name, batch), signature

    def _grants(self, signature: Signature, function: str) -> tuple[Grant, ...]:
        """Return the grants of the handler's parameters and of the providers that it uses."""
        grants: set[Grant] = set()
        pending, seen = list(signature.parameters), set[object]()
        while pending:
            parameter = pending.pop()
            grants.update(parameter.grants(function))
            if isinstance(parameter, ProvidedParameter) and parameter.kind not in seen:
                seen.add(parameter.kind)
                pending += self.providers[parameter.kind].signature.parameters
        return _merged(grants)


def _upgrades(declared: HandlerDeclared) -> tuple[Upgrade, ...]:
    """Return the upgrades of the queue that a worker consumes."""
    queue = declared.trigger.queue if isinstance(declared.trigger, WorkerDeclared) else None
    record = getattr(queue, "__oort__", None)
    return record.upgrades if isinstance(record, QueueDeclaration) else ()


def _classes(loaders: "Sequence[_Loader]") -> dict[str, type]:
    """Return the classes of tables, queues and calls, by kind and name."""
    classes = {
        f"{model.kind} {model.name}": cls
        for loader in loaders
        for model, cls, _ in loader.declared.resources
    }
    for function in (function for loader in loaders for function in loader.functions):
        for parameter in function.signature.parameters:
            if isinstance(parameter, CallParameter):
                model = parameter.call.__oort__.model
                classes[f"{model.kind} {model.name}"] = parameter.call
    for loader in loaders:
        classes |= {f"{Kind.CALL} {cls.__oort__.model.name}": cls for cls in loader.answered}
    return classes


def _has_message(trigger: TriggerDeclared) -> bool:
    """Return True if a delivery triggers the handler, so that a repeat can be recognised."""
    match trigger:
        case Route() | AnswerDeclared():
            return False
        case SubscriptionDeclared() | WorkerDeclared() | TimerDeclared():
            return True


def _merged(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    actions: dict[tuple[Kind, str], set[str]] = {}
    for grant in grants:
        actions.setdefault((grant.kind, grant.resource), set()).update(grant.actions)
    return tuple(
        sorted(Grant(kind, name, tuple(sorted(words))) for (kind, name), words in actions.items())
    )


def _returned(factory: Call) -> object:
    reader = Reader(factory, source=Source("", 0), provided=frozenset())
    return (reader.hints() or {}).get("return")


def _duplicates(loaders: Sequence[_Loader]) -> list[Mistake]:
    mistakes: list[Mistake] = []
    seen: dict[str, str] = {}
    for loader in loaders:
        entries = [(f"service {loader.service.name}", loader.declared.source)]
        entries += [
            (f"{resource.kind} {resource.name}", resource.source) for resource in loader.resources
        ]
        entries += [
            (f"function {function.model.name}", function.model.source)
            for function in loader.functions
        ]
        for what, source in entries:
            if what in seen:
                sentence = f"There are two of the {what}; the other: {seen[what]}."
                mistakes.append(Mistake(source, "name.twice", sentence, "Rename one of the two."))
            seen.setdefault(what, str(source))
    return mistakes


def _named(kind: object) -> str:
    return str(getattr(kind, "__name__", kind))


def _batch(declared: HandlerDeclared) -> int:
    """Return the size of the consumer's batches. A time-out that is a mistake counts as the default."""
    from oort.rules import triggers  # for consumers only

    timeout = declared.options.timeout
    return triggers.batch(declared.options.batch, timeout=timeout) if timeout > timedelta(0) else 1


def _visibility(declared: HandlerDeclared, batch: int) -> timedelta:
    from oort.rules import triggers  # for consumers only

    return triggers.visibility(declared.options.timeout, batch=batch)


def _published_and_consumed(
    functions: Iterable[Function],
) -> tuple[list[type[Event]], list[tuple[str, type[Event]]]]:
    """Return each published class once, and each consumer's name with its event class."""
    published = dict.fromkeys(event for function in functions for event in function.published)
    return list(published), [
        (function.model.name, function.event) for function in functions if function.event
    ]


def _events(functions: Iterable[Function], mistakes: list[Mistake]) -> tuple[EventModel, ...]:
    """Return every event that a function or provider publishes, or a function consumes."""
    classes: dict[tuple[str, int], type[Event]] = {}
    for function in functions:
        for kind in (*function.published, *((function.event,) if function.event else ())):
            model = kind.__oort__.model
            first = classes.setdefault((model.name, model.version), kind)
            if first is not kind:
                where = first.__oort__.model.source
                title = f"version {model.version} of {model.name}"
                what = f"There are two classes for {title}; the other: {where}."
                mistakes.append(
                    Mistake(
                        model.source,
                        "event.twice",
                        what,
                        "Declare the version once and import the class.",
                    )
                )
    return tuple(classes[key].__oort__.model for key in sorted(classes))
