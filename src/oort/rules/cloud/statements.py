"""What a function may do on AWS, as IAM statements: exact actions on exact ARNs, from its grants and its trigger.

Synthesis writes them into the role of the function, one role for each. An ARN may hold `${…}` for CloudFormation.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from oort.model.errors import InvalidProgram
from oort.model.functions import Answer, FunctionModel, Grant, Subscription, Timer, Worker
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import Kind, TableModel
from oort.model.sources import Mistake
from oort.rules.cloud.cloud_names import (
    INBOX,
    OUTBOX,
    UNDELIVERED,
    Place,
    effect_row,
    mark_row,
    outbox_row,
)
from oort.rules.cloud.deployed import OutboxTable

# The actions that may stand with the resource `*`, and why.
_NO_XRAY = (
    "X-Ray has no resources that a policy could name; "
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"
)
UNSCOPED: Mapping[str, str] = {
    "xray:PutTraceSegments": _NO_XRAY,
    "xray:PutTelemetryRecords": _NO_XRAY,
}
# Every operation of a transaction is authorised by the same action as if it stood alone.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_ITEM_ACTIONS = {
    "get": "dynamodb:GetItem",
    "put": "dynamodb:PutItem",
    "update": "dynamodb:UpdateItem",
    "delete": "dynamodb:DeleteItem",
    "check": "dynamodb:ConditionCheckItem",
    "scan": "dynamodb:Scan",
}
_CONSUME = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
)
_OUTGOING = frozenset({Kind.QUEUE, Kind.EVENT})
_PUT, _UPDATE = _ITEM_ACTIONS["put"], _ITEM_ACTIONS["update"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a statement: an operator of IAM, the key that it looks at, and the values."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """These actions are allowed on these resources, if the conditions hold."""

    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()


def granted(
    function: FunctionModel, *, platform: PlatformModel, place: Place, key: str
) -> tuple[Statement, ...]:
    """Everything that a function may do. `key` is the ARN of the platform's KMS key.

    InvalidProgram if it calls what nobody on the platform answers.
    """
    found = list(_running(place.log_group(function.name), place))
    for grant in function.grants:
        found += _grant(grant, function, platform, place)
    found += _key([grant.resource for grant in function.grants if grant.kind is Kind.EVENT], key)
    if rows := [_rows(grant) for grant in function.grants if grant.kind in _OUTGOING]:
        found.append(
            _only_rows("Outbox", _PUT, place.table_arn(f"{function.service}.{OUTBOX}"), rows)
        )
    if isinstance(function.trigger, Subscription | Worker | Timer):
        found.append(Statement("Consume", _CONSUME, (place.queue_arn(function.trigger.queue),)))
        found.append(
            Statement("Park", ("sqs:SendMessage",), (place.parked_arn(function.trigger.queue),))
        )
        found.append(
            _only_rows(
                "Inbox",
                _PUT,
                place.table_arn(f"{function.service}.{INBOX}"),
                [mark_row(function.name, "*")],
            )
        )
    return tuple(found)


def relaying(
    service: ServiceModel, *, place: Place, log_group: str, stream: str, key: str
) -> tuple[Statement, ...]:
    """Everything that the relay of a service may do: read the outbox's stream, and send what its functions may send."""
    grants = sorted({(one.kind, one.resource) for one in outgoing(service)})
    queues = tuple(place.queue_arn(name) for kind, name in grants if kind is Kind.QUEUE)
    events = [name for kind, name in grants if kind is Kind.EVENT]
    outbox = f"{service.name}.{OUTBOX}"
    undelivered = place.queue_arn(f"{service.name}.{UNDELIVERED}")
    found = [
        *_running(log_group, place),
        Statement(
            "Read",
            ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
            (stream,),
        ),
        # Lambda asks for it when it makes the mapping; a table's streams are listed, so no single one can be named.
        Statement("ListStreams", ("dynamodb:ListStreams",), (place.stream_arns(outbox),)),
        Statement("Forget", ("dynamodb:DeleteItem",), (place.table_arn(outbox),)),
        Statement("Undelivered", ("sqs:SendMessage",), (undelivered,)),
    ]
    if queues:
        found.append(Statement("Send", ("sqs:SendMessage",), queues))
    if events:
        found.append(Statement("Publish", ("sns:Publish",), tuple(map(place.topic_arn, events))))
    return (*found, *_key(events, key))


