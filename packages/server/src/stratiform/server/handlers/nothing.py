"""Lists of what this cloud does not have yet: truthfully empty."""

from collections.abc import Mapping

from stratiform.server.answer import Body
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Make


def handle(call: Call) -> Body:
    """An empty list; a malformed question is refused all the same."""
    paging.query(call)
    return {}


NOTHING = (
    "listIpForwardingRules",
    "listPortForwardingRules",
    "listProjects",
    "listRouters",
    "listSystemVms",
)

HANDLERS: Mapping[str, Make] = dict.fromkeys(NOTHING, lambda _: handle)
