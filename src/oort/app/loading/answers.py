"""Answers to declared calls at load time: who may give them, and that each call has one."""

from collections.abc import Sequence

from oort.app.declaring.declarations import AnswerDeclared
from oort.app.declaring.parameters import CallParameter, Signature
from oort.app.declaring.signatures import Reader, read_consumer
from oort.app.handles import calls
from oort.app.programs import Function
from oort.model.functions import Answer
from oort.model.sources import Mistake


def read(service: str, said: AnswerDeclared, reader: Reader) -> tuple[Answer | None, Signature]:
    """The trigger and the signature of an answering handler."""
    declared = calls.declared(said.call)
    if declared is None:
        what = f"{reader.name}: {getattr(said.call, '__name__', said.call)} is no declared call."
        reader.refuse("call.undeclared", what, "Name a class under @call.")
        return None, Signature((), None)
    signature = read_consumer(reader, declared.request)
    if declared.model.service != service:
        what = f"{reader.name}: only the service {declared.model.service} answers {declared.model.name}."
        reader.refuse("ownership.call", what, f"Declare a call of your own: {service}.…")
    if signature.returns != declared.reply:
        shown, wanted = (
            getattr(one, "__name__", one) for one in (signature.returns, declared.reply)
        )
        reader.refuse(
            "call.answer",
            f"{reader.name} returns {shown}, but the call promises {wanted}.",
            f"Write -> {wanted}.",
        )
    return Answer(declared.model.name, declared.model.timeout), signature


def mistakes(functions: Sequence[Function]) -> list[Mistake]:
    """Calls that are answered twice, or by nobody although their service is there."""
    found: list[Mistake] = []
    answering: dict[str, Function] = {}
    for function in functions:
        if isinstance(function.model.trigger, Answer):
            other = answering.setdefault(function.model.trigger.call, function)
            if other is not function:
                what = f"{function.model.trigger.call} is answered twice; the other: {other.model.source}."
                found.append(
                    Mistake(function.model.source, "call.twice", what, "Keep one of them.")
                )
    services = {function.model.service for function in functions}
    for function in functions:
        for asked in (
            one.call.__oort__.model
            for one in function.signature.parameters
            if isinstance(one, CallParameter)
        ):
            if asked.service in services and asked.name not in answering:
                what = f"{function.model.name} calls {asked.name}, which nobody answers."
                found.append(
                    Mistake(
                        function.model.source,
                        "call.unanswered",
                        what,
                        f"Put @{asked.service}.answer on a handler.",
                    )
                )
    return found
