"""Problems as RFC 9457 documents."""

import pytest

from oort.model.problems import Conflict, Forbidden, NotFound, Problem, Unauthorized


class EmailTaken(Conflict):
    """The address is in use.

    More that no client sees.
    """


class PaymentRequired(Problem):
    status = 402


@pytest.mark.parametrize(
    ("problem", "status"), [(Unauthorized, 401), (Forbidden, 403), (NotFound, 404), (Conflict, 409)]
)
def test_each_problem_has_its_status(problem: type[Problem], status: int) -> None:
    assert problem().document()["status"] == status


def test_a_problem_is_named_after_its_class_and_titled_by_its_docstring() -> None:
    assert EmailTaken("ada@example.com").document() == {
        "type": "urn:problem:email-taken",
        "title": "The address is in use.",
        "status": 409,
        "detail": "ada@example.com",
    }


def test_a_problem_without_a_docstring_of_its_own_is_titled_by_its_name() -> None:
    assert PaymentRequired().document() == {
        "type": "urn:problem:payment-required",
        "title": "Payment required",
        "status": 402,
    }


def test_members_are_shown_but_never_replace_the_standard_ones() -> None:
    document = NotFound("gone", id="7", status=200, type="mine", title="mine").document()
    assert document["id"] == "7"
    assert (document["status"], document["type"], document["title"]) == (
        404,
        "urn:problem:not-found",
        "There is no such thing.",
    )


def test_a_problem_is_an_exception_with_its_detail() -> None:
    with pytest.raises(Problem, match=r"^taken$") as caught:
        raise EmailTaken("taken", tries=2)
    assert caught.value.members == {"tries": 2}
