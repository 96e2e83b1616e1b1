"""The entry of every Lambda function: `oort.aws.entry.handle`, which builds one function from its
environment variables.

The program, the clients with their connections, and the providers are created at the first
invocation and kept for all later invocations.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import oort
from oort.app.loading import projects
from oort.app.loading.loader import load
from oort.app.loading.projects import Project
from oort.app.programs import Program
from oort.aws.clients import Clients
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.parts import Answering, Event, LambdaBroker, Parts
from oort.aws.ports import AwsPorts
from oort.model.errors import OortError
from oort.model.functions import Answer, Http, Subscription, Timer, Worker
from oort.rules.cloud.cloud_names import RELAY, Location
from oort.rules.cloud.deployed import FunctionEnvironment, Metrics, required
from oort.runtime.operations import Operations
from oort.runtime.system import MachineEntropy, SystemClock

_made: list[Answering] = []


class LambdaContext(Protocol):
    """The part of Lambda's context that Oort reads.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""
        ...


def handle(event: Event, context: LambdaContext) -> object:
    """Answer an invocation."""
    if not _made:
        _made.append(made(os.environ))
    return _made[0](event, lambda: context.get_remaining_time_in_millis() / 1000)


def made(variables: Mapping[str, str]) -> Answering:
    """Return the function that answers the invocations of the configured Lambda function."""
    clock, environment = SystemClock(), FunctionEnvironment.read(variables)
    location = Location(
        platform=environment.platform,
        stage=environment.stage,
        partition=environment.partition,
        region=required(variables, "AWS_REGION"),
        account=environment.account,
    )
    service, _, function = environment.function.partition(".")
    dimensions = Metrics.dimensions(
        platform=location.platform, stage=location.stage, service=service
    )
    log = JsonLog({**dimensions, "function": environment.function}, clock=clock)
    log.capture()
    clients = Clients(location.region)
    if function == RELAY:
        from oort.aws.invoking.relaying import RelayHandler
        from oort.aws.services.relay import Relay

        return RelayHandler(
            Relay(clients, location=location, service=service), log=log, clock=clock
        ).answer
    try:
        program = _program(location.platform, environment.packages)
    except OortError as error:
        log.write("ERROR", str(error))
        raise
    daemon = variables.get("AWS_XRAY_DAEMON_ADDRESS", "")
    return handler_of(
        _parts(program, environment, location=location, clients=clients, log=log, daemon=daemon)
    )


def handler_of(parts: Parts) -> Answering:
    """Return the function that answers each invocation. Only the module of the trigger is imported.

    The returned function raises InvalidUse for an event of another trigger.
    """
    match parts.function.model.trigger:
        case Http() as trigger:
            from oort.aws.invoking.requests import Requests

            return Requests(parts, trigger).answer
        case Subscription() | Worker() | Timer() as trigger:
            from oort.aws.invoking.batches import Batches

            return Batches(parts, trigger).answer
        case Answer():
            from oort.aws.invoking.calls import Calls

            return Calls(parts).answer


def _parts(
    program: Program,
    environment: FunctionEnvironment[str],
    *,
    location: Location,
    clients: Clients,
    log: JsonLog,
    daemon: str,
) -> Parts:
    function, platform, clock = (
        program.functions[environment.function],
        program.model,
        SystemClock(),
    )
    ports = AwsPorts(
        clients,
        location,
        platform=platform,
        service=function.model.service,
        clock=clock,
        answers=environment.calls,
        daemon=daemon,
    )
    return Parts(
        function=function,
        platform=platform,
        broker=LambdaBroker(function.model, operations=Operations(ports)),
        ports=ports,
        log=log,
        clock=clock,
        entropy=MachineEntropy(),
    )


def _program(platform: str, packages: tuple[str, ...]) -> Program:
    """Load the services of the deployed package. The deployment has checked them."""
    root = Path(oort.__file__).resolve().parents[1]
    services = projects.services(Project(platform, packages, folder=root, root=root))
    return load(services, name=platform, checked=True)