def outgoing(service: ServiceModel) -> tuple[Grant, ...]:
    """What the functions of a service may send and publish: with any of it the service has an outbox and a relay."""
    return tuple(
        grant
        for function in service.functions
        for grant in function.grants
        if grant.kind in _OUTGOING
    )


def answering(platform: PlatformModel) -> dict[str, str]:
    """The function that answers each call."""
    return {
        one.trigger.call: one.name for one in platform.functions if isinstance(one.trigger, Answer)
    }


def _running(log_group: str, place: Place) -> Iterator[Statement]:
    """What every function needs to run at all: its own log, and traces."""
    logs = f"{place.log_group_arn(log_group)}:*"  # the streams of the group
    yield Statement("Log", ("logs:CreateLogStream", "logs:PutLogEvents"), (logs,))
    yield Statement("Trace", tuple(UNSCOPED), ("*",))


def _grant(
    grant: Grant, function: FunctionModel, platform: PlatformModel, place: Place
) -> Iterator[Statement]:
    name = f"{grant.kind.value.capitalize()}{_letters(grant.resource)}"
    if grant.kind is Kind.QUEUE:
        yield Statement(name, ("sqs:SendMessage",), (place.queue_arn(grant.resource),))
    elif grant.kind is Kind.EVENT:
        yield Statement(name, ("sns:Publish",), (place.topic_arn(grant.resource),))
    elif grant.kind is Kind.CALL:
        yield Statement(
            name,
            ("lambda:InvokeFunction",),
            (place.function_arn(_answer(grant, function, platform)),),
        )
    elif (
        grant.kind is Kind.EFFECT
    ):  # claimed, finished and released by updates that also show what is there
        rows = [effect_row(grant.resource, "*", "*")]
        yield _only_rows("Effects", _UPDATE, place.table_arn(f"{function.service}.{INBOX}"), rows)
    else:
        table = next(one for one in platform.tables if one.name == grant.resource)
        if actions := tuple(
            _ITEM_ACTIONS[action] for action in grant.actions if action in _ITEM_ACTIONS
        ):
            yield Statement(name, actions, (place.table_arn(table.name),))
        if "query" in grant.actions:
            yield Statement(f"{name}Query", ("dynamodb:Query",), tuple(_queried(table, place)))


def _queried(table: TableModel, place: Place) -> Iterator[str]:
    """What a query reads: the table where an index is its own key, and each other index."""
    if not table.indexes or any(index.primary for index in table.indexes):
        yield place.table_arn(table.name)
    yield from (
        place.index_arn(table.name, index.name) for index in table.indexes if not index.primary
    )


def _answer(grant: Grant, function: FunctionModel, platform: PlatformModel) -> str:
    found = answering(platform).get(grant.resource)
    if found is None:
        what = f"{function.name} calls {grant.resource}, which nobody on this platform answers."
        instead = "Add the service that answers it to `services` in oort.toml."
        raise InvalidProgram([Mistake(function.source, "call.unanswered", what, instead)])
    return found


def _key(events: Iterable[str], key: str) -> Iterator[Statement]:
    """A publisher encrypts for the topic, and through SNS only.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    if list(events):
        through = Condition("StringEquals", "kms:ViaService", ("sns.${AWS::Region}.amazonaws.com",))
        yield Statement("Encrypt", ("kms:Decrypt", "kms:GenerateDataKey"), (key,), (through,))


def _rows(grant: Grant) -> str:
    kind = OutboxTable.SEND if grant.kind is Kind.QUEUE else OutboxTable.PUBLISH
    return outbox_row(kind, grant.resource, "*")


def _only_rows(name: str, action: str, table: str, rows: Iterable[str]) -> Statement:
    """Leave to write the rows whose partition key looks like this."""
    keys = Condition("ForAllValues:StringLike", "dynamodb:LeadingKeys", tuple(rows))
    # ForAllValues also holds for a request without any key; this one does not.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    some = Condition("Null", "dynamodb:LeadingKeys", ("false",))
    return Statement(name, (action,), (table,), (keys, some))


def _letters(name: str) -> str:
    """The name as an id of a statement has it: letters and digits."""
    return "".join(
        word.capitalize() for word in name.replace(".", "-").replace("_", "-").split("-")
    )
