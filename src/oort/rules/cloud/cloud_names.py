"""What everything is called on AWS: names and ARNs made from the platform, the stage and the model's own names.

Synthesis writes them and the adapters compute them again, so nothing has to be looked up at run time. The parts are joined
by an underscore, which no part but a function's own name can contain; so two different things never share a name.
"""

from dataclasses import dataclass

from oort.model import names
from oort.model.errors import InvalidProject

# The longest names that AWS takes, each from the API reference of its service.
_FUNCTION = 64
_QUEUE = 80
_TABLE = 255
_TOPIC = 256
_SCHEDULE = 64

OUTBOX = "_outbox"
INBOX = "_inbox"
RELAY = "_relay"
UNDELIVERED = "_undelivered"  # the queue of what topics, schedules and the relay could not hand over to a service
ALIAS = "live"


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are. The defaults are what CloudFormation fills in, so that the same ARNs serve in `Fn::Sub`."""

    platform: str
    stage: str
    partition: str = "${AWS::Partition}"
    region: str = "${AWS::Region}"
    account: str = "${AWS::AccountId}"

    @property
    def stack(self) -> str:
        """The stack with what all services share."""
        return f"{self.platform}-{self.stage}"

    @property
    def assets_stack(self) -> str:
        """The stack with the bucket of deployment packages. No service's stack has two dashes there."""
        return f"{self.platform}-{self.stage}--assets"

    def service_stack(self, service: str) -> str:
        """The stack of one service."""
        return f"{self.platform}-{self.stage}-{service}"

    @property
    def key_alias(self) -> str:
        """The alias of the platform's KMS key."""
        return f"alias/{self.platform}_{self.stage}"

    def parameter(self, name: str) -> str:
        """The SSM parameter through which the platform's stack tells services a value."""
        return f"/{self.platform}/{self.stage}/{name}"

    def table(self, name: str) -> str:
        """The DynamoDB table of `service.table`."""
        return self._name(name, most=_TABLE)

    def outbox(self, service: str) -> str:
        """The table of the messages that a service's transactions leave behind."""
        return self.table(f"{service}.{OUTBOX}")

    def inbox(self, service: str) -> str:
        """The table of the marks of the messages that a service has applied, and of what it did outside for them."""
        return self.table(f"{service}.{INBOX}")

    def queue(self, name: str) -> str:
        """The SQS queue of `service.queue`."""
        return self._name(name, most=_QUEUE - len("_parked"))

    def dead(self, name: str) -> str:
        """The SQS queue of its dead letters."""
        return f"{self.queue(name)}_dead"

    def parked(self, name: str) -> str:
        """The SQS queue of what its consumer could not read."""
        return f"{self.queue(name)}_parked"

    def topic(self, event: str) -> str:
        """The SNS topic of an event."""
        return self._name(event, most=_TOPIC)

    def function(self, name: str) -> str:
        """The Lambda function of `service.handler`."""
        return self._name(name, most=_FUNCTION)

    def schedule(self, name: str) -> str:
        """The EventBridge schedule of a function."""
        return self._name(name, most=_SCHEDULE)

    def log_group(self, function: str) -> str:
        """Where a function logs."""
        return f"/aws/lambda/{self.function(function)}"

    def access_log(self, service: str) -> str:
        """Where the API of a service logs each request."""
        return f"/aws/apigateway/{self._name(service, most=_TOPIC)}"

    def log_group_arn(self, name: str) -> str:
        """The ARN of a log group."""
        return self._arn("logs", f"log-group:{name}")

    def table_arn(self, name: str) -> str:
        """The ARN of the table of `service.table`."""
        return self._arn("dynamodb", f"table/{self.table(name)}")

    def index_arn(self, table: str, index: str) -> str:
        """The ARN of one index of a table."""
        return f"{self.table_arn(table)}/index/{index}"

    def stream_arns(self, table: str) -> str:
        """The pattern of the ARNs of a table's streams: each is named after the time of its making."""
        return f"{self.table_arn(table)}/stream/*"

    def queue_arn(self, name: str) -> str:
        """The ARN of the queue of `service.queue`."""
        return self._arn("sqs", self.queue(name))

    def parked_arn(self, name: str) -> str:
        """The ARN of the queue of what its consumer could not read."""
        return self._arn("sqs", self.parked(name))

    def topic_arn(self, event: str) -> str:
        """The ARN of the topic of an event."""
        return self._arn("sns", self.topic(event))

    def function_arn(self, name: str) -> str:
        """The ARN of a function's alias: callers and triggers meet the version that is live."""
        return self._arn("lambda", f"function:{self.function(name)}:{ALIAS}")

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def _name(self, name: str, *, most: int) -> str:
        whole = "_".join((self.platform, self.stage, *name.split(".", 1)))
        if len(whole) <= most:
            return whole
        import hashlib  # for long names only: it is slow to load

        return f"{whole[: most - 9]}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def place(platform: str, stage: str) -> Place:
    """The place of a platform's stage. InvalidProject if one of the names cannot be part of names on AWS.

    >>> place("shop", "prod").queue("orders.outgoing")
    'shop_prod_orders_outgoing'
    """
    if not names.PLATFORM.fullmatch(platform):
        what = f"The platform's name {platform!r} cannot be part of names on AWS."
        raise InvalidProject(
            what, "Use lower-case letters, digits and dashes, at most 24, in oort.toml."
        )
    if not names.STAGE.fullmatch(stage):
        what = f"{stage!r} is not a stage's name."
        raise InvalidProject(
            what, "Use lower-case letters and digits, at most 16: prod, test, ada."
        )
    return Place(platform, stage)


def effect_row(function: str, message: str, name: str) -> str:
    """The key of an external effect in the inbox. No mark begins like it: those begin with a function, which has a dot."""
    return f"once/{function}/{message}/{name}"


def mark_row(function: str, message: str) -> str:
    """The key of an applied message's mark in the inbox. A role is bound to its beginning."""
    return f"{function}/{message}"


def outbox_row(kind: str, name: str, key: str) -> str:
    """The partition key of an outbox row. It begins with what is sent, so that a role can be bound to it."""
    return f"{kind}/{name}/{key}"
