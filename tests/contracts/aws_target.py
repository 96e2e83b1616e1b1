"""AWS as a target of the contract suites, on whatever endpoint botocore is told: what a platform declares, made through the API."""

import json
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cached_property

import pytest

from oort.aws.clients import Clients
from oort.aws.ports import AwsPorts
from oort.aws.services.parking import Parking
from oort.aws.services.relay import Relay
from oort.model.platform import PlatformModel
from oort.model.resources import IndexModel, QueueModel, SecretModel, TableModel
from oort.ports.bundle import Ports
from oort.rules.cloud import secret_names
from oort.rules.cloud.cloud_names import Location
from oort.rules.cloud.deployed import InboxTable, OutboxTable
from oort.runtime.system import SystemClock
from tests.contracts.sqs_observation import PolledDeliveries, SqsInspection, sweep

PAUSE = 0.05
LONGEST = 20.0
SLACK = 0.1  # an emulator's clock may be behind ours by a rounding


class ObservedPorts(AwsPorts):
    """All ports of AWS: a function's own, and those that only suites and operators ask."""

    @cached_property
    def deliveries(self) -> PolledDeliveries:
        return PolledDeliveries(self._clients, platform=self._platform, location=self._location)

    @cached_property
    def queue_inspection(self) -> SqsInspection:
        return SqsInspection(self._clients, platform=self._platform, location=self._location)

    @cached_property
    def parking(self) -> Parking:
        return Parking(self._clients, platform=self._platform, location=self._location)


class AwsTarget:
    """A stage of its own for each test, so that nothing of another is in the way."""

    def __init__(self, clients: Clients, *, account: str) -> None:
        self._clients = clients
        self._location = Location(
            "suite", f"t{secrets.token_hex(6)}", "aws", clients.region, account
        )
        self._outboxes: list[tuple[Relay, str]] = []

    def deploy(self, platform: PlatformModel) -> Ports:
        clients, location = self._clients, self._location
        (service,) = platform.services
        self._make(platform)
        relay = Relay(clients, location=location, service=service.name)
        self._outboxes.append((relay, location.outbox(service.name)))
        return ObservedPorts(
            clients, location, platform=platform, service=service.name, clock=SystemClock()
        )

    def wait(self, duration: timedelta) -> None:
        time.sleep(duration.total_seconds() + SLACK)

    def eventually(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            for relay, table in self._outboxes:
                sweep(relay, self._clients, table=table)
            if holds():
                return
            time.sleep(PAUSE)
        pytest.fail(f"It did not hold within {LONGEST:g} s.")

    def _make(self, platform: PlatformModel) -> None:
        for table in platform.tables:
            self._table(table)
        for service in platform.services:
            self._create_table(self._location.outbox(service.name), OutboxTable.KEY)
            self._create_table(self._location.inbox(service.name), InboxTable.KEY)
        for event in platform.events:
            self._clients.get("sns").create_topic(Name=self._location.topic(event.name))
        for queue in platform.queues:
            self._queue(queue)
        for secret in platform.of(SecretModel):
            name = secret_names.name(self._location, secret.name)
            self._clients.get("secretsmanager").create_secret(Name=name)

    def _table(self, table: TableModel) -> None:
        secondary = [index for index in table.indexes if not index.primary]
        indexes = [
            {
                "IndexName": index.name,
                "KeySchema": _schema(_key(index)),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in secondary
        ]
        others = {name for index in secondary for name in _key(index)}
        more = {"GlobalSecondaryIndexes": indexes} if indexes else {}
        self._create_table(
            self._location.table(table.name),
            table.key,
            others=others,
            numeric=table.numeric,
            **more,
        )

    def _create_table(
        self,
        name: str,
        key: tuple[str, ...],
        *,
        others: Iterable[str] = (),
        numeric: frozenset[str] = frozenset(),
        **more: object,
    ) -> None:
        self._clients.get("dynamodb").create_table(
            TableName=name,
            KeySchema=_schema(key),
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": "N" if attribute in numeric else "S"}
                for attribute in sorted({*key, *others})
            ],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )

    def _queue(self, queue: QueueModel) -> None:
        """The queue, those of its dead letters and parked messages, and its subscription, as the service's stack makes them."""
        sqs, location = self._clients.get("sqs"), self._location
        sqs.create_queue(QueueName=location.parked(queue.name))
        sqs.create_queue(QueueName=location.dead(queue.name))
        redrive = {
            "deadLetterTargetArn": location.queue_arn(queue.name) + "_dead",
            "maxReceiveCount": queue.attempts,
        }
        settings = {
            "VisibilityTimeout": str(int(queue.visibility.total_seconds())), "RedrivePolicy": json.dumps(redrive)
        }  # fmt: skip
        if queue.subscription is not None:
            settings["Policy"] = json.dumps(
                _policy(location.queue_arn(queue.name), location.topic_arn(queue.subscription))
            )
        sqs.create_queue(QueueName=location.queue(queue.name), Attributes=settings)
        if queue.subscription is not None:
            self._clients.get("sns").subscribe(
                TopicArn=location.topic_arn(queue.subscription),
                Protocol="sqs",
                Endpoint=location.queue_arn(queue.name),
                Attributes={"RawMessageDelivery": "true"},
            )


def _key(index: IndexModel) -> tuple[str, ...]:
    return (index.partition,) if index.sort is None else (index.partition, index.sort)


def _schema(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]


def _policy(queue: str, topic: str) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ],
    }
