"""A platform on an emulator: deployed by the same functions as `oort deploy`, asked through its API."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from oort.aws.clients import Clients
from oort.cli.wiring import cloud, platforms
from oort.delivery import shipping
from oort.delivery.rollout import Outcome
from oort.delivery.shipping import Shipped
from oort.model.delivery.deployments import StackRequest
from oort.model.delivery.stages import Architecture, Stage
from oort.rules.cloud.deployed import Outputs

ROOT = Path(__file__).resolve().parents[2]
COMETBID = ROOT / "apps" / "cometbid"
BAZAAR = ROOT / "tests" / "platforms" / "bazaar"  # one of every kind
SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What an API answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Deployed:
    """A deployed platform: where its APIs are, and what is around them."""

    name: str
    endpoint: str
    stage: Stage
    outputs: Mapping[str, Mapping[str, str]]
    outcomes: tuple[Outcome, ...]
    outbox: Path

    def client(self, service: str) -> Any:
        """A client of the emulator."""
        return Clients(self.stage.region).get(service)

    def ask(
        self, service: str, method: str, path: str, body: object = None, *, token: str = ""
    ) -> Answer:
        """A request through the service's API, and its answer."""
        host = self.outputs[f"{self.name}-{self.stage.name}-{service}"][Outputs.API_URL].split(
            "//"
        )[1]
        url = (
            f"{self.endpoint}/restapis/{host.split('.')[0]}/{self.stage.name}/_user_request_{path}"
        )
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            url, data=data, method=method, headers={"content-type": "application/json"}
        )
        if token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, dict(refusal.headers), refusal.read())

    def token(self, user: str, *, group: str = "") -> str:
        """An access token of the platform's user pool, for a user who is made first."""
        pool = self.outputs[f"{self.name}-{self.stage.name}"]
        users, password = self.client("cognito-idp"), "Cometbid-2026!"
        users.admin_create_user(
            UserPoolId=pool[Outputs.USER_POOL_ID], Username=user, MessageAction="SUPPRESS"
        )
        users.admin_set_user_password(
            UserPoolId=pool[Outputs.USER_POOL_ID], Username=user, Password=password, Permanent=True
        )
        if group:
            users.admin_add_user_to_group(
                UserPoolId=pool[Outputs.USER_POOL_ID], Username=user, GroupName=group
            )
        answer = users.admin_initiate_auth(
            UserPoolId=pool[Outputs.USER_POOL_ID],
            ClientId=pool[Outputs.CLIENT_ID],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": password},
        )
        return str(answer["AuthenticationResult"]["AccessToken"])

    def mails(self) -> list[dict[str, str]]:
        """What the e-mail service handed to the outside world."""
        text = self.outbox.read_text(encoding="utf-8") if self.outbox.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


def stage(name: str, folder: Path) -> Stage:
    """A stage for this machine: the emulator runs functions with its own interpreter, so they are built for that."""
    outbox = str(folder / name / "outbox.jsonl")
    return Stage(
        name,
        architecture=Architecture.X86_64,
        runtime="python3.11",
        environment=(("COMETBID_OUTBOX", outbox),),
    )


def deploy(settings: Stage, *chosen: str, spoilt: str = "", platform: Path = COMETBID) -> Shipped:
    """Deploy a platform, or some of its services; one may get a resource that cannot be made."""
    project, program = platforms.load(platform)
    location = cloud.Cloud(settings)
    rollout = location.rollout(pause=lambda _: time.sleep(0.1))
    whole = cloud.shipment(project, program, settings, chosen)
    services = tuple(
        _spoilt(one) if one.name.endswith(f"-{spoilt}") else one for one in whole.services
    )
    return shipping.ship(replace(whole, services=services), rollout=rollout, store=location.assets)


def _spoilt(request: StackRequest) -> StackRequest:
    """A queue with a delay that SQS does not have, after the tables."""
    document = json.loads(request.template)
    others = [
        name for name, one in document["Resources"].items() if one["Type"] == "AWS::DynamoDB::Table"
    ]
    properties = {"DelaySeconds": 5_000}
    document["Resources"]["Nowhere"] = {
        "Type": "AWS::SQS::Queue",
        "DependsOn": others,
        "Properties": properties,
    }
    return replace(request, template=json.dumps(document).encode())


def deployed(endpoint: str, settings: Stage, *, platform: Path = COMETBID) -> Deployed:
    """Deploy it whole, and say where everything is."""
    outcomes = deploy(settings, platform=platform).outcomes
    outputs = {outcome.stack.name: outcome.stack.outputs for outcome in outcomes}
    outbox = Path(dict(settings.environment)["COMETBID_OUTBOX"])
    return Deployed(platform.name, endpoint, settings, outputs, outcomes, outbox)


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Ask again and again; AssertionError if it does not hold in time."""
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until, f"not within {SECONDS} s: {what}"
        time.sleep(0.2)


class Daemon:
    """What Lambda runs beside a function: it takes segments by UDP. This one keeps them."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        self._segments: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        """Where functions send to."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def segments(self) -> list[dict[str, Any]]:
        """All that came so far."""
        while True:
            try:
                data = self._socket.recv(65_536)
            except BlockingIOError:
                return self._segments
            self._segments.append(json.loads(data.partition(b"\n")[2]))


@contextmanager
def daemon() -> Iterator[Daemon]:
    """A daemon on a port of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        yield Daemon(listening)
