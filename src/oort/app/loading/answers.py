"""Answers to declared calls at load time: each call has exactly one answer, in its own service."""

from collections.abc import Sequence

from oort.app.declaring.declarations import AnswerDeclared
from oort.app.declaring.parameters import CallParameter, Signature
from oort.app.declaring.signatures import Reader, read_consumer
from oort.app.handles import calls
from oort.app.programs import Function
from oort.model.errors import Mistake
from oort.model.functions import Answer


def read(service: str, answer: AnswerDeclared, reader: Reader) -> tuple[Answer | None, Signature]:
    """Return the trigger and the signature of an answering handler."""
    declared = calls.declared(answer.call)
    if declared is None:
        title = getattr(answer.call, "__name__", answer.call)
        what = f"{reader.name}: {title} is not a declared call."
        reader.refuse("call.undeclared", what, "Name a class under @call.")
        return None, Signature((), None)
    signature = read_consumer(reader, declared.request)
    if declared.model.service != service:
        model = declared.model
        what = f"{reader.name}: only the service {model.service} answers {model.name}."
        reader.refuse("ownership.call", what, f"Declare a call of your own: {service}.…")
    if signature.returns != declared.reply:
        actual, expected = (
            getattr(kind, "__name__", kind) for kind in (signature.returns, declared.reply)
        )
        reader.refuse(
            "call.answer",
            f"{reader.name} returns {actual}, but the call declares {expected}.",
            f"Write -> {expected}.",
        )
    return Answer(declared.model.name, declared.model.timeout), signature


def mistakes(functions: Sequence[Function]) -> list[Mistake]:
    """Return the calls with two answers, and the calls without an answer in a loaded service."""
    mistakes_found: list[Mistake] = []
    answering: dict[str, Function] = {}
    for function in functions:
        if isinstance(function.model.trigger, Answer):
            first = answering.setdefault(function.model.trigger.call, function)
            if first is not function:
                call = function.model.trigger.call
                what = f"{call} has two answers; the other: {first.model.source}."
                mistakes_found.append(
                    Mistake(
                        function.model.source, "call.twice", what, "Remove one of the two handlers."
                    )
                )
    services = {function.model.service for function in functions}
    for function in functions:
        for called in (
            parameter.call.__oort__.model
            for parameter in function.signature.parameters
            if isinstance(parameter, CallParameter)
        ):
            if called.service in services and called.name not in answering:
                what = f"{function.model.name} calls {called.name}, but no handler answers it."
                mistakes_found.append(
                    Mistake(
                        function.model.source,
                        "call.unanswered",
                        what,
                        f"Put @{called.service}.answer on a handler.",
                    )
                )
    return mistakes_found
