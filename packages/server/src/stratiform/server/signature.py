"""Who signed a request: CloudStack's HMAC over its parameters, and how long that holds."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from stratiform.api.principal import Principal
from stratiform.framework.base.clock import SECOND, Clock
from stratiform.framework.telemetry.logs import get_logger
from stratiform.server import moment
from stratiform.server.errors import Unauthenticated

log = get_logger(__name__)

NAMES = frozenset({"apikey", "signature", "signatureversion", "expires"})
"""The parameters that a signature is made with, in lower case."""
LONGEST = 15 * 60 * SECOND
"""How far ahead the end of a signature may lie where that is looked at."""
LONGEST_KEY = 255

_PLAIN = re.compile(r"[A-Za-z0-9.*_-]*")
"""What every encoding leaves as it is."""

Encoding = Callable[[str], str]
Order = Callable[[tuple[str, str]], str]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The owner of an API key, and the secret that the key's owner signs with."""

    principal: Principal
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Caller({self.principal!r})"


class Callers(Protocol):
    """Finds the owners of API keys."""

    def find(self, apikey: str) -> Caller | None:
        """Who owns a key that may be used now: it, its user and its account are enabled; None otherwise."""


def authenticate(
    parameters: Mapping[str, str], callers: Callers, clock: Clock, *, strictly: bool = False
) -> Principal:
    """Who signed these parameters, given with their names as received. Raises `Unauthenticated`.

    Strictly, a signature without an end is none, nor is one that ends later than `LONGEST` from now.
    """
    known = {lower: value for name, value in parameters.items() if (lower := name.lower()) in NAMES}
    apikey, signature = known.get("apikey"), known.get("signature")
    if not apikey or not signature or len(apikey) > LONGEST_KEY or "\0" in apikey:
        raise _refuse("no key or no signature")
    ends = known.get("signatureversion") == "3"
    if (ends or strictly) and not (ends and _in_time(known.get("expires"), clock, strictly)):
        raise _refuse("expired", apikey=apikey)
    if any("&" in name or "=" in name for name in parameters):
        raise _refuse("a name that would be signed like several", apikey=apikey)
    caller = callers.find(apikey)
    if caller is None:
        raise _refuse("no such key in use", apikey=apikey)
    if not verify(parameters, signature, caller.secret):
        raise _refuse("wrong signature", apikey=apikey)
    return caller.principal


def verify(parameters: Mapping[str, str], signature: str, secret: str) -> bool:
    """Whether the signature is right, by CloudStack's rule or by a deviation that its clients are known for.

    Each of these covers the same names, values and secret, so accepting them gives nothing away.
    """
    given = signature.encode("utf-8", "replace")
    signed = (sign(parameters, secret, encoding, order) for encoding, order in _variants())
    return any(hmac.compare_digest(each.encode(), given) for each in signed)


def sign(
    parameters: Mapping[str, str],
    secret: str,
    encoding: "Encoding | None" = None,
    order: "Order | None" = None,
) -> str:
    """The signature of the parameters, by CloudStack's rule unless told otherwise."""
    text = canonical(parameters, encoding or strict, order or as_received)
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha1)).decode()


def canonical(parameters: Mapping[str, str], encoding: "Encoding", order: "Order") -> str:
    """What is signed: all but the signature, sorted, values encoded and names not, in lower case."""
    pairs = sorted((pair for pair in parameters.items() if pair[0].lower() != "signature"), key=order)
    return "&".join(f"{name}={encoding(value)}" for name, value in pairs).lower()


def strict(value: str) -> str:
    """As Java's URLEncoder, with `%20` for a space: letters, digits and `.-*_` stay."""
    return value if _PLAIN.fullmatch(value) else quote(value, safe="*").replace("~", "%7E")


def bare_tilde(value: str) -> str:
    """As cs, CloudMonkey and cloudstack-go encode: `~` stays too."""
    return quote(value, safe="*")


def bare_brackets(value: str) -> str:
    """As Libcloud encodes: `~`, `[` and `]` stay too."""
    return quote(value, safe="*[]")


def as_received(pair: tuple[str, str]) -> str:
    """CloudStack's order: by name as received."""
    return pair[0]


def lower_case(pair: tuple[str, str]) -> str:
    """The order of Marvin and Libcloud: by name in lower case."""
    return pair[0].lower()


def _variants() -> Iterator[tuple[Encoding, Order]]:
    for encoding in (strict, bare_tilde, bare_brackets):
        for order in (as_received, lower_case):
            yield encoding, order


def _in_time(expires: str | None, clock: Clock, strictly: bool) -> bool:
    end = moment.read(expires) if expires and moment.has_offset(expires) else None
    now = clock.now()
    return end is not None and now <= end and not (strictly and end > now + LONGEST)


def _refuse(reason: str, **more: str) -> Unauthenticated:
    log.info("request refused", reason=reason, **more)
    return Unauthenticated()
