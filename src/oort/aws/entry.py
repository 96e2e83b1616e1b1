"""The entry of every Lambda function: `oort.aws.entry.handle`. It puts one function together from its environment variables.

What is made at the first invocation serves all that follow: the program, the clients and their connections, the providers.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import oort
from oort.app.loading import projects
from oort.app.loading.loader import load
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.aws.clients import Clients
from oort.aws.invoking.broker import LambdaBroker
from oort.aws.invoking.handlers import Event, Handler, Parts
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.relaying import RelayHandler
from oort.aws.services.calls import Calls
from oort.aws.services.effects import Effects
from oort.aws.services.parking import Parking
from oort.aws.services.queues import Queues
from oort.aws.services.relay import Relay
from oort.aws.services.tables import Tables
from oort.aws.services.topics import Topics
from oort.aws.services.traces import Traces
from oort.aws.services.transactions import Transactions
from oort.aws.system import MachineClock, MachineEntropy
from oort.model.errors import OortError
from oort.model.functions import FunctionModel, Subscription, Timer, Worker
from oort.model.platform import PlatformModel
from oort.rules.cloud.cloud_names import RELAY, Place
from oort.rules.cloud.deployed import FunctionEnvironment, Metrics, required
from oort.rules.http.reply_headers import Origins
from oort.runtime.alarms import Alarms
from oort.runtime.operations import Operations

_made: list[Callable[[Event], object]] = []


def handle(event: Event, context: object) -> object:  # noqa: ARG001  Lambda's signature
    """Answer one invocation."""
    if not _made:
        _made.append(made(os.environ))
    return _made[0](event)


def made(variables: Mapping[str, str]) -> Callable[[Event], object]:
    """What answers the invocations of the function that the variables name."""
    clock, environment = MachineClock(), FunctionEnvironment.read(variables)
    place = Place(
        platform=environment.platform,
        stage=environment.stage,
        partition=environment.partition,
        region=required(variables, "AWS_REGION"),
        account=environment.account,
    )
    service, _, handler = environment.function.partition(".")
    dimensions = Metrics.dimensions(platform=place.platform, stage=place.stage, service=service)
    log = JsonLog({**dimensions, "function": environment.function}, clock=clock)
    log.capture()
    clients = Clients(place.region)
    if handler == RELAY:
        return RelayHandler(
            Relay(clients, place=place, service=service), log=log, clock=clock
        ).answer
    try:
        program = _program(place.platform, environment.packages)
    except OortError as error:
        log.write("ERROR", str(error))
        raise
    daemon = variables.get("AWS_XRAY_DAEMON_ADDRESS", "")
    parts = _parts(program, environment, place=place, clients=clients, log=log, daemon=daemon)
    return Handler(parts).answer


def _parts(
    program: Program,
    environment: FunctionEnvironment[str],
    *,
    place: Place,
    clients: Clients,
    log: JsonLog,
    daemon: str,
) -> Parts:
    function, platform = program.functions[environment.function], program.model
    clock = MachineClock()
    queues = Queues(clients, platform=platform, place=place)
    transactions = Transactions(
        clients, platform=platform, place=place, clock=clock, service=function.model.service
    )
    operations = Operations(
        tables=Tables(clients, platform=platform, place=place),
        queues=queues,
        topics=Topics(clients, platform=platform, place=place),
        transactions=transactions,
        effects=Effects(clients, place=place, clock=clock, service=function.model.service),
    )
    calls = Calls(clients, answers=environment.calls, place=place)
    return Parts(
        function=function,
        broker=LambdaBroker(function.model, operations=operations, caller=calls),
        queues=queues,
        parking=Parking(clients, platform=platform, place=place),
        alarms=Alarms(transactions),
        attempts=_attempts(function.model, platform),
        origins=Origins(platform.services),
        traces=Traces(daemon),
        log=log,
        clock=clock,
        entropy=MachineEntropy(),
    )


def _program(platform: str, packages: tuple[str, ...]) -> Program:
    """The services of the package that was deployed; nothing else is in it."""
    root = Path(oort.__file__).resolve().parents[1]
    services = projects.services(Project(platform, packages, folder=root, root=root))
    return load(services, name=platform)


def _attempts(function: FunctionModel, platform: PlatformModel) -> int:
    trigger = function.trigger
    if not isinstance(trigger, Subscription | Worker | Timer):
        return 1
    return next(queue.attempts for queue in platform.queues if queue.name == trigger.queue)
