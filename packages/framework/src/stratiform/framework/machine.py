"""State machines: a declared table of (state, event) → state, and the guarded update that follows it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import Table

from stratiform.framework.base import errors
from stratiform.framework.db.database import Transaction

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)
K = TypeVar("K", int, str)


class Malformed(errors.Error):
    """The state machine {kind} is wrong: {reason}."""

    code = "malformed_machine"


class WrongState(errors.Conflict):
    """{kind} {id} is {state}, which does not allow {event}; allowed: {allowed}."""

    code = "wrong_state"


class Lost(errors.Again):
    """{kind} {id} is no longer {state}: somebody else changed it before {event}. Look at it again."""

    code = "lost"


class Member(NamedTuple, Generic[K]):
    """A row as it was read: what a transition of it is guarded by."""

    id: K
    state: str
    generation: int


class Machine(Generic[S, E]):
    """What may become of one kind of thing.

    Raises `Malformed` at construction unless every state can be reached from the initial one, no
    (state, event) is told twice, and exactly the final states have no way out.
    """

    def __init__(
        self, *, kind: str, initial: S, rows: Sequence[tuple[S, E, S]], final: Sequence[S] = ()
    ) -> None:
        self.kind = kind
        self.initial = initial
        self.rows = tuple(rows)
        self.final = tuple(final)
        self._next: dict[tuple[str, str], S] = {}
        for state, event, then in rows:
            if (state, event) in self._next:
                raise Malformed(kind=kind, reason=f"{state} tells twice what {event} leads to")
            self._next[state, event] = then
        self._check()

    def after(self, state: str, event: E, id: object = "?") -> S:
        """The state that follows. Raises `WrongState`, naming `id`, if the state does not allow the event."""
        then = self._next.get((state, event))
        if then is None:
            allowed = ", ".join(self.allowed(state)) or "nothing"
            raise WrongState(kind=self.kind, id=id, state=str(state), event=str(event), allowed=allowed)
        return then

    def allows(self, state: str, event: E) -> bool:
        """Whether the event may happen in the state."""
        return (state, event) in self._next

    def allowed(self, state: str) -> tuple[E, ...]:
        """The events that may happen in a state, in the order they are declared."""
        return tuple(event for origin, event, _ in self.rows if origin == state)

    def transition(
        self,
        tx: Transaction,
        table: Table,
        members: Sequence[tuple[K, str, int]],
        event: E,
        *,
        each: Mapping[K, Mapping[str, object]] | None = None,
        **values: object,
    ) -> set[K]:
        """Move any number of (id, state, generation) with one guarded UPDATE and answer the ids that moved.

        Sets state, generation + 1, the columns `values` on all of them and those of `each` by id (the same
        columns for every id). Whoever was changed since it was read is not in the answer and stays as it is.
        Raises `WrongState` before anything is written if some member's state does not allow the event.
        """
        own = each or {}
        rows = [
            {
                "id": id,
                "was_state": state,
                "was_generation": generation,
                "state": self.after(state, event, id),
                "generation": generation + 1,
                **values,
                **own.get(id, {}),
            }
            for id, state, generation in members
        ]
        return {key[0] for key in tx.alter(table, rows, ("id", "was_state", "was_generation"))}  # type: ignore[misc]

    def transition_one(
        self, tx: Transaction, table: Table, member: tuple[K, str, int], event: E, **values: object
    ) -> Member[K]:
        """Move one and answer it as it is now. Raises `WrongState`, or `Lost` if a rival changed it first."""
        id, state, generation = member
        if not self.transition(tx, table, [member], event, each={id: values}):
            raise Lost(kind=self.kind, id=id, state=str(state), event=str(event))
        return Member(id, self.after(state, event), generation + 1)

    def mermaid(self) -> str:
        """The machine as a Mermaid state diagram."""
        alias = {state: state.replace("-", "_").replace(" ", "_") for state in type(self.initial)}
        named = [f'    state "{state}" as {short}' for state, short in alias.items() if short != state]
        moves = [f"    {alias[origin]} --> {alias[then]}: {event}" for origin, event, then in self.rows]
        ends = [f"    {alias[state]} --> [*]" for state in self.final]
        return "\n".join(["stateDiagram-v2", *named, f"    [*] --> {alias[self.initial]}", *moves, *ends])

    def table(self) -> str:
        """The machine as a Markdown table."""
        lines = [f"| {origin} | {event} | {then} |" for origin, event, then in self.rows]
        return "\n".join(["| state | event | next |", "|---|---|---|", *lines])

    def _check(self) -> None:
        reached = {self.initial}
        for _ in self.rows:  # a path is at most as long as the table
            reached |= {then for origin, _, then in self.rows if origin in reached}
        leaving = {origin for origin, _, _ in self.rows}
        for state in type(self.initial):
            if state not in reached:
                raise Malformed(kind=self.kind, reason=f"{state} cannot be reached from {self.initial}")
            if state not in leaving and state not in self.final:
                raise Malformed(kind=self.kind, reason=f"{state} has no way out and is not final")
            if state in leaving and state in self.final:
                raise Malformed(kind=self.kind, reason=f"{state} is final and has a way out")
