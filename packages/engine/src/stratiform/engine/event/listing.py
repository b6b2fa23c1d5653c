"""The list of events: the newest first, in words that are made when they are told."""

from enum import StrEnum

import msgspec
from sqlalchemy import and_, false, func, not_, or_, true

from stratiform.api import description, resource
from stratiform.engine.account.table import account, account_user
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Asked, Listing, mine
from stratiform.engine.visible import Binding, Condition
from stratiform.framework.events import identity
from stratiform.framework.events.table import event

SYSTEM = "system"
"""Who is named where something happened by itself."""

UNDER_WAY = ("Creating", "Destroying", "Expunging", "Migrating", "Starting", "Stopping")
"""States of resources that an event brings about which does not end what it tells of."""

UUID_LENGTH = 36


class State(StrEnum):
    """How far it is; every event of ours is written when something has happened."""

    STARTED = "Started"
    COMPLETED = "Completed"


class Level(StrEnum):
    """How bad it is."""

    INFO = "INFO"
    ERROR = "ERROR"


def _holds(name: str, value: object) -> Condition:
    """Whether the payload, as it is stored, has a member of this name and value."""
    return event.c.payload.contains(msgspec.json.encode({name: value}).decode()[1:-1], autoescape=True)


_FAILED = _holds("failed", True)
_STARTED = and_(or_(*(_holds("state", state) for state in UNDER_WAY)), not_(event.c.payload.contains('"removed":')))


def _is(uuid: str) -> Condition:
    place = identity.read(uuid)
    return false() if place is None else and_(event.c.at == place[0], event.c.id == place[1])


def _state(value: object, _: Asked) -> Condition:
    return {"started": _STARTED, "completed": not_(_STARTED)}.get(str(value).lower(), false())


def _level(value: object, _: Asked) -> Condition:
    return {"error": _FAILED, "info": not_(_FAILED)}.get(str(value).lower(), false())


def _kind(value: object, _: Asked) -> Condition:
    return func.replace(event.c.resource_kind, "_", "") == resource.spelled(str(value))


def _keyword(value: object, _: Asked) -> Condition:
    """A part of the event's name, or of the resource's."""
    said = msgspec.json.encode(str(value).lower()).decode()[1:-1]
    named = func.lower(event.c.payload).like(f'%"name":"%{_escaped(said)}%', escape="\\")
    return or_(event.c.kind.contains(str(value).upper(), autoescape=True), named)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _tell(row: dict[str, object]) -> None:
    """Put what people read in the place of what is stored."""
    payload = msgspec.json.decode(str(row.pop("payload")), type=dict[str, object])
    name, failed = str(payload.get("name", row["resourceid"])), payload.get("failed") is True
    started = payload.get("state") in UNDER_WAY and "removed" not in payload
    kind = str(row["resourcetype"])
    row["description"] = description.describe(str(row["type"]), kind, name, done=not started, failed=failed)
    row["id"] = identity.made(int(str(row["created"])), int(str(row["id"])))
    row["state"] = State.STARTED if started else State.COMPLETED
    row["level"] = Level.ERROR if failed else Level.INFO
    row["resourcename"], row["resourcetype"] = name, resource.name(kind)
    if len(str(row["resourceid"])) != UUID_LENGTH:
        del row["resourceid"]  # an option, which has only its name


LISTING = Listing(
    kind="event",
    table=event,
    joins=[
        (account, account.c.uuid == event.c.owner),
        (domain, domain.c.id == account.c.domain_id),
        (account_user, account_user.c.uuid == event.c.principal),
    ],
    columns={
        "id": event.c.id,
        "type": event.c.kind,
        "created": event.c.at,
        "username": func.coalesce(account_user.c.name, SYSTEM),
        "account": func.coalesce(account.c.name, SYSTEM),
        "domainid": domain.c.uuid,
        "domain": domain.c.name,
        "domainpath": domain.c.title,
        "resourceid": event.c.resource,
        "resourcetype": event.c.resource_kind,
        "payload": event.c.payload,
    },
    filters={
        "type": event.c.kind,
        "level": _level,
        "state": _state,
        "startdate": lambda value, _: event.c.at >= value,
        "enddate": lambda value, _: event.c.at <= value,
        "resourceid": event.c.resource,
        "resourcetype": _kind,
        "keyword": _keyword,
    },
    binding=Binding(table=event, owner=event.c.owner, owner_key=event.c.owner, scope=domain.c.path),
    own=mine,
    identity=_is,
    live=true(),
    finish=_tell,
    adds=frozenset({"description", "level", "resourcename", "state"}),
    order=[event.c.at, event.c.id],
    newest_first=True,
)
