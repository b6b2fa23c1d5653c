"""SSH key pairs: made here, since the engine keeps the public half alone."""

from collections.abc import Mapping

from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.credential import ssh
from stratiform.server.handlers.call import Call, Handler, Make, Services


def maker(services: Services) -> Handler:
    """Make a pair, have its public half kept, and tell the private one, this once.

    Whether it would be kept is asked before anything is made, since that is work of some tenths of a second.
    """
    cloud, credentials = services.cloud, services.credentials

    def handle(call: Call) -> Body:
        cloud.change(call.command.name, call.who, call.arguments)
        with credentials.effort.place():
            pair = ssh.generate()
        public = {"publickey": pair.public_key, "fingerprint": pair.fingerprint}
        row = cloud.change(call.command.name, call.who, {**call.arguments, **public})
        return answer.single(call.command, call.who.role, {**row, "privatekey": pair.private_key})

    return handle


HANDLERS: Mapping[str, Make] = {"createSSHKeyPair": maker}
