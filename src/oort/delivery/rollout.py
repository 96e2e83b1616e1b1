"""Brings stacks to what their templates say, several at a time, and removes them. The command line starts it and shows the events.

A stack changes as a whole or not at all; CloudFormation takes a change back whose part failed. Nothing is kept here: a
deployment that was interrupted is simply started again.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from oort.model.delivery.deployments import Condition, Stack, StackEvent, StackPlan, StackRequest
from oort.model.errors import DeploymentFailed
from oort.ports.stacks import Stacks

AT_ONCE = (
    6  # API Gateway makes one API in three seconds for an account, and CloudFormation waits for it
)
_EVERY = timedelta(seconds=2)
_LONGEST = timedelta(hours=2)  # for one operation of a stack

Course = Generator[None, None, "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one stack. `failure` says why it is not as asked; `plan` is what was to change."""

    stack: Stack
    plan: StackPlan | None = None
    failure: DeploymentFailed | None = None

    @property
    def changed(self) -> bool:
        """Whether something was carried out, and went well."""
        return self.failure is None and self.plan is not None and bool(self.plan.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What a rollout works with. `pause` waits, `event` and `planned` hear of everything as it happens."""

    stacks: Stacks
    pause: Callable[[timedelta], None]
    event: Callable[[StackEvent], None] = lambda _: None
    planned: Callable[[StackPlan], None] = lambda _: None

    def bring(self, requests: Iterable[StackRequest]) -> list[Outcome]:
        """Make these stacks what is asked, a few at a time; what became of each, in order.

        After a failure no further stack is begun; those under way go on to their end. DeploymentFailed if one failed.
        """
        return _sound(self._together([self._change(request) for request in requests]))

    def preview(self, requests: Iterable[StackRequest]) -> list[Outcome]:
        """What would change, as CloudFormation sees it. Nothing is changed."""
        return _sound(self._together([self._look(request) for request in requests]))

    def remove(self, names: Iterable[str]) -> list[Outcome]:
        """Remove these stacks, a few at a time. DeploymentFailed if one stays."""
        return _sound(self._together([self._removal(name) for name in names]))

    # -- the course of one stack: it yields whenever it has to wait

    def _change(self, request: StackRequest) -> Course:
        stack = self.stacks.get(request.name)
        refuse(stack, request)
        if stack.condition is Condition.NEVER_CREATED:  # it holds nothing, and can only be removed
            yield from self._removal(request.name)
        plan = yield from self._plan(request)
        self.planned(plan)
        if not plan.changes:
            return Outcome(self.stacks.get(request.name), plan)
        seen = {event.id for event in self.stacks.events(request.name)}
        self.stacks.execute(plan)
        yield
        stack = yield from self._settled(request.name, seen)
        if stack.condition is Condition.GOOD:
            return Outcome(stack, plan)
        return Outcome(stack, plan, failed(stack, self.stacks.events(request.name), already=seen))

    def _look(self, request: StackRequest) -> Course:
        stack = self.stacks.get(request.name)
        refuse(stack, request)
        if stack.condition is Condition.NEVER_CREATED:
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

    def _removal(self, name: str) -> Course:
        if self.stacks.get(name).condition is Condition.ABSENT:
            return Outcome(Stack(name, Condition.ABSENT))
        seen = {event.id for event in self.stacks.events(name)}
        self.stacks.delete(name)
        yield
        stack = yield from self._settled(name, seen)
        if stack.condition is Condition.ABSENT:
            return Outcome(stack)
        return Outcome(stack, None, failed(stack, self.stacks.events(name), already=seen))

    def _settled(self, name: str, seen: set[str]) -> Generator[None, None, Stack]:
        """Wait until nothing moves any more, and tell what happens meanwhile."""
        told = set(seen)
        for _ in range(_LONGEST // _EVERY):
            stack = self.stacks.get(name)
            for event in self.stacks.events(name):
                if event.id not in told:
                    told.add(event.id)
                    self.event(event)
            if stack.condition is not Condition.MOVING:
                return stack
            yield
        raise DeploymentFailed(
            f"The stack {name} still moves after {_LONGEST}.", "Look at it in the console."
        )

    def _together(self, courses: Sequence[Course]) -> list[Outcome]:
        """Take the courses forward in turn, at most a few at a time."""
        outcomes: dict[int, Outcome] = {}
        waiting, running = list(enumerate(courses)), list[tuple[int, Course]]()
        while running or waiting:
            stopped = any(outcome.failure for outcome in outcomes.values())
            while waiting and len(running) < AT_ONCE and not stopped:
                running.append(waiting.pop(0))
            if not running:
                break
            running = [one for one in running if not _stepped(one, outcomes)]
            if running:
                self.pause(_EVERY)
        return [outcomes[number] for number in sorted(outcomes)]


def refuse(stack: Stack, request: StackRequest) -> None:
    """Raise DeploymentFailed if the stack cannot be changed now, or is not ours."""
    if stack.condition is Condition.MOVING:
        what = f"The stack {stack.name} is being changed by somebody else ({stack.status})."
        raise DeploymentFailed(what, "Wait until that has ended, and deploy again.")
    if stack.condition is Condition.STUCK:
        what = f"The stack {stack.name} is stuck ({stack.status}): {stack.reason or 'its log says why'}."
        raise DeploymentFailed(
            what, "Continue its rollback in the CloudFormation console, then deploy again."
        )
    for key, value in request.tags:
        if key.startswith("oort:") and stack.tags.get(key, value) != value:
            what = f"The stack {stack.name} belongs to {key} {stack.tags[key]}, not to {value}."
            raise DeploymentFailed(what, "Rename the platform or the stage in oort.toml.")


def failed(stack: Stack, events: Sequence[StackEvent], *, already: set[str]) -> DeploymentFailed:
    """Why the operation failed: the first failures that no other one caused, and what holds now."""
    causes = [
        event
        for event in events
        if event.failed and event.id not in already and event.resource != stack.name
    ]
    told = (
        "; ".join(f"{one.resource} ({one.kind}): {one.reason}" for one in causes[:3])
        or stack.reason
        or stack.status
    )
    instead = {
        Condition.ROLLED_BACK: "Everything is as it was before. Mend the cause and deploy again.",
        Condition.NEVER_CREATED: "Nothing of it stays. Mend the cause and deploy again.",
    }.get(
        stack.condition, f"Its state is {stack.status}: look at it in the CloudFormation console."
    )
    return DeploymentFailed(f"The stack {stack.name} failed: {told}.", instead)


def _stepped(one: tuple[int, Course], outcomes: dict[int, Outcome]) -> bool:
    """Take a course one step forward; whether it has ended."""
    number, course = one
    try:
        next(course)
    except StopIteration as end:
        outcomes[number] = end.value
        return True
    except DeploymentFailed as failure:
        outcomes[number] = Outcome(Stack("", Condition.STUCK), None, failure)
        return True
    return False


def _sound(outcomes: list[Outcome]) -> list[Outcome]:
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise DeploymentFailed("\n".join(str(failure) for failure in failures))
    return outcomes
