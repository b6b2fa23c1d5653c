"""What deploying a virtual machine asks beside what the literal says."""

from stratiform.api.principal import Role
from stratiform.framework.base.errors import Denied
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.errors import BadParameter
from stratiform.server.handlers.call import Call, Handler, Services


def deploy(services: Services) -> Handler:
    """Submit the deployment. Only root may choose the host: ignoring the choice would change the result."""
    cloud = services.cloud

    def handle(call: Call) -> Body:
        if "hostid" in call.arguments and call.who.role is not Role.ADMIN:
            raise Denied(who=call.who.user, action="choose the host of a virtual machine")
        if "account" in call.arguments and "domainid" not in call.arguments:
            raise BadParameter(command=call.command.name.lower(), reason="missing parameter domainid")
        return answer.accepted(call.command, cloud.submit(call.command.name, call.who, call.arguments, call.token))

    return handle


HANDLERS = {"deployVirtualMachine": deploy}
