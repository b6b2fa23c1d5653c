"""What is right for a zone's settings."""

import re
from collections.abc import Callable, Mapping

import msgspec

from stratiform.engine import check

NETWORK_DOMAIN = re.compile(r"(?=.{1,190}$)(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)
REQUIRED = frozenset({"dns1", "internal_dns1"})


def settings(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The columns that these settings are, each checked; an empty text takes away what a zone may lack."""
    found: dict[str, str | None] = {}
    for column, value in values.items():
        parameter, examine = SETTINGS[column]
        needed = column in REQUIRED
        found[column] = examine(parameter, value or "") if value or needed else None
    return found


def with_details(there: str | None, more: Mapping[str, str]) -> str:
    """Details as the table keeps them: those that are there, with more of them set."""
    if "" in more:
        raise check.BadParameter(parameter="details", value="", reason="each of them has a key and a value")
    kept = msgspec.json.decode(there or "{}", type=dict[str, str])
    return msgspec.json.encode({**kept, **more}, order="sorted").decode()


def _address(parameter: str, value: str) -> str:
    return str(check.ip4(parameter, value))


def _cidr(parameter: str, value: str) -> str:
    return str(check.cidr(parameter, value))


def _network_domain(parameter: str, value: str) -> str:
    if not NETWORK_DOMAIN.fullmatch(value):
        reason = "it is a DNS domain such as cloud.example.org"
        raise check.BadParameter(parameter=parameter, value=value, reason=reason)
    return value


SETTINGS: Mapping[str, tuple[str, Callable[[str, str], str]]] = {
    "dns1": ("dns1", _address),
    "dns2": ("dns2", _address),
    "internal_dns1": ("internaldns1", _address),
    "internal_dns2": ("internaldns2", _address),
    "guest_cidr": ("guestcidraddress", _cidr),
    "network_domain": ("domain", _network_domain),
}
"""By column: the wire's parameter, and what makes the column's value of it."""
