"""An effect under way: what its function is given, and how its answer comes back."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from stratiform.framework.context import Context
from stratiform.framework.jobs.kind import Step
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.run import Run

P_co = TypeVar("P_co", bound=msgspec.Struct, covariant=True)


class Call(Generic[P_co]):
    """One attempt at the effect of a job's step; its intent is durable, its outcome is not."""

    def __init__(
        self,
        run: Run[P_co],
        step: Step,
        provided: Provided,
        answered: Callable[["Call[P_co]", object, BaseException | None], None],
    ) -> None:
        self.the = provided.the
        """What the composition of the program provides for effects, by its type."""
        self.id = run.id
        self.ticket = run.ticket
        self.job = run.uuid
        self.attempt = run.attempt
        self.way = run.way
        self.owner = run.owner
        """The member that carries it out: one that came back as somebody else does not."""
        self.epoch = run.epoch
        self.deadline = run.deadline
        self.payload = run.payload
        self.resource = run.resource
        self.context: Context = run.context
        self.stage = run.job.stage
        self.kind = run.job.name
        self.began = 0
        """When this process knew of it, by the monotonic clock."""
        self.step = step
        self._answered = answered

    @property
    def command(self) -> str:
        """The stable id of what is done: the same after a crash, another one only when the last outcome is known.

        It is another one, too, when the job was rewound and comes here again: what was done was undone.
        """
        return f"{self.job}/{self.step.name}/{self.attempt}" + (f"/{self.way}" if self.way else "")

    def answer(self, value: object = None) -> None:
        """The effect is complete; may be called from any thread, only the first answer of an epoch counts."""
        self._answered(self, value, None)

    def fail(self, error: BaseException) -> None:
        """The effect did not happen, or not wholly; the job is undone."""
        self._answered(self, None, error)
