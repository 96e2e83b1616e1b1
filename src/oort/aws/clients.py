"""The clients of AWS's services: made when they are first asked for, kept for the life of an environment or a command.

botocore is loaded here and in `aws.failures` only, and not before it is needed: it costs more than all of Oort.
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
    """The clients of one region. Safe to use from many threads, as botocore's clients are.

    Credentials, and endpoints from AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_DYNAMODB and its like, are found by botocore. It
    tries again by itself when a service throttles or fails.
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
        self._lock = (
            threading.Lock()
        )  # botocore's sessions, unlike its clients, are not safe to share

    def get(self, service: str) -> Any:  # botocore has no types
        """The client of a service, named as botocore names it: `dynamodb`, `cloudformation`."""
        return self._client(service)

    def endpoint(self, service: str) -> str:
        """Where requests to a service go, without a slash at the end."""
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
        """End all connections."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _client(self, service: str) -> _Client:
        found = self._clients.get(service)
        if found is not None:
            return found
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def _made(self, service: str) -> _Client:
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
