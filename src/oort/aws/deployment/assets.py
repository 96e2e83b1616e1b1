"""The Assets port on S3: the bucket of the stage's assets stack."""

from collections.abc import Callable, Mapping
from typing import Protocol, cast

from oort.aws.clients import Clients
from oort.aws.failures import Rejected, ask, translated

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class _Body(Protocol):
    def read(self) -> bytes: ...


class S3Assets:
    """See `ports.assets`."""

    def __init__(self, clients: Clients, *, bucket: str, account: str) -> None:
        self._clients = clients
        self._bucket = bucket
        self._owner = account  # a bucket of this name in another account is refused

    def holds(self, key: str) -> bool:
        """See `ports.assets`."""
        try:
            self._ask("head_object", key, expect=_ABSENT)
        except Rejected:
            return False
        return True

    def get(self, key: str) -> bytes | None:
        """See `ports.assets`."""
        try:
            response = cast(Mapping[str, _Body], self._ask("get_object", key, expect=_ABSENT))
        except Rejected:
            return None
        with translated(f"reading {key} from the bucket {self._bucket}"):
            return response["Body"].read()

    def put(self, key: str, content: Callable[[], bytes]) -> bool:
        """See `ports.assets`."""
        if self.holds(key):
            return False
        self._ask("put_object", key, Body=content())
        return True

    def replace(self, key: str, content: bytes) -> None:
        """See `ports.assets`."""
        self._ask("put_object", key, Body=content)

    def url(self, key: str) -> str:
        """See `ports.assets`."""
        return f"{self._clients.endpoint('s3')}/{self._bucket}/{key}"

    def _ask(
        self, method: str, key: str, *, expect: frozenset[str] = frozenset(), **request: object
    ) -> object:
        parameters = {
            "Bucket": self._bucket,
            "Key": key,
            "ExpectedBucketOwner": self._owner,
            **request,
        }
        doing = f"asking S3 about {key} in the bucket {self._bucket}"
        return cast(
            object,
            ask(getattr(self._clients.get("s3"), method), parameters, doing=doing, expect=expect),
        )
