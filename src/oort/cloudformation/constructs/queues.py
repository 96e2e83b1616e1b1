"""Queues of SQS, each with its dead-letter queue and its queue of parked messages, and the
subscriptions to topics.
"""

from collections.abc import Iterator

from oort.cloudformation.constructs import policies
from oort.cloudformation.intrinsics import attribute, ref, text
from oort.cloudformation.logical import identity, short
from oort.cloudformation.resources import Resource
from oort.cloudformation.scope import Scope, whole_seconds
from oort.model import limits
from oort.model.functions import FunctionModel, Timer
from oort.model.problems import Json
from oort.model.resources import QueueModel
from oort.rules import triggers
from oort.rules.cloud.cloud_names import UNDELIVERED, Location
from oort.rules.grants.roles import outgoing

RETENTION = whole_seconds(limits.RETENTION)


def queues(scope: Scope) -> Iterator[Resource]:
    """Yield every queue of the service, with its dead letters and parked messages.

    The queue of undelivered messages comes first, if a delivery to the service can fail.
    """
    topics = [
        text(scope.location.topic_arn(queue.subscription))
        for queue in scope.service.queues
        if queue.subscription
    ]
    if needs_undelivered(scope):
        yield from _undelivered(scope, topics)
    for queue in scope.service.queues:
        yield from _with_failures(queue, scope)
        if queue.subscription:
            yield _subscription(queue, scope.location)


def needs_undelivered(scope: Scope) -> bool:
    """True if a topic, a schedule or the relay delivers messages to the service."""
    timers = any(isinstance(function.trigger, Timer) for function in scope.service.functions)
    return (
        timers
        or bool(outgoing(scope.service))
        or any(queue.subscription for queue in scope.service.queues)
    )


def _with_failures(queue: QueueModel, scope: Scope) -> Iterator[Resource]:
    location, name = scope.location, short(queue.name)
    queue_id, dead_id = identity("Queue", name), identity("Dead", name)
    yield _queue(dead_id, location.dead(queue.name), {
        "MessageRetentionPeriod": RETENTION,
        # By the name: a reference would be a circle.
        "RedriveAllowPolicy": {
            "redrivePermission": "byQueue", "sourceQueueArns": [text(location.queue_arn(queue.name))],
        },
    })  # fmt: skip
    # Messages that the consumer cannot read. The consumer puts them there, and SQS keeps them for
    # its longest retention.
    parked_id = identity("Parked", name)
    yield _queue(parked_id, location.parked(queue.name), {"MessageRetentionPeriod": RETENTION})
    yield _queue(queue_id, location.queue(queue.name), {
        "MessageRetentionPeriod": RETENTION,
        "VisibilityTimeout": _visibility(queue, scope),
        "RedrivePolicy": {
            "deadLetterTargetArn": attribute(dead_id, "Arn"), "maxReceiveCount": queue.attempts,
        },
    })  # fmt: skip
    topics = [text(location.topic_arn(queue.subscription))] if queue.subscription else []
    yield _policy(identity("Policy", name), queue_id, topics)
    yield _policy(identity("Guard", name), dead_id, [])
    yield _policy(identity("Fence", name), parked_id, [])


def _undelivered(scope: Scope, topics: list[Json]) -> Iterator[Resource]:
    name = scope.location.queue(f"{scope.service.name}.{UNDELIVERED}")
    yield _queue("Undelivered", name, {"MessageRetentionPeriod": RETENTION})
    yield _policy("UndeliveredPolicy", "Undelivered", topics)


def _queue(logical_id: str, name: str, properties: dict[str, Json]) -> Resource:
    # SSE-SQS: the keys belong to SQS, cost nothing, and a topic may deliver. A topic could not use
    # alias/aws/sqs.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
    return Resource(
        logical_id,
        "AWS::SQS::Queue",
        {"QueueName": name, "SqsManagedSseEnabled": True, **properties},
    )


def _policy(logical_id: str, queue: str, topics: list[Json]) -> Resource:
    """Policy of a queue: TLS only, and these topics may deliver.

    Principals of the account are allowed by their own roles.
    """
    arn = attribute(queue, "Arn")
    deliver: Json = {
        "Sid": "Deliver",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    }
    document = policies.tls_only("sqs:*", arn, *([deliver] if topics else []))
    return Resource(
        logical_id, "AWS::SQS::QueuePolicy", {"Queues": [ref(queue)], "PolicyDocument": document}
    )


def _subscription(queue: QueueModel, location: Location) -> Resource:
    """Subscription of a queue to its topic.

    Messages that the topic cannot deliver go to the undelivered messages. They are not dead
    letters: no consumer has tried them.
    """
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
        (identity("Policy", name), "UndeliveredPolicy"),  # without these two a delivery fails
    )


def _visibility(queue: QueueModel, scope: Scope) -> int:
    """Six times the time-out on Lambda, in whole seconds as Lambda counts.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    visible = whole_seconds(queue.visibility)
    time_outs = [whole_seconds(triggers.lasts(consumer)) for consumer in _consumers(queue, scope)]
    return max([visible, *(limits.VISIBILITY_PER_TIMEOUT * seconds for seconds in time_outs)])


def _consumers(queue: QueueModel, scope: Scope) -> Iterator[FunctionModel]:
    yield from (function for function in scope.service.functions if function.queue == queue.name)
