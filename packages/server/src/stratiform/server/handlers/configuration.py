"""Options over the wire: listing them, and setting one."""

from collections.abc import Mapping

from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.errors import BadParameter
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Make, Services


def lister(services: Services) -> Handler:
    """List options with their values."""

    def handle(call: Call) -> Body:
        query = paging.query(call)
        rows = services.config.list(call.who, call.command, query.filters)
        return answer.listed(call.command, call.who.role, paging.part(rows, query))

    return handle


def setter(services: Services) -> Handler:
    """Set an option's value; an empty one gives the option back what it has without."""

    def handle(call: Call) -> Body:
        if "value" not in call.arguments:
            raise BadParameter(command=call.command.name.lower(), reason="missing parameter value")
        row = services.config.set(call.who, call.command, call.arguments, call.token)
        if call.token is not None:
            row = services.tokens.first(call.command, call.who, call.token, row)
        return answer.single(call.command, call.who.role, row)

    return handle


HANDLERS: Mapping[str, Make] = {"listConfigurations": lister, "updateConfiguration": setter}
