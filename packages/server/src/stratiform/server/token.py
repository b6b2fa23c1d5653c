"""Idempotency tokens as requests carry them: found, checked, and what is kept of a request with one sealed."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import cast

import msgspec
import sqlalchemy

from stratiform.api.cloud import Token
from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.jobs import token as tokens
from stratiform.framework.jobs.token import Key
from stratiform.framework.secrets import KeyRing
from stratiform.server.arguments import UUID
from stratiform.server.configuration import Configuration
from stratiform.server.errors import BadParameter
from stratiform.server.request import Given

PARAMETER = "idempotencytoken"
HEADER = "Idempotency-Key"
JOB = "customjobid"
"""CloudStack's, for asynchronous commands: the job's id as the caller wishes it, which serves as a token as well."""

EVERY = 60 * SECOND
"""Between two looks for tokens past their time."""

NOT_ASKED = frozenset(
    {"command", "response", "apikey", "signature", "signatureversion", "expires", "sessionkey", "_", PARAMETER}
)
"""Parameters that say how something is asked, and not what."""

_TEXT = re.compile(r"[!-~]{1,255}")
_QUOTED = re.compile(r'"([^"\\]*)"')
"""A header's value as the IETF's draft writes it."""

_DUE = sqlalchemy.select(sqlalchemy.func.min(tokens.token.c.until))


class Tokens:
    """The tokens of this server's callers. What was asked lies in the database only as the ring seals its hash."""

    def __init__(self, database: Database, ring: KeyRing, config: Configuration) -> None:
        self._database = database
        self._ring = ring
        self._config = config
        self._next = self._now() + EVERY

    def of(self, command: Command, who: Principal, header: str | None, given: Given) -> Token | None:
        """The token of a request, if it has one and its command changes something. Raises `BadParameter`."""
        text, wish = asked(command, header, given)
        if text is None:
            return None
        place = _place(Key(principal=who.user, scope=command.name, text=text))
        digest = _digest(given, {JOB} if wish == text else frozenset())
        return Token(
            text=text,
            request=self._ring.seal(digest, place),
            same=lambda request: hmac.compare_digest(self._ring.open(request, place), digest),
            until=self._now() + self._config.value(tokens.RETENTION) * SECOND,
            job=wish.lower() if wish and UUID.fullmatch(wish) else None,
        )

    def first(self, command: Command, who: Principal, token: Token, row: Mapping[str, object]) -> Mapping[str, object]:
        """The row that a command answered first, which is this one if it answered none before."""
        key = Key(principal=who.user, scope=command.name, text=token.text)
        return cast(Mapping[str, object], self._database.run(lambda tx: tokens.settle(tx, key, row)))

    def keep(self, command: Command, who: Principal, token: Token, row: Mapping[str, object]) -> Mapping[str, object]:
        """The row that a command answered first, which is this one unless a rival was faster.

        For what takes many transactions, each of which may come again. Raises `Reused`.
        """
        key = Key(principal=who.user, scope=command.name, text=token.text)

        def keep(tx: Transaction) -> object:
            kept = tokens.claim(tx, key, request=token.request, same=token.same, until=token.until)
            if kept is not None:
                return kept.answer
            tokens.keep(tx, key, answer=row)
            return row

        return cast(Mapping[str, object], self._database.run(keep))

    def seal(self, who: Principal, command: Command, token: Token, secret: str) -> str:
        """A secret that is to be told again, as it may lie in the database until then."""
        return self._ring.seal(secret, _secret(who, command, token))

    def open(self, who: Principal, command: Command, token: Token, sealed: str) -> str:
        """What was sealed for the same token."""
        return self._ring.open_text(sealed, _secret(who, command, token))

    def sweep(self) -> None:
        """Once a minute, forget tokens past their time; in batches, one at each of the kernel's looks."""
        now = self._now()
        if now < self._next:
            return
        with self._database.reading() as connection:
            due = connection.execute(_DUE).scalar()
        swept = self._database.run(tokens.sweep) if due is not None and due <= now else 0
        if swept < tokens.BATCH:
            self._next = now + EVERY

    def _now(self) -> int:
        return self._database.world.clock.now()


def asked(command: Command, header: str | None, given: Given) -> tuple[str | None, str | None]:
    """The token that comes with a request, and the id that is wished for its job; None for what is not there.

    Raises `BadParameter` for what can be neither, and for two tokens that differ.
    """
    if not command.mutates:
        return None, None
    wish = given.values.get(JOB) if command.asynchronous else None
    found = [(PARAMETER, given.values.get(PARAMETER)), (HEADER, None if header is None else _unquoted(header))]
    for name, text in (*found, (JOB, wish or None)):
        if text is not None and not _TEXT.fullmatch(text):
            raise _bad(command, f"invalid value for {name}: it is not 1 to 255 characters of ASCII without spaces")
    texts = {text for _, text in found if text is not None}
    if len(texts) > 1:
        raise _bad(command, f"two values: {PARAMETER} and the header {HEADER} differ")
    return next(iter(texts), wish or None), wish or None


def _digest(given: Given, without: frozenset[str] | set[str]) -> bytes:
    """What is asked, whatever it is, in 32 bytes."""
    values = {name: value for name, value in given.values.items() if name not in NOT_ASKED and name not in without}
    maps = {name: {str(index): each for index, each in parts.items()} for name, parts in given.maps.items()}
    return hashlib.sha256(msgspec.json.encode([values, maps], order="deterministic")).digest()


def _unquoted(header: str) -> str:
    found = _QUOTED.fullmatch(header.strip())
    return found[1] if found else header.strip()


def _place(key: Key) -> str:
    return f"token/{key.principal}/{key.scope}/{key.text}"


def _secret(who: Principal, command: Command, token: Token) -> str:
    return f"answer/{_place(Key(principal=who.user, scope=command.name, text=token.text))}"


def _bad(command: Command, reason: str) -> BadParameter:
    return BadParameter(command=command.name.lower(), reason=reason)
