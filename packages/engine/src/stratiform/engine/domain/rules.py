"""What is right and wrong about a domain."""

import re

from stratiform.engine import check

_LABEL = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
LONGEST = 190
"""Characters of a network domain, so that a host's name fits before it."""


def name(value: str) -> str:
    """The name without space around it, if it is one that a path of names can hold."""
    clean = check.name("name", value)
    if "/" in clean:
        raise check.BadParameter(parameter="name", value=value, reason="it has no slash, which separates domains")
    return clean


def network_domain(value: str | None) -> str | None:
    """The DNS domain of networks, None if there is none."""
    if not value:
        return None
    if len(value) > LONGEST or not all(_LABEL.fullmatch(part) for part in value.split(".")):
        reason = f"it is a DNS domain such as cloud.example.org, of at most {LONGEST} characters"
        raise check.BadParameter(parameter="networkdomain", value=value, reason=reason)
    return value
