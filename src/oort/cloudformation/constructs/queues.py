"""Queues of SQS, each with its dead letters and its parked messages, and the subscriptions that fill them from topics."""

from collections.abc import Iterator

from oort.cloudformation.constructs import transport
from oort.cloudformation.intrinsics import attribute, ref, text
from oort.cloudformation.logical import identity, short
from oort.cloudformation.resources import Resource
from oort.cloudformation.scope import Scope, whole_seconds
from oort.model import limits
from oort.model.functions import FunctionModel, Timer
from oort.model.problems import Json
from oort.model.resources import QueueModel
from oort.rules.cloud.cloud_names import UNDELIVERED, Location
from oort.rules.grants.roles import outgoing

RETENTION = whole_seconds(limits.RETENTION)


def queues(scope: Scope) -> Iterator[Resource]:
    """Every queue of the service with its dead letters and parked messages, and the queue of what did not arrive if something could not."""
    topics = [
        text(scope.location.topic_arn(one.subscription))
        for one in scope.service.queues
        if one.subscription
    ]
    if needs_undelivered(scope):
        yield from _undelivered(scope, topics)
    for queue in scope.service.queues:
        yield from _pair(queue, scope)
        if queue.subscription:
            yield _subscription(queue, scope.location)


def needs_undelivered(scope: Scope) -> bool:
    """Whether a topic, a schedule or the relay hands something over to the service."""
    timers = any(isinstance(one.trigger, Timer) for one in scope.service.functions)
    return (
        timers
        or bool(outgoing(scope.service))
        or any(queue.subscription for queue in scope.service.queues)
    )


def _pair(queue: QueueModel, scope: Scope) -> Iterator[Resource]:
    location, name = scope.location, short(queue.name)
    own, dead = identity("Queue", name), identity("Dead", name)
    yield _queue(dead, location.dead(queue.name), {
        "MessageRetentionPeriod": RETENTION,
        # By the name and not by reference, which would be a circle.
        "RedriveAllowPolicy": {
            "redrivePermission": "byQueue",
            "sourceQueueArns": [text(location.queue_arn(queue.name))],
        },
    })  # fmt: skip
    # What the consumer cannot read. It is put there by the consumer, and kept as long as SQS keeps anything.
    parked = identity("Parked", name)
    yield _queue(parked, location.parked(queue.name), {"MessageRetentionPeriod": RETENTION})
    yield _queue(own, location.queue(queue.name), {
        "MessageRetentionPeriod": RETENTION,
        "VisibilityTimeout": _visibility(queue, scope),
        "RedrivePolicy": {"deadLetterTargetArn": attribute(dead, "Arn"), "maxReceiveCount": queue.attempts},
    })  # fmt: skip
    topics = [text(location.topic_arn(queue.subscription))] if queue.subscription else []
    yield _policy(identity("Policy", name), own, topics)
    yield _policy(identity("Guard", name), dead, [])
    yield _policy(identity("Fence", name), parked, [])


def _undelivered(scope: Scope, topics: list[Json]) -> Iterator[Resource]:
    name = scope.location.queue(f"{scope.service.name}.{UNDELIVERED}")
    yield _queue("Undelivered", name, {"MessageRetentionPeriod": RETENTION})
    yield _policy("UndeliveredPolicy", "Undelivered", topics)


def _queue(logical: str, name: str, properties: dict[str, Json]) -> Resource:
    # SSE-SQS: the keys are SQS's own, cost nothing, and a topic may deliver. alias/aws/sqs could not serve SNS.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
    return Resource(
        logical, "AWS::SQS::Queue", {"QueueName": name, "SqsManagedSseEnabled": True, **properties}
    )


def _policy(logical: str, queue: str, topics: list[Json]) -> Resource:
    """Only TLS; and these topics may deliver. Principals of the account are allowed by their own roles."""
    arn = attribute(queue, "Arn")
    deliver: Json = {
        "Sid": "Deliver",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    }
    document = transport.encrypted_only("sqs:*", arn, *([deliver] if topics else []))
    return Resource(
        logical, "AWS::SQS::QueuePolicy", {"Queues": [ref(queue)], "PolicyDocument": document}
    )


def _subscription(queue: QueueModel, location: Location) -> Resource:
    """What the topic cannot deliver goes to the undelivered, which are not the dead letters: nobody has tried those yet."""
    name = short(queue.name)
    assert queue.subscription is not None
    return Resource(
        identity("Subscription", name),
        "AWS::SNS::Subscription",
        {
            "TopicArn": text(location.topic_arn(queue.subscription)),
            "Protocol": "sqs",
            "Endpoint": attribute(identity("Queue", name), "Arn"),
            "RawMessageDelivery": True,
            "RedrivePolicy": {"deadLetterTargetArn": attribute("Undelivered", "Arn")},
        },
        (identity("Policy", name), "UndeliveredPolicy"),  # before them nothing could be delivered
    )


def _visibility(queue: QueueModel, scope: Scope) -> int:
    """Six times the time-out that Lambda knows, which has no parts of a second.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    visible = whole_seconds(queue.visibility)
    return max(
        [
            visible,
            *(
                limits.VISIBILITY_PER_TIMEOUT * whole_seconds(one.timeout)
                for one in _consumers(queue, scope)
            ),
        ]
    )


def _consumers(queue: QueueModel, scope: Scope) -> Iterator[FunctionModel]:
    yield from (function for function in scope.service.functions if function.queue == queue.name)
