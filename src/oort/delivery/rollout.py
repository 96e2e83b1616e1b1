"""Deploy and remove CloudFormation stacks, several at a time.

A stack changes completely or not at all: CloudFormation rolls back a failed change. No state is
kept here. To continue an interrupted deployment, start it again.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from oort.model.delivery.deployments import Stack, StackEvent, StackPlan, StackRequest, StackState
from oort.model.errors import DeploymentFailed
from oort.ports.stacks import Stacks

# API Gateway makes one API in three seconds for an account, and CloudFormation waits for it
AT_ONCE = 6
_EVERY = timedelta(seconds=2)
_LONGEST = timedelta(hours=2)  # for one operation of a stack

StackSteps = Generator[None, None, "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one stack. `failure` is the cause of a failure; `plan` holds the planned
    changes."""

    stack: Stack
    plan: StackPlan | None = None
    failure: DeploymentFailed | None = None

    @property
    def changed(self) -> bool:
        """True if changes were executed without failure."""
        return self.failure is None and self.plan is not None and bool(self.plan.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Deploy stacks. `pause` waits; `event` and `planned` are called for each event and plan."""

    stacks: Stacks
    pause: Callable[[timedelta], None]
    event: Callable[[StackEvent], None] = lambda _: None
    planned: Callable[[StackPlan], None] = lambda _: None

    def bring(self, requests: Iterable[StackRequest]) -> list[Outcome]:
        """Deploy the stacks, a few at a time, and return the outcomes in order.

        After a failure no further stack starts; started stacks finish. DeploymentFailed if a stack
        failed.
        """
        return _raise_failures(
            self._run_in_turns([self._deploy_steps(request) for request in requests])
        )

    def preview(self, requests: Iterable[StackRequest]) -> list[Outcome]:
        """Return the changes that CloudFormation would make, without making them."""
        return _raise_failures(
            self._run_in_turns([self._preview_steps(request) for request in requests])
        )

    def remove(self, names: Iterable[str]) -> list[Outcome]:
        """Remove the stacks, a few at a time. DeploymentFailed if a stack remains."""
        return _raise_failures(self._run_in_turns([self._removal_steps(name) for name in names]))

    # -- the steps for one stack: a course yields when it has to wait

    def _deploy_steps(self, request: StackRequest) -> StackSteps:
        stack = self.stacks.get(request.name)
        refuse(stack, request)
        if stack.state is StackState.NEVER_CREATED:  # it holds nothing, and can only be removed
            yield from self._removal_steps(request.name)
        plan = yield from self._plan(request)
        self.planned(plan)
        if not plan.changes:
            return Outcome(self.stacks.get(request.name), plan)
        seen = {event.id for event in self.stacks.events(request.name)}
        self.stacks.execute(plan)
        yield
        stack = yield from self._wait_until_settled(request.name, seen)
        if stack.state is StackState.GOOD:
            return Outcome(stack, plan)
        return Outcome(stack, plan, failed(stack, self.stacks.events(request.name), already=seen))

    def _preview_steps(self, request: StackRequest) -> StackSteps:
        stack = self.stacks.get(request.name)
        refuse(stack, request)
        if stack.state is StackState.NEVER_CREATED:
            raise DeploymentFailed(
                f"The stack {stack.name} holds nothing: its creation failed.",
                "Deploy it: that removes it first.",
            )
        plan = yield from self._plan(request)
        self.planned(plan)
        if plan.changes:
            self.stacks.discard(plan)
        return Outcome(stack, plan)

    def _plan(self, request: StackRequest) -> Generator[None, None, StackPlan]:
        for _ in range(_LONGEST // _EVERY):
            plan = self.stacks.plan(request)
            if plan is not None:
                return plan
            yield
        raise DeploymentFailed(
            f"The stack {request.name} was not planned in {_LONGEST}.", "Look at it in the console."
        )

    def _removal_steps(self, name: str) -> StackSteps:
        if self.stacks.get(name).state is StackState.ABSENT:
            return Outcome(Stack(name, StackState.ABSENT))
        seen = {event.id for event in self.stacks.events(name)}
        self.stacks.delete(name)
        yield
        stack = yield from self._wait_until_settled(name, seen)
        if stack.state is StackState.ABSENT:
            return Outcome(stack)
        return Outcome(stack, None, failed(stack, self.stacks.events(name), already=seen))

    def _wait_until_settled(self, name: str, seen: set[str]) -> Generator[None, None, Stack]:
        """Wait until the stack is no longer changing, and report its events."""
        reported = set(seen)
        for _ in range(_LONGEST // _EVERY):
            stack = self.stacks.get(name)
            for event in self.stacks.events(name):
                if event.id not in reported:
                    reported.add(event.id)
                    self.event(event)
            if stack.state is not StackState.MOVING:
                return stack
            yield
        raise DeploymentFailed(
            f"The stack {name} still moves after {_LONGEST}.", "Look at it in the console."
        )

    def _run_in_turns(self, courses: Sequence[StackSteps]) -> list[Outcome]:
        """Run the courses in turns, at most `AT_ONCE` at a time."""
        outcomes: dict[int, Outcome] = {}
        waiting, running = list(enumerate(courses)), list[tuple[int, StackSteps]]()
        while running or waiting:
            stopped = any(outcome.failure for outcome in outcomes.values())
            while waiting and len(running) < AT_ONCE and not stopped:
                running.append(waiting.pop(0))
            if not running:
                break
            running = [entry for entry in running if not _advance(entry, outcomes)]
            if running:
                self.pause(_EVERY)
        return [outcomes[number] for number in sorted(outcomes)]


def refuse(stack: Stack, request: StackRequest) -> None:
    """Raise DeploymentFailed if the stack cannot be changed now or belongs to another platform."""
    if stack.state is StackState.MOVING:
        what = f"The stack {stack.name} is changing already ({stack.status})."
        raise DeploymentFailed(what, "Wait until the change has ended, then deploy again.")
    if stack.state is StackState.STUCK:
        what = f"The stack {stack.name} is stuck ({stack.status}): {stack.reason or 'its log says why'}."
        raise DeploymentFailed(
            what, "Continue its rollback in the CloudFormation console, then deploy again."
        )
    for key, value in request.tags:
        if key.startswith("oort:") and stack.tags.get(key, value) != value:
            what = f"The stack {stack.name} belongs to {key} {stack.tags[key]}, not to {value}."
            raise DeploymentFailed(what, "Rename the platform or the stage in oort.toml.")


def failed(stack: Stack, events: Sequence[StackEvent], *, already: set[str]) -> DeploymentFailed:
    """Describe a failed operation: the first root causes and the current state of the stack."""
    causes = [
        event
        for event in events
        if event.failed and event.id not in already and event.resource != stack.name
    ]
    reasons = (
        "; ".join(f"{event.resource} ({event.kind}): {event.reason}" for event in causes[:3])
        or stack.reason
        or stack.status
    )
    instead = {
        StackState.ROLLED_BACK: "Everything is as it was before. Fix the cause and deploy again.",
        StackState.NEVER_CREATED: "No resource of it remains. Fix the cause and deploy again.",
    }.get(stack.state, f"Its state is {stack.status}: look at it in the CloudFormation console.")
    return DeploymentFailed(f"The stack {stack.name} failed: {reasons}.", instead)


def _advance(entry: tuple[int, StackSteps], outcomes: dict[int, Outcome]) -> bool:
    """Advance a course by one step. Return True when the course has ended."""
    number, course = entry
    try:
        next(course)
    except StopIteration as end:
        outcomes[number] = end.value
        return True
    except DeploymentFailed as failure:
        outcomes[number] = Outcome(Stack("", StackState.STUCK), None, failure)
        return True
    return False


def _raise_failures(outcomes: list[Outcome]) -> list[Outcome]:
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise DeploymentFailed("\n".join(str(failure) for failure in failures))
    return outcomes
