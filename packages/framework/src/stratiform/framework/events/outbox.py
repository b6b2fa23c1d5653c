"""Events: published with the change that they tell of, read in order once they have a number."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import sqlalchemy
from sqlalchemy import Connection

from stratiform.framework import context
from stratiform.framework.context import Context
from stratiform.framework.db.database import Transaction
from stratiform.framework.events.table import event

IDS = tuple(field.name for field in dataclasses.fields(Context) if field.name != "account")


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happened to a resource, and the generation of the resource that it made.

    The resource's kind and uuid are opaque here, as is its owner; the payload is plain data.
    """

    kind: str
    resource_kind: str
    resource: str
    generation: int
    payload: Mapping[str, object] = field(default_factory=dict)
    owner: str | None = None
    """The account that the resource is owned by; without one, it is the context's that the event belongs to."""


@dataclass(frozen=True, kw_only=True)
class Published(Event):
    """An event with its place in the order of all, its stable id, its time, and for whom it happened."""

    number: int
    id: int
    at: int
    context: Context


def publish(tx: Transaction, events: Sequence[Event]) -> None:
    """Write any number of events in one statement, for the current context; they exist only if `tx` commits.

    Raises `NoContext`.
    """
    who = context.current()
    record(tx, [(who, each) for each in events])


def record(tx: Transaction, events: Sequence[tuple[Context, Event]]) -> None:
    """Write events of several contexts in one statement, as a batch of jobs has them."""
    now = tx.database.world.clock.now()
    tx.insert(
        event,
        [
            {
                "id": tx.new_id(),
                "at": now,
                "kind": each.kind,
                "resource_kind": each.resource_kind,
                "resource": each.resource,
                "generation": each.generation,
                "owner": each.owner or who.account,
                "payload": msgspec.json.encode(each.payload).decode(),
                **{name: getattr(who, name) for name in IDS},
            }
            for who, each in events
        ],
    )


def after(connection: Connection, number: int, limit: int = 1000) -> list[Published]:
    """The events that follow `number`, in order, at most `limit`.

    Numbers have no gaps and none appears below one that was seen, so a reader need only remember the last.
    """
    found = sqlalchemy.select(event).where(event.c.number > number).order_by(event.c.number).limit(limit)
    return [_published(row) for row in connection.execute(found).mappings()]


def _published(row: sqlalchemy.RowMapping) -> Published:
    return Published(
        number=row["number"],
        id=row["id"],
        at=row["at"],
        kind=row["kind"],
        resource_kind=row["resource_kind"],
        resource=row["resource"],
        generation=row["generation"],
        payload=msgspec.json.decode(row["payload"], type=dict[str, object]),
        owner=row["owner"],
        context=Context(**{name: row[name] for name in IDS}),
    )
