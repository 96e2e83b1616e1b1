"""A cold start on Lambda loads what one function needs, and no more: its modules are counted."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

# A plain route: it uses no resource.
PLAIN = """
from oort import Service

shop = Service("shop")


@shop.get("/people/{id}", public=True)
def read(id: str) -> str:
    return id
"""
# A route that reads one item. The route with a body is of another function: nothing of it is loaded.
READING = """
import msgspec
from oort import Can, Get, Put, Service, Table

shop = Service("shop")


class Person(msgspec.Struct):
    id: str


@shop.table("people", key="id")
class People(Table[str, Person, Can]): ...


@shop.get("/people/{id}", public=True)
def read(id: str, people: People[Get]) -> Person:
    return people.require(id)


@shop.post("/people")
def write(body: Person, people: People[Put]) -> None:
    people.put(body)
"""
# Started as Lambda starts it, and asked once. DynamoDB is a stand-in.
START = """
import json, sys
sys.path.insert(0, sys.argv[1])
from oort.aws import entry

def ours():
    return sorted(name for name in sys.modules if name == "oort" or name.startswith("oort."))

class Table:
    def get_item(self, **request):
        return {"Item": {"id": {"S": "1"}}}

answer = entry.made({
    "OORT_FUNCTION": "shop.read", "OORT_PLATFORM": "shop", "OORT_STAGE": "test", "OORT_PARTITION": "aws",
    "OORT_ACCOUNT": "1", "OORT_PACKAGES": "lambda_budget", "AWS_REGION": "eu-north-1",
})
started = ours()
from oort.aws.clients import Clients
Clients.dynamodb = property(lambda clients: Table())
reply = answer({
    "httpMethod": "GET", "path": "/shop/people/1", "requestContext": {}, "pathParameters": {"id": "1"}
})
print()
print(json.dumps([reply["statusCode"], started, ours()]))
"""
# The most modules of ours: after the start, and after the first answer.
BUDGETS = {"plain": (71, 78), "reading": (72, 86)}
PROGRAMS = {"plain": PLAIN, "reading": READING}


@cache
def modules(program: str) -> tuple[list[str], list[str]]:
    """Oort's modules after the start, and after the first answer."""
    with TemporaryDirectory() as folder:
        Path(folder, "lambda_budget.py").write_text(PROGRAMS[program], encoding="utf-8")
        command = [sys.executable, "-I", "-c", START, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    status, started, answered = json.loads(done.stdout.splitlines()[-1])
    assert status == 200
    return started, answered


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_route_starts_with_few_modules(program: str) -> None:
    started, _ = modules(program)
    assert len(started) <= BUDGETS[program][0], "\n".join(started)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_route_that_answered_has_loaded_few_modules(program: str) -> None:
    _, answered = modules(program)
    assert len(answered) <= BUDGETS[program][1], "\n".join(answered)


@pytest.mark.parametrize(
    "unneeded",
    [
        "oort.app.loading.ownership",
        "oort.app.loading.timers",
        "oort.aws.invoking.batches",
        "oort.aws.invoking.relaying",
        "oort.aws.services.queues",
        "oort.aws.services.transactions",
        "oort.app.declaring.policies",
        "oort.app.declaring.queues",
        "oort.app.declaring.versions",
        "oort.aws.dynamodb.conflict_retries",
        "oort.rules.http.access",
        "oort.rules.tables.expressions",
        "oort.rules.types.validation",
    ],
)
def test_what_judges_and_what_other_functions_need_is_not_loaded(unneeded: str) -> None:
    assert unneeded not in modules("reading")[1]
