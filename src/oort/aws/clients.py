"""Clients of AWS services, created at their first use and kept for the life of an
environment or a command.

botocore is loaded only here and in `aws.failures`, and only at the first use: its import takes
longer than the import of Oort.
"""

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from botocore.session import Session

    from oort.aws.client_types import DynamoDB, Sns, Sqs

CONNECT = timedelta(seconds=3)
READ = timedelta(seconds=20)
ATTEMPTS = 5
CONNECTIONS = 16


class _Meta(Protocol):
    endpoint_url: str


class _Client(Protocol):
    meta: _Meta

    def close(self) -> None: ...


class Clients:
    """The clients of a region. Safe to use from many threads, like botocore's clients.

    botocore finds credentials, and endpoints from variables like AWS_ENDPOINT_URL and
    AWS_ENDPOINT_URL_DYNAMODB. It retries by itself when a service throttles or fails.
    """

    def __init__(
        self,
        region: str,
        *,
        connect: timedelta = CONNECT,
        read: timedelta = READ,
        attempts: int = ATTEMPTS,
        connections: int = CONNECTIONS,
    ) -> None:
        self.region = region
        self._connect = connect
        self._read = read
        self._attempts = attempts
        self._connections = connections
        self._session: Session | None = None
        self._clients: dict[str, _Client] = {}
        # botocore's sessions, unlike its clients, are not safe to share.
        self._lock = threading.Lock()

    def get(self, service: str) -> Any:  # botocore has no types
        """Return the client of a service, by botocore's name: `dynamodb`, `cloudformation`."""
        return self._client(service)

    def endpoint(self, service: str) -> str:
        """Return the URL of a service's endpoint, without a slash at its end."""
        return self._client(service).meta.endpoint_url.rstrip("/")

    @property
    def dynamodb(self) -> "DynamoDB":
        """The client of DynamoDB."""
        return cast("DynamoDB", self.get("dynamodb"))

    @property
    def sqs(self) -> "Sqs":
        """The client of SQS."""
        return cast("Sqs", self.get("sqs"))

    @property
    def sns(self) -> "Sns":
        """The client of SNS."""
        return cast("Sns", self.get("sns"))

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _client(self, service: str) -> _Client:
        client = self._clients.get(service)
        if client is not None:
            return client
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._create(service)
            return self._clients[service]

    def _create(self, service: str) -> _Client:
        from botocore.config import Config
        from botocore.session import get_session

        if self._session is None:
            self._session = get_session()
        config = Config(
            connect_timeout=self._connect.total_seconds(),
            read_timeout=self._read.total_seconds(),
            retries={"mode": "standard", "total_max_attempts": self._attempts},
            tcp_keepalive=True,
            max_pool_connections=self._connections,
        )
        return cast(
            _Client, self._session.create_client(service, region_name=self.region, config=config)
        )
