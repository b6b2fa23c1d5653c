"""Rules of physical networks: which VLANs there are."""

from stratiform.engine import check

HIGHEST_VLAN = 4094


def vlans(value: str | None) -> str | None:
    """Ranges of VLANs such as `100-199,300`, or None. Raises `BadParameter`."""
    for part in value.split(",") if value else ():
        first, _, last = part.partition("-")
        numbers = [first, last or first]
        if not all(number.isdecimal() and int(number) <= HIGHEST_VLAN for number in numbers) or (
            int(numbers[1]) < int(numbers[0])
        ):
            reason = f"it is a range of VLANs up to {HIGHEST_VLAN} such as 100-199"
            raise check.BadParameter(parameter="vlan", value=value, reason=reason)
    return value or None
