"""Check a class with `@service.queue` and record its model as `__oort__` on the class."""

from oort.app.declaring.declarations import ResourceDeclared
from oort.app.declaring.signatures import Reader, unreadable
from oort.app.handles.handle import Upgrade, declaration
from oort.app.handles.queues import Queue, QueueDeclaration
from oort.model import limits
from oort.model.errors import Mistake
from oort.model.resources import QueueModel


def declare(
    declared: ResourceDeclared, *, attempts: int, upgrades: tuple[Upgrade, ...]
) -> tuple[QueueModel | None, list[Mistake]]:
    """Return the model of the class and its mistakes; no model if the class is not a Queue."""
    arguments = declared.arguments(Queue)
    if arguments is None:
        return None, [declared.wrong_base("Queue[Mail, Can]")]
    mistakes, message = declared.naming(), arguments[0]
    model = QueueModel(
        name=f"{declared.service}.{declared.name}",
        service=declared.service,
        attempts=attempts,
        visibility=limits.VISIBILITY_PER_TIMEOUT * limits.REQUEST_TIMEOUT,
        subscription=None,
        source=declared.source,
        revision=len(upgrades) + 1,
    )
    check_attempts(model, mistakes)
    declared.cls.__oort__ = QueueDeclaration(model, message, upgrades)  # type: ignore[attr-defined]
    return model, mistakes


def check(declared: ResourceDeclared, model: QueueModel) -> tuple[QueueModel, list[Mistake]]:
    """Check the type of the messages. Lambda does without: the deployment has checked it."""
    arguments = declared.checked_arguments(Queue)
    message = arguments[0]
    problem = unreadable(message)
    if not problem:
        from oort.app.declaring import upgrades

        recorded = declaration(declared.cls)
        assert isinstance(recorded, QueueDeclaration)  # since `declare`
        return model, list(upgrades.mistakes(declared, recorded.upgrades, message))
    what = f"{declared.cls.__name__} takes {getattr(message, '__name__', message)}: {problem}."
    instead = "Use Structs and what msgspec can decode."
    return model, [declared.mistake("queue.message", what, instead)]


def check_attempts(queue: QueueModel, mistakes: list[Mistake]) -> None:
    """Add a mistake if SQS does not allow this number of attempts."""
    if not 1 <= queue.attempts <= limits.ATTEMPTS:
        what = f"{queue.name}: {queue.attempts} attempts are not possible."
        mistakes.append(
            Mistake(queue.source, "queue.attempts", what, f"SQS allows 1 to {limits.ATTEMPTS}.")
        )


def check_batch(batch: int, reader: Reader) -> None:
    """Add a mistake if SQS does not allow this batch size."""
    if not 1 <= batch <= limits.BATCH:
        reader.refuse(
            "queue.batch",
            f"{reader.name}: a batch of {batch} is not possible.",
            f"It is 1 to {limits.BATCH}.",
        )
