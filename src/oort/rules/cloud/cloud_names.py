"""Names and ARNs on AWS, made from the platform, the stage and the model's own names.

Synthesis writes them and the adapters compute them again, so that no look-up happens at run time.
The parts are joined by an underscore. Only a function's own name can contain an underscore, so that
two resources never share a name.
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
# The queue of messages that a topic, a schedule or the relay failed to deliver.
UNDELIVERED = "_undelivered"
ALIAS = "live"


@dataclass(frozen=True, slots=True)
class Location:
    """The location of a stage on AWS.

    The defaults are CloudFormation's pseudo parameters, so that the same ARNs serve in `Fn::Sub`.
    """

    platform: str
    stage: str
    partition: str = "${AWS::Partition}"
    region: str = "${AWS::Region}"
    account: str = "${AWS::AccountId}"

    @property
    def stack(self) -> str:
        """The stack of the resources that all services share."""
        return f"{self.platform}-{self.stage}"

    @property
    def assets_stack(self) -> str:
        """The stack with the bucket of deployment packages.

        No service's stack has two dashes here.
        """
        return f"{self.platform}-{self.stage}--assets"

    def service_stack(self, service: str) -> str:
        """Return the stack of a service."""
        return f"{self.platform}-{self.stage}-{service}"

    @property
    def key_alias(self) -> str:
        """The alias of the platform's KMS key."""
        return f"alias/{self.platform}_{self.stage}"

    def parameter(self, name: str) -> str:
        """Return the SSM parameter for a value that the platform's stack passes to services."""
        return f"/{self.platform}/{self.stage}/{name}"

    def table(self, name: str) -> str:
        """Return the DynamoDB table of `service.table`."""
        return self._name(name, most=_TABLE)

    def outbox(self, service: str) -> str:
        """Return the table of a service's outbox."""
        return self.table(f"{service}.{OUTBOX}")

    def inbox(self, service: str) -> str:
        """Return the table of a service's inbox marks and effects."""
        return self.table(f"{service}.{INBOX}")

    def queue(self, name: str) -> str:
        """Return the SQS queue of `service.queue`."""
        return self._name(name, most=_QUEUE - len("_parked"))

    def dead(self, name: str) -> str:
        """Return the SQS queue of the dead letters."""
        return f"{self.queue(name)}_dead"

    def parked(self, name: str) -> str:
        """Return the SQS queue of the parked messages."""
        return f"{self.queue(name)}_parked"

    def topic(self, event: str) -> str:
        """Return the SNS topic of an event."""
        return self._name(event, most=_TOPIC)

    def function(self, name: str) -> str:
        """Return the Lambda function of `service.handler`."""
        return self._name(name, most=_FUNCTION)

    def schedule(self, name: str) -> str:
        """Return the EventBridge schedule of a function."""
        return self._name(name, most=_SCHEDULE)

    def log_group(self, function: str) -> str:
        """Return the log group of a function."""
        return f"/aws/lambda/{self.function(function)}"

    def access_log(self, service: str) -> str:
        """Return the log group of a service's API, with a line for each request."""
        return f"/aws/apigateway/{self._name(service, most=_TOPIC)}"

    def log_group_arn(self, name: str) -> str:
        """Return the ARN of a log group."""
        return self._arn("logs", f"log-group:{name}")

    def table_arn(self, name: str) -> str:
        """Return the ARN of the table of `service.table`."""
        return self._arn("dynamodb", f"table/{self.table(name)}")

    def index_arn(self, table: str, index: str) -> str:
        """Return the ARN of an index of a table."""
        return f"{self.table_arn(table)}/index/{index}"

    def stream_arns(self, table: str) -> str:
        """Return the ARN pattern of a table's streams, whose names contain their creation times."""
        return f"{self.table_arn(table)}/stream/*"

    def queue_arn(self, name: str) -> str:
        """Return the ARN of the queue of `service.queue`."""
        return self._arn("sqs", self.queue(name))

    def parked_arn(self, name: str) -> str:
        """Return the ARN of the queue of the parked messages."""
        return self._arn("sqs", self.parked(name))

    def topic_arn(self, event: str) -> str:
        """Return the ARN of the topic of an event."""
        return self._arn("sns", self.topic(event))

    def function_arn(self, name: str) -> str:
        """Return the ARN of a function's alias: callers and triggers invoke the live version."""
        return self._arn("lambda", f"function:{self.function(name)}:{ALIAS}")

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def _name(self, name: str, *, most: int) -> str:
        full = "_".join((self.platform, self.stage, *name.split(".", 1)))
        if len(full) <= most:
            return full
        import hashlib  # for long names only: it is slow to load

        return f"{full[: most - 9]}_{hashlib.sha256(full.encode()).hexdigest()[:8]}"


def location(platform: str, stage: str) -> Location:
    """Return the location of a platform's stage.

    InvalidProject if a name cannot be part of names on AWS.

    >>> location("shop", "prod").queue("orders.outgoing")
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
    return Location(platform, stage)


def effect_row(function: str, message: str, name: str) -> str:
    """Return the inbox key of an external effect.

    A mark's key begins with a function, which has a dot.
    """
    return f"once/{function}/{message}/{name}"


def mark_row(function: str, message: str) -> str:
    """Return the inbox key of a mark. A role is bound to the beginning of the key."""
    return f"{function}/{message}"


def outbox_row(kind: str, name: str, key: str) -> str:
    """Return the partition key of an outbox row.

    A role is bound to the kind and name at its beginning.
    """
    return f"{kind}/{name}/{key}"
