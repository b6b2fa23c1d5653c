"""The queues: what of stages and jobs takes more than a list."""

from collections.abc import Mapping

from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Make, Services


def lister(services: Services) -> Handler:
    """List stages with the age of the first in line."""

    def handle(call: Call) -> Body:
        page = services.queues.stages(call.who, call.command.name, paging.query(call))
        return answer.listed(call.command, call.who.role, page)

    return handle


def finder(services: Services) -> Handler:
    """Tell everything about one job."""

    def handle(call: Call) -> Body:
        row = services.queues.job(call.who, call.command.name, str(call.arguments["id"]))
        return answer.single(call.command, call.who.role, row)

    return handle


HANDLERS: Mapping[str, Make] = {"listStages": lister, "getJob": finder}
"""Which handler carries out which command."""
