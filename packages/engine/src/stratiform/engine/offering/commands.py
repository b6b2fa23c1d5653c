"""The commands on service offerings."""

from stratiform.api.principal import Role
from stratiform.engine import check
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.offering import service
from stratiform.engine.registry import Row

SIZES = ("cpunumber", "cpuspeed", "memory")


def create(call: Call) -> Row:
    """Make a service offering, for a domain or for everybody."""
    for parameter in SIZES:
        if not call.given(parameter):
            reason = "an offering says it; one whose sizes the tenant chooses is not provided"
            raise check.BadParameter(parameter=parameter, value=None, reason=reason)
    return service.create_service(
        call.tx,
        call.world,
        name=call.text("name"),
        display_text=call.text_if_given("displaytext"),
        cpus=call.number_if_given("cpunumber"),
        speed=call.number_if_given("cpuspeed"),
        memory=call.number_if_given("memory"),
        root_disk_size=call.number_if_given("rootdisksize"),
        dynamic_scaling=call.flag("dynamicscalingenabled", True),
        domain=_domain(call),
    )


def delete(call: Call) -> None:
    """Let nobody choose a service offering any more."""
    service.remove_service(call.tx, call.world, call.find("service_offering", "id"))


def _domain(call: Call) -> Row | None:
    """The one domain that it is for, with those below it; only operators make one for everybody."""
    named = call.texts("domainid")
    if not named and call.who.role is not Role.ADMIN:
        reason = "only operators make an offering for everybody; name a domain of yours"
        raise check.BadParameter(parameter="domainid", value=None, reason=reason)
    if len(set(named)) > 1:
        reason = "an offering is for one domain with those below it, or for everybody"
        raise check.BadParameter(parameter="domainid", value=",".join(named), reason=reason)
    return call.lookup("domain", named[0]) if named else None


COMMANDS: Commands = {
    "createServiceOffering": Change("service_offering", create),
    "deleteServiceOffering": Change("service_offering", delete),
}
