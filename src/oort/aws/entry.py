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
from oort.aws.invoking.logs import JsonLog
from oort.aws.invoking.parts import Event, Parts
from oort.aws.services.bundle import AwsPorts
from oort.aws.system import MachineClock, MachineEntropy
from oort.model.errors import InvalidUse, OortError
from oort.model.functions import Answer, Http, Subscription, Timer, Worker
from oort.rules.cloud.cloud_names import RELAY, Place
from oort.runtime.operations import Operations

_made: list[Callable[[Event], object]] = []


def handle(event: Event, context: object) -> object:  # noqa: ARG001  Lambda's signature
    """Answer one invocation."""
    if not _made:
        _made.append(made(os.environ))
    return _made[0](event)


def made(variables: Mapping[str, str]) -> Callable[[Event], object]:
    """What answers the invocations of the function that the variables name."""
    clock, name = MachineClock(), _variable(variables, "OORT_FUNCTION")
    place = Place(
        platform=_variable(variables, "OORT_PLATFORM"),
        stage=_variable(variables, "OORT_STAGE"),
        partition=_variable(variables, "OORT_PARTITION"),
        region=_variable(variables, "AWS_REGION"),
        account=_variable(variables, "OORT_ACCOUNT"),
    )
    service, _, function = name.partition(".")
    always = {
        "platform": place.platform,
        "stage": place.stage,
        "service": service,
        "function": name,
    }
    log = JsonLog(always, clock=clock)
    log.capture()
    clients = Clients(place.region)
    if function == RELAY:
        from oort.aws.invoking.relaying import RelayHandler
        from oort.aws.services.relay import Relay

        return RelayHandler(
            Relay(clients, place=place, service=service), log=log, clock=clock
        ).answer
    try:
        program = _program(place.platform, _variable(variables, "OORT_PACKAGES").split(","))
    except OortError as error:
        log.write("ERROR", str(error))
        raise
    return handler_of(
        _parts(program, name, place=place, clients=clients, log=log, variables=variables)
    )


def handler_of(parts: Parts) -> Callable[[Event], object]:
    """The function that answers each invocation, chosen by the trigger; only that way is loaded.

    It raises InvalidUse for an event of another trigger.
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
    name: str,
    *,
    place: Place,
    clients: Clients,
    log: JsonLog,
    variables: Mapping[str, str],
) -> Parts:
    function, platform, clock = program.functions[name], program.model, MachineClock()
    ports = AwsPorts(
        clients,
        place,
        platform=platform,
        service=function.model.service,
        clock=clock,
        answers=dict(
            pair.split("=", 1) for pair in variables.get("OORT_CALLS", "").split(",") if pair
        ),
        daemon=variables.get("AWS_XRAY_DAEMON_ADDRESS", ""),
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


def _program(platform: str, packages: list[str]) -> Program:
    """The services of the package that was deployed; nothing else is in it. The deployment has judged them."""
    root = Path(oort.__file__).resolve().parents[1]
    services = projects.services(Project(platform, tuple(packages), folder=root, root=root))
    return load(services, name=platform, judged=True)


def _variable(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise InvalidUse(
            f"The environment variable {name} is missing.",
            "Deploy the function with `oort deploy`.",
        )
    return variables[name]
