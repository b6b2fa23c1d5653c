"""SSH key pairs: made here, since the engine keeps the public half alone."""

from collections.abc import Mapping
from dataclasses import replace

from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.credential import ssh
from stratiform.server.handlers import entity
from stratiform.server.handlers.call import Call, Handler, Make, Services

SEALED = "sealed"
"""The private key, sealed, in what is kept for who asks again with the same token."""


def maker(services: Services) -> Handler:
    """Make a pair, have its public half kept, and tell the private one, this once.

    Whether it would be kept is asked before anything is made, since that is work of some tenths of a second.
    """
    cloud, credentials, tokens = services.cloud, services.credentials, services.tokens

    def tell(call: Call, row: Mapping[str, object]) -> Body:
        assert call.token is not None
        private = tokens.open(call.who, call.command, call.token, str(row[SEALED]))
        return answer.single(call.command, call.who.role, {**row, "privatekey": private})

    def handle(call: Call) -> Body:
        cloud.change(call.command.name, call.who, call.arguments)
        with credentials.effort.place():
            pair = ssh.generate()
        public = {"publickey": pair.public_key, "fingerprint": pair.fingerprint}
        arguments = {**call.arguments, **public}
        if call.token is None:
            row = cloud.change(call.command.name, call.who, arguments)
            return answer.single(call.command, call.who.role, {**row, "privatekey": pair.private_key})
        kept = {SEALED: tokens.seal(call.who, call.command, call.token, pair.private_key)}
        return tell(call, cloud.change(call.command.name, call.who, arguments, replace(call.token, keeps=kept)))

    return entity.once(cloud, handle, tell)


HANDLERS: Mapping[str, Make] = {"createSSHKeyPair": maker}
