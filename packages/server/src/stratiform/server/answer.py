"""Answers: rows shaped by their view, put under the names that clients look for, and written out."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, cast

import orjson

from stratiform.api.cloud import Page, Submitted
from stratiform.api.command import Command, Returns
from stratiform.api.principal import Role
from stratiform.api.view import Field, View
from stratiform.server import moment, xml

JSON = "application/json; charset=UTF-8"
XML = "text/xml; charset=UTF-8"

Body = dict[str, object]
Rows = Sequence[Mapping[str, object]]
Shape = Callable[[Rows], Sequence[Body]]
_ROWS = (list, tuple)


def listed(command: Command, role: Role, page: Page, *, only_count: bool = False) -> Body:
    """`count` and the objects; nothing at all if there are none, only `count` for a page past the end."""
    if not page.count:
        return {}
    if only_count or not page.rows:
        return {"count": page.count}
    shape = shaped(command.view, role, fresh=page.fresh, within=page.fields)
    return {"count": page.count, str(command.object): shape(page.rows)}


def single(command: Command, role: Role, row: Mapping[str, object]) -> Body:
    """One object under its name, or its fields themselves if the command answers flat."""
    (body,) = shaped(command.view, role)([row])
    return {command.object: body} if command.object else body


def success() -> Body:
    """The command was carried out."""
    return {"success": True}


def accepted(command: Command, submitted: Submitted) -> Body:
    """The job, and the entity if it was made with it."""
    entity = {"id": submitted.entity} if command.returns is Returns.ASYNC_CREATE else {}
    return {**entity, "jobid": submitted.job}


def encode(wrapper: str, body: Mapping[str, object], *, json: bool, version: str | None = None) -> bytes:
    """One line of JSON, or XML, which tells the `version`."""
    return orjson.dumps({wrapper: body}) if json else xml.encode(wrapper, body, version)


@cache
def shaped(view: View, role: Role, *, fresh: bool = False, within: frozenset[str] | None = None) -> Shape:
    """How rows, which go not beyond `within`, become objects for a caller: the view's fields that he may see.

    Fresh rows are told as they are if they can be, and changed; what is made of others is in the view's order. All
    rows go through one field after the other: to call something for each row would take longer than what it does.
    """
    fields = [each for each in view.fields if role in each.roles]
    order = [each.name for each in fields]
    names = frozenset(order)
    defaults = [(each.name, each.default) for each in fields if each.default is not None]
    fits = within is not None and names >= within
    writers = [(each.name, writer) for each in fields if (writer := _writer(each, role, fresh))]

    def picked(row: Mapping[str, object]) -> Body:
        return {name: value for name in order if (value := row.get(name)) is not None}

    def shape(rows: Rows) -> Sequence[Body]:
        as_it_is = fresh and (fits or all(map(names.issuperset, rows)))
        bodies = cast(Sequence[Body], rows) if as_it_is else [*map(picked, rows)]
        for name, default in defaults:
            for body in bodies:
                body.setdefault(name, default)
        for name, write in writers:
            for body in bodies:
                if name in body:
                    body[name] = write(body[name])
        return bodies

    return shape


def _writer(field: Field, role: Role, fresh: bool) -> Callable[[object], object] | None:
    if field.view:
        return _inner(shaped(field.view, role, fresh=fresh))
    return {"date": _fresh_date if fresh else _date, "map": _map}.get(field.type)


def _inner(shape: Shape) -> Callable[[object], object]:
    def write(rows: object) -> object:
        return shape(rows) if isinstance(rows, _ROWS) else rows

    return write


def _date(value: object) -> object:
    return moment.show(value) if isinstance(value, int) else value


_fresh_date: Callable[[Any], object] = moment.show


def _map(value: object) -> object:
    return xml.Text(value) if isinstance(value, Mapping) else value
