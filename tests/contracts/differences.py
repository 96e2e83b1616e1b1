"""Where a target cannot keep a contract, case by case, each with its reason. At most a tenth of a suite.

A case that is listed must fail there, or the run does. One that is listed for every target of AWS is shown nowhere: it is
printed as UNVERIFIED, and stands in docs/limits.md.
"""

AWS_TARGETS = ("moto", "ministack")

_NO_ERROR = "SQS keeps no word about why a message failed; its function's log does."
_NO_PEEK = "SQS shows nothing without handing it over."
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html: "an operand in the update
# expression has an incorrect data type".
_MINISTACK_SUMS = "ministack adds to what is no number, and appends to what is no list, without an error and without effect."
# https://github.com/scylladb/scylladb/blob/master/test/alternator/test_number.py, tried on DynamoDB: 1e50 + 1 is an error.
_SUMS_OF_28 = (
    "Emulators round sums to the 28 digits of Python's decimals; DynamoDB has 38, and refuses more."
)
_MOTO_RECEIPTS = "moto takes every receipt that a message ever had."
_MOTO_ITEMS = "moto ends items at 405,000 bytes and not at 409,600."
_MINISTACK_EMPTY = "ministack gives a secret that is made without a value an empty version."

# Suite and case; target; reason.
DIFFERENCES: dict[str, dict[str, str]] = {
    "Decimals::test_a_sum_has_all_its_digits_or_is_refused": {
        "moto": _SUMS_OF_28,
        "ministack": _SUMS_OF_28,
    },
    "Queues::test_a_dead_letter_says_why": {"moto": _NO_ERROR, "ministack": _NO_ERROR},
    "Queues::test_peek_takes_nothing": {"moto": _NO_PEEK, "ministack": _NO_PEEK},
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html: the most recent one counts.
    "Queues::test_a_stale_receipt_does_nothing": {"moto": _MOTO_RECEIPTS},
    "Parking::test_a_stale_receipt_takes_nothing_off_the_queue": {"moto": _MOTO_RECEIPTS},
    "Secrets::test_states_say_what_is_not_set": {"ministack": _MINISTACK_EMPTY},
    "Tables::test_an_item_may_have_400_kib_and_no_more": {"moto": _MOTO_ITEMS},
    "Tables::test_an_update_cannot_make_an_item_too_large": {"moto": _MOTO_ITEMS},
    "Tables::test_an_update_that_does_not_fit_changes_nothing": {"ministack": _MINISTACK_SUMS},
    "Tables::test_to_an_update_a_null_is_missing": {"ministack": _MINISTACK_SUMS},
    "Transactions::test_a_decimal_that_an_earlier_version_stored_as_a_text_is_added_to": {
        "ministack": _MINISTACK_SUMS
    },
    "Transactions::test_to_an_update_a_null_is_missing": {"ministack": _MINISTACK_SUMS},
}


def unverified() -> dict[str, str]:
    """The cases that no target of AWS shows, with the reason of the first."""
    return {
        case: reasons[AWS_TARGETS[0]]
        for case, reasons in DIFFERENCES.items()
        if all(target in reasons for target in AWS_TARGETS)
    }
