"""What can go wrong in a cloud beside what can go wrong anywhere; the server knows each one's HTTP status."""

from stratiform.framework.base.errors import Error


class InsufficientCapacity(Error):
    """There is no room for {what}: {reason}."""

    code = "insufficient_capacity"


class LimitExceeded(Error):
    """{owner} may have {limit} of {resource}, has {used}, and wants {wanted} more."""

    code = "limit_exceeded"


class Unavailable(Error):
    """{what} is not available: {reason}."""

    code = "unavailable"


class InUse(Error):
    """{kind} {id} is in use by {by}."""

    code = "in_use"


class RuleConflict(Error):
    """{what} contradicts {other}."""

    code = "rule_conflict"


class Overloaded(Error):
    """{queue} is full: it holds {depth} and takes no more now. Nothing was kept of this request."""

    code = "overloaded"
