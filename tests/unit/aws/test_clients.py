"""Clients are made late, once, and as the environment says; pauses between tries are bounded."""

import subprocess
import sys
from datetime import timedelta

import pytest

from oort.aws.clients import Clients
from oort.model.errors import Unavailable
from tests.unit.aws.answering import retries


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1/")
    return Clients(
        "eu-central-1",
        connect=timedelta(seconds=1),
        read=timedelta(seconds=2),
        attempts=3,
        connections=4,
    )


def test_a_client_is_made_once_with_its_bounds(clients: Clients) -> None:
    client = clients.get("sqs")
    assert clients.get("sqs") is client
    config = client.meta.config
    assert clients.sqs is client
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1, 2, 4)
    assert config.retries["total_max_attempts"] == 3
    assert config.tcp_keepalive
    clients.close()
    assert clients.get("sqs") is not client


def test_endpoints_are_those_of_the_region_or_of_the_environment(clients: Clients) -> None:
    assert clients.endpoint("sqs") == "https://sqs.eu-central-1.amazonaws.com"
    assert clients.endpoint("dynamodb") == "http://127.0.0.1:1"
    assert clients.dynamodb is clients.get("dynamodb")
    assert clients.sns is clients.get("sns")


def test_the_adapters_load_botocore_only_when_they_are_used() -> None:
    program = (
        "import oort.aws.services.tables, oort.aws.services.queues, oort.aws.services.events, sys\n"
        "import oort.aws.services.transactions, oort.aws.services.relay\n"
        "oort.aws.clients.Clients('eu-central-1')\n"
        "sys.exit(any(name.partition('.')[0] in {'botocore', 'urllib3'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_pauses_grow_and_end() -> None:
    without_sleep, pauses = retries()
    for turn in range(10):
        without_sleep.wait(turn)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 0.5
    error = without_sleep.exhausted("an item")
    assert isinstance(error, Unavailable)
    assert "4 attempts" in error.what
