"""Stages as they stand, with what each server told of them with its last beat, and of what else has a queue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection

from stratiform.api.access import Everything, Filter
from stratiform.api.cloud import Page, Query
from stratiform.api.principal import Principal
from stratiform.engine.listing import ALL, DEFAULT_SIZE
from stratiform.engine.stage.listing import STAGE
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.table import process
from stratiform.framework.telemetry import figures
from stratiform.framework.telemetry.figures import Figures
from stratiform.framework.telemetry.histogram import Tally, merged

UNSERVED = "no server serves this"

_PROCESSES = sqlalchemy.select(process.c.id, process.c.name, process.c.heartbeat, process.c.figures).order_by(
    process.c.name, process.c.id
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that lives, and what it told last."""

    id: str
    name: str
    told: int
    """When (µs UTC)."""
    figures: Mapping[str, Figures]
    silent: bool
    """It has told nothing yet."""


def page(connection: Connection, visible: Filter, who: Principal, query: Query, now: int) -> Page:
    """A page of stages by name, and after them of what else has a queue: two statements, however many servers."""
    servers = _servers(connection)
    stages = STAGE.page(connection, visible, who, Query(filters=query.filters, pagesize=ALL)).rows
    rows = [{**row, **_age(row.get("readysince"), now), **_of(str(row["name"]), servers)} for row in stages]
    if isinstance(visible, Everything):
        rows += _others(servers, query.filters)
    if query.pagesize == ALL:
        return Page(count=len(rows), rows=rows)
    size = query.pagesize or DEFAULT_SIZE
    begin = (max(query.page or 1, 1) - 1) * size
    return Page(count=len(rows), rows=rows[begin : begin + size])


def _servers(connection: Connection) -> list[Server]:
    return [
        Server(
            id=row.id,
            name=row.name,
            told=row.heartbeat,
            figures={each.name: each for each in figures.decode(row.figures)},
            silent=row.figures is None,
        )
        for row in connection.execute(_PROCESSES)
    ]


def _age(since: object, now: int) -> Mapping[str, int]:
    return {} if since is None else {"age": max(0, now - int(str(since))) // SECOND}


def _of(stage: str, servers: Sequence[Server]) -> Mapping[str, object]:
    """What the servers tell of a stage."""
    told = [each.figures[stage] for each in servers if stage in each.figures]
    row: dict[str, object] = {"server": _each(stage, servers), **_pace(told)}
    if told:
        row["busy"] = sum(each.busy or 0 for each in told)
    elif not any(each.silent for each in servers):
        row["warning"] = UNSERVED
    return row


def _others(servers: Sequence[Server], filters: Mapping[str, object]) -> list[dict[str, object]]:
    """What is no stage and has a queue, or goes round."""
    found: dict[str, list[Figures]] = {}
    for each in (told for server in servers for told in server.figures.values()):
        if each.type != figures.Type.STAGE and _wanted(each, filters):
            found.setdefault(each.name, []).append(each)
    return [
        {
            "name": name,
            "type": told[0].type,
            **_numbers(told),
            **_pace(told),
            "server": _each(name, servers),
        }
        for name, told in sorted(found.items())
    ]


def _wanted(told: Figures, filters: Mapping[str, object]) -> bool:
    id, name, kind, keyword = (filters.get(each) for each in ("id", "name", "type", "keyword"))
    return (
        id in (None, told.name)
        and name in (None, told.name)
        and kind in (None, told.type)
        and (keyword is None or str(keyword).lower() in told.name)
    )


def _each(name: str, servers: Sequence[Server]) -> list[Mapping[str, object]]:
    return [
        {"id": each.id, "name": each.name, "updated": each.told, **_numbers([told]), **_last(told), **_pace([told])}
        for each in servers
        if (told := each.figures.get(name)) is not None
    ]


def _numbers(told: Sequence[Figures]) -> Mapping[str, int]:
    """The sums of what is told by anybody."""
    row = {}
    for name in ("workers", "busy", "queued"):
        numbers = [number for each in told if (number := getattr(each, name)) is not None]
        if numbers:
            row[name] = sum(numbers)
    return row


def _last(told: Figures) -> Mapping[str, int]:
    return {} if told.last is None else {"last": told.last}


def _pace(told: Sequence[Figures]) -> Mapping[str, int]:
    """The percentiles of all of them together."""
    return {
        **_percentiles("wait", (each.waits for each in told)),
        **_percentiles("service", (each.services for each in told)),
    }


def _percentiles(name: str, buckets: Iterable[Mapping[int, int]]) -> Mapping[str, int]:
    found = merged(Tally(buckets=each, sum=0) for each in buckets).percentiles()
    if found is None:
        return {}
    milliseconds = {"p50": found.p50, "p95": found.p95, "p99": found.p99}
    return {f"{name}{share}": -(-each // 1000) for share, each in milliseconds.items()}
