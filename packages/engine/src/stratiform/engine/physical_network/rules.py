"""Rules of physical networks: which VLANs there are, and what goes with the kind of their zone."""

from collections.abc import Sequence
from enum import StrEnum

from stratiform.engine import check

HIGHEST_VLAN = 4094
MOST_TAGS = 1


class Range(StrEnum):
    """How far a broadcast goes."""

    POD = "POD"
    ZONE = "ZONE"


class Isolation(StrEnum):
    """How networks are kept apart on it."""

    VLAN = "VLAN"
    L3 = "L3"


def vlans(value: str | None, *, is_basic: bool = False) -> str | None:
    """Ranges of VLANs such as `100-199,300`, or None. Raises `BadParameter`."""
    if value and is_basic:
        reason = "a Basic zone has one network, without a VLAN"
        raise check.BadParameter(parameter="vlan", value=value, reason=reason)
    for part in value.split(",") if value else ():
        first, _, last = part.partition("-")
        numbers = [first, last or first]
        if not all(number.isdecimal() and int(number) <= HIGHEST_VLAN for number in numbers) or (
            int(numbers[1]) < int(numbers[0])
        ):
            reason = f"it is a range of VLANs up to {HIGHEST_VLAN} such as 100-199"
            raise check.BadParameter(parameter="vlan", value=value, reason=reason)
    return value or None


def isolation(methods: Sequence[str], *, is_basic: bool) -> str:
    """The one method that networks are kept apart by: VLANs, or in a Basic zone addresses as well."""
    if len(methods) > 1:
        reason = "a physical network has one"
        raise check.BadParameter(parameter="isolationmethods", value=",".join(methods), reason=reason)
    method = check.choice("isolationmethods", methods[0], Isolation) if methods else Isolation.VLAN
    if method is Isolation.L3 and not is_basic:
        reason = "the networks of an Advanced zone are kept apart by VLAN"
        raise check.BadParameter(parameter="isolationmethods", value=str(method), reason=reason)
    return method


def broadcast_range(value: str | None, *, is_basic: bool) -> str:
    """A pod in a Basic zone, else the zone; nothing else can be asked for."""
    right = Range.POD if is_basic else Range.ZONE
    if value and check.choice("broadcastdomainrange", value, Range) is not right:
        reason = f"it is {right} in this kind of zone"
        raise check.BadParameter(parameter="broadcastdomainrange", value=value, reason=reason)
    return right


def tags(values: Sequence[str]) -> str | None:
    """The tag that offerings choose it by, if it has one."""
    if len(values) > MOST_TAGS:
        reason = "a physical network has one tag"
        raise check.BadParameter(parameter="tags", value=",".join(values), reason=reason)
    return values[0] if values else None
