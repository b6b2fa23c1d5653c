"""The commands on domains that need nothing but them."""

from stratiform.api.principal import Role
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.domain import service
from stratiform.engine.registry import Row
from stratiform.framework.base import errors


def create(call: Call) -> Row:
    """A domain below the one that is named, or below the caller's own."""
    parent = call.find_if_given("domain", "parentdomainid") or home(call)
    return service.create(
        call.tx,
        call.world,
        name=call.text("name"),
        parent=parent,
        network_domain=call.text_if_given("networkdomain"),
        uuid=chosen(call, "domainid"),
    )


def home(call: Call) -> Row:
    """The caller's own domain."""
    return call.lookup("domain", call.who.scope.rstrip("/").rpartition("/")[2])


def chosen(call: Call, parameter: str) -> str | None:
    """The UUID that something new is to have, if one is given: only operators may, who see whether it is taken."""
    value = call.text_if_given(parameter)
    if value is None:
        return None
    if call.who.role is not Role.ADMIN:
        raise errors.Denied(who=call.who.user, action=f"choose a UUID with {parameter}")
    return value.lower()


COMMANDS: Commands = {"createDomain": Change("domain", create)}
