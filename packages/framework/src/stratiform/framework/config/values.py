"""The values of options: set in a transaction, read from memory along a chain of scopes."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from stratiform.framework.base import errors
from stratiform.framework.config.option import BadValue, Option, V
from stratiform.framework.config.table import BUMP, PUT, VERSION, config_value
from stratiform.framework.db.database import Database, Transaction

Scope = tuple[str, int]
"""What a value is set for: a kind of thing and its id."""

GLOBAL: Scope = ("global", 0)
"""The scope above every other."""


class NotScoped(errors.Error):
    """{name} cannot be set for a {scope}, only for: {allowed}."""

    code = "not_scoped"


@dataclass(frozen=True)
class _Stored:
    version: int
    values: Mapping[str, Mapping[Scope, str]] = field(default_factory=dict)


class Config:
    """The values of options as this process last read them.

    `resolve_parent` answers the scope that contains one, None for the outermost; it is asked only for options
    that somebody has set somewhere. Reading a value costs no SQL, but for the very first.
    """

    def __init__(self, database: Database, resolve_parent: Callable[[Scope], Scope | None]) -> None:
        self._database = database
        self._resolve_parent = resolve_parent
        self._lock = threading.Lock()
        self._stored: _Stored | None = None

    @property
    def version(self) -> int:
        """The version of what is in memory; `config.table.VERSION` selects the stored one."""
        return self._loaded().version

    def value(self, option: Option[V], scope: Scope = GLOBAL) -> V:
        """The value set for the scope or for the nearest that contains it, else the option's default.

        Raises `BadValue` if what is stored there is not a value of the option.
        """
        stored = self._loaded().values.get(option.name)
        if not stored:
            return option.default
        place: Scope | None = scope
        while place is not None:
            if place in stored and place[0] in option.scopes:
                return _parse(option, stored[place], place)
            place = None if place == GLOBAL else self._resolve_parent(place) or GLOBAL
        return option.default

    def set(self, tx: Transaction, option: Option[V], value: V, scope: Scope = GLOBAL) -> None:
        """Set a value for a scope. Raises `BadValue` or `NotScoped`.

        This process sees it right after the commit, every other at its next refresh.
        """
        row = _key(option, scope) | {"value": option.text(option.validate(value))}
        tx.execute(PUT, row | {"updated": tx.database.world.clock.now()})
        self._changed(tx)

    def unset(self, tx: Transaction, option: Option[V], scope: Scope = GLOBAL) -> None:
        """Forget the value set for a scope, so that the scope above rules again. Raises `NotScoped`."""
        matches = (config_value.c[name] == value for name, value in _key(option, scope).items())
        tx.execute(sqlalchemy.delete(config_value).where(*matches))
        self._changed(tx)

    def refresh(self, version: int | None = None) -> bool:
        """Read everything again unless `version`, the stored one, is in memory; true if it was read."""
        with self._lock:
            if version is not None and self._stored and self._stored.version == version:
                return False
            self._stored = self._read()
            return True

    def _changed(self, tx: Transaction) -> None:
        tx.execute(BUMP)
        tx.after_commit(self._reread)

    def _reread(self) -> None:
        with suppress(SQLAlchemyError):  # what was set is committed; the next refresh sees its version
            self.refresh()

    def _loaded(self) -> _Stored:
        if self._stored is None:
            self.refresh()
        assert self._stored is not None
        return self._stored

    def _read(self) -> _Stored:
        values: dict[str, dict[Scope, str]] = {}
        with self._database.reading() as connection:
            version = connection.execute(VERSION).scalar_one()  # first: a later change is then read again
            for row in connection.execute(sqlalchemy.select(config_value)):
                values.setdefault(row.name, {})[row.scope_kind, row.scope_id] = row.value
        return _Stored(version, values)


def _key(option: Option[V], scope: Scope) -> dict[str, object]:
    kind, number = scope
    if kind not in option.scopes:
        raise NotScoped(name=option.name, scope=kind, allowed=", ".join(option.scopes))
    return {"name": option.name, "scope_kind": kind, "scope_id": number}


def _parse(option: Option[V], text: str, place: Scope) -> V:
    try:
        return option.parse(text)
    except BadValue as bad:
        reason = f"{bad.parameters['reason']} (stored for {place[0]} {place[1]})"
        raise BadValue(name=option.name, value=text, reason=reason) from None
