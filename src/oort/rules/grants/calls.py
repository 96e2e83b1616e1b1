"""Grants on calls."""

from collections.abc import Iterator

from oort.model.errors import InvalidProgram, Mistake
from oort.model.functions import Grant
from oort.model.platform import PlatformModel
from oort.rules import triggers
from oort.rules.grants.edges import EdgeKind
from oort.rules.grants.statement import Grantee, Statement, named

EDGE = EdgeKind.CALLS


def statements(grant: Grant, grantee: Grantee) -> Iterator[Statement]:
    """Allow to invoke the function that answers.

    InvalidProgram if no function of the platform answers.
    """
    answer = grantee.location.function_arn(_answer(grant, grantee))
    yield Statement(named(grant), ("lambda:InvokeFunction",), (answer,))


def answering(platform: PlatformModel) -> dict[str, str]:
    """Return the name of the function that answers each call."""
    return {
        call: function.name for call, function in triggers.answering(platform.functions).items()
    }


def _answer(grant: Grant, grantee: Grantee) -> str:
    answer = answering(grantee.platform).get(grant.resource)
    if answer is None:
        function = grantee.function
        what = (
            f"{function.name} calls {grant.resource}, but no function of this platform answers it."
        )
        instead = "Add the service that answers it to `services` in oort.toml."
        raise InvalidProgram([Mistake(function.source, "call.unanswered", what, instead)])
    return answer
