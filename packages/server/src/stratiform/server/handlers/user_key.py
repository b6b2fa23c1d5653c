"""The key pairs of users, told to those who may handle them."""

from collections.abc import Mapping

from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers.call import Call, Handler, Make, Services
from stratiform.server.handlers.user import refuse_higher


def getter(services: Services) -> Handler:
    """Tell the newest key pair of a user, with its secret; nothing if there is none."""
    cloud, keys = services.cloud, services.credentials.keys

    def handle(call: Call) -> Body:
        row = cloud.find("user", call.who, call.command.name, str(call.arguments["id"]))
        refuse_higher(call, row)
        pair = keys.told(str(row["id"]))
        told = {} if pair is None else {"apikey": pair.api_key, "secretkey": pair.secret}
        return answer.single(call.command, call.who.role, told)

    return handle


HANDLERS: Mapping[str, Make] = {"getUserKeys": getter}
