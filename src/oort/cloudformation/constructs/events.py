"""Topics of SNS, a topic for each event.

They belong to the platform's stack, subscriptions to the stacks of the subscribers.
"""

from collections.abc import Iterator

from oort.cloudformation.constructs import policies
from oort.cloudformation.intrinsics import attribute, ref
from oort.cloudformation.logical import identity
from oort.cloudformation.resources import Resource
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import Location


def events(platform: PlatformModel, location: Location) -> Iterator[Resource]:
    """Yield the topic of every event that a service publishes or subscribes to.

    Topics are encrypted with the platform's key and accept TLS only.
    """
    published = {event.name for event in platform.events}
    awaited = {queue.subscription for queue in platform.queues if queue.subscription}
    for event in sorted(published | awaited):
        topic = identity("Topic", event)
        yield Resource(
            topic,
            "AWS::SNS::Topic",
            {
                "TopicName": location.topic(event),
                "KmsMasterKeyId": attribute("Key", "Arn"),
                "SignatureVersion": "2",
            },
        )
        # SNS refuses a wildcard for actions here. Publish is the action that carries data.
        document = policies.tls_only("sns:Publish", ref(topic))
        yield Resource(
            identity("Policy", event),
            "AWS::SNS::TopicPolicy",
            {"Topics": [ref(topic)], "PolicyDocument": document},
        )
