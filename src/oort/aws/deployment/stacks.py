"""The Stacks port on CloudFormation, by change sets: CloudFormation executes exactly the
change set that was shown.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from oort.aws.clients import Clients
from oort.aws.failures import Rejected, ask
from oort.model.delivery.deployments import (
    Stack,
    StackChange,
    StackEvent,
    StackPlan,
    StackRequest,
    StackState,
)
from oort.model.errors import CloudRefused, DeploymentFailed

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
_CONDITIONS = {
    "CREATE_COMPLETE": StackState.GOOD,
    "UPDATE_COMPLETE": StackState.GOOD,
    # The new state is complete; CloudFormation still removes old resources.
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": StackState.GOOD,
    "IMPORT_COMPLETE": StackState.GOOD,
    "REVIEW_IN_PROGRESS": StackState.ABSENT,  # planned, and never created
    "DELETE_COMPLETE": StackState.ABSENT,
    "UPDATE_ROLLBACK_COMPLETE": StackState.ROLLED_BACK,
    "IMPORT_ROLLBACK_COMPLETE": StackState.ROLLED_BACK,
    "ROLLBACK_COMPLETE": StackState.NEVER_CREATED,
    "CREATE_FAILED": StackState.NEVER_CREATED,
}
_NOTHING = re.compile(
    r"didn't contain changes|no updates are to be performed|no changes", re.IGNORECASE
)
_PLAN = "oort"
_ABSENT = frozenset({"ValidationError", "StackNotFoundException"})
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]

_Document = Mapping[str, Any]  # a response of botocore; it does not leave this module


class CloudFormationStacks:
    """See `ports.stacks`."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._planning: dict[str, str] = {}

    def get(self, name: str) -> Stack:
        """See `ports.stacks`."""
        stack = self._described(name)
        if stack is None:
            return Stack(name, StackState.ABSENT)
        status = str(stack["StackStatus"])
        outputs = {
            output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())
        }
        tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())}
        return Stack(
            name, state_of(status), status, str(stack.get("StackStatusReason", "")), outputs, tags
        )

    def template(self, name: str) -> bytes:
        """See `ports.stacks`."""
        try:
            body = self._ask("get_template", name, expect=_ABSENT).get("TemplateBody", "")
        except Rejected as error:
            _only_absent(error, name)
            return b""
        # botocore has parsed a template of JSON.
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()

    def plan(self, request: StackRequest) -> StackPlan | None:
        """See `ports.stacks`."""
        if request.name not in self._planning:
            self._planning[request.name] = self._begin(request)
        identifier = self._planning[request.name]
        change_set = self._ask("describe_change_set", request.name, ChangeSetName=identifier)
        status, reason = str(change_set["Status"]), str(change_set.get("StatusReason", ""))
        if status in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            return None
        del self._planning[request.name]
        if status == "CREATE_COMPLETE":
            return StackPlan(
                request.name, identifier, self._changes(request.name, identifier, change_set)
            )
        self._forget(request.name, identifier)
        if _NOTHING.search(reason):
            return StackPlan(request.name, identifier, ())
        raise DeploymentFailed(
            f"The stack {request.name} cannot be planned: {reason}", "Nothing was changed."
        )

    def execute(self, plan: StackPlan) -> None:
        """See `ports.stacks`."""
        self._ask("execute_change_set", plan.stack, ChangeSetName=plan.id)

    def discard(self, plan: StackPlan) -> None:
        """See `ports.stacks`."""
        self._forget(plan.stack, plan.id)
        stack = self._described(plan.stack)
        if stack is not None and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            self.delete(plan.stack)

    def delete(self, name: str) -> None:
        """See `ports.stacks`."""
        self._ask("delete_stack", name)

    def events(self, name: str) -> Sequence[StackEvent]:
        """See `ports.stacks`."""
        try:
            response = self._ask("describe_stack_events", name, expect=_ABSENT)
        except Rejected as error:
            _only_absent(error, name)
            return ()
        return [_event(name, document) for document in reversed(response["StackEvents"])]

    def _ask(
        self, method: str, stack: str, *, expect: frozenset[str] = frozenset(), **request: object
    ) -> _Document:
        """Send a request about a stack."""
        client = self._clients.get("cloudformation")
        parameters = {"StackName": stack, **request}
        return cast(
            _Document,
            ask(
                getattr(client, method),
                parameters,
                doing=f"asking CloudFormation about the stack {stack}",
                expect=expect,
            ),
        )

    def _described(self, name: str) -> _Document | None:
        try:
            response = self._ask("describe_stacks", name, expect=_ABSENT)
        except Rejected as error:
            _only_absent(error, name)
            return None
        return cast(_Document, response["Stacks"][0])

    def _begin(self, request: StackRequest) -> str:
        body: dict[str, object] = (
            {"TemplateURL": request.url}
            if request.url
            else {"TemplateBody": request.template.decode()}
        )
        new = self.get(request.name).state is StackState.ABSENT
        response = self._ask(
            "create_change_set",
            request.name,
            ChangeSetName=f"{_PLAN}-{datetime.now(UTC):%Y%m%d%H%M%S%f}",
            ChangeSetType="CREATE" if new else "UPDATE",
            Capabilities=_CAPABILITIES,
            Tags=[{"Key": key, "Value": value} for key, value in request.tags],
            # Tables outlive their stack; a stack that is deployed again imports them.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
            ImportExistingResources=new,
            **body,  # type: ignore[arg-type]  # none of its names is `expect`
        )
        return str(response["Id"])

    def _changes(self, name: str, identifier: str, first: _Document) -> tuple[StackChange, ...]:
        pages, page = [first], first
        while page.get("NextToken"):
            page = self._ask(
                "describe_change_set", name, ChangeSetName=identifier, NextToken=page["NextToken"]
            )
            pages.append(page)
        return tuple(
            sorted(
                _change(change["ResourceChange"])
                for page in pages
                for change in page.get("Changes", ())
            )
        )

    def _forget(self, name: str, identifier: str) -> None:
        self._ask("delete_change_set", name, ChangeSetName=identifier)


def state_of(status: str) -> StackState:
    """Return the condition that a status of CloudFormation stands for.

    >>> state_of("ROLLBACK_COMPLETE")
    <StackState.NEVER_CREATED: 'never created'>
    """
    if status in _CONDITIONS:
        return _CONDITIONS[status]
    return StackState.MOVING if status.endswith("_IN_PROGRESS") else StackState.STUCK


def _only_absent(error: Rejected, name: str) -> None:
    """Raise CloudRefused unless the stack is absent, for which CloudFormation has no
    error code of its own.
    """
    if "not exist" not in error.message:
        raise CloudRefused(
            f"AWS refused a request for the stack {name}: {error}.", "Look at what it says."
        ) from error


def _change(document: _Document) -> StackChange:
    return StackChange(
        resource=str(document["LogicalResourceId"]),
        kind=str(document["ResourceType"]),
        action=str(document["Action"]),
        replaced=document.get("Replacement") == "True",
    )


def _event(stack: str, document: _Document) -> StackEvent:
    return StackEvent(
        id=str(document["EventId"]),
        stack=stack,
        resource=str(document.get("LogicalResourceId", "")),
        kind=str(document.get("ResourceType", "")),
        status=str(document.get("ResourceStatus", "")),
        reason=str(document.get("ResourceStatusReason", "")),
        time=cast(datetime, document["Timestamp"]),
    )
