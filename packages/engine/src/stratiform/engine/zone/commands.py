"""The commands on zones."""

from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.registry import Row
from stratiform.engine.zone import service
from stratiform.engine.zone.states import Allocation


def create(call: Call) -> Row:
    """Make a zone, closed unless told otherwise."""
    return service.create(
        call.tx,
        call.world,
        name=call.text("name"),
        network_type=call.text("networktype"),
        dns1=call.text("dns1"),
        dns2=call.text_if_given("dns2"),
        internal_dns1=call.text("internaldns1"),
        internal_dns2=call.text_if_given("internaldns2"),
        guest_cidr=call.text_if_given("guestcidraddress"),
        network_domain=call.text_if_given("domain"),
        domain=call.find_if_given("domain", "domainid"),
        state=call.text_if_given("allocationstate") or Allocation.DISABLED,
        security_groups=call.flag("securitygroupenabled"),
        local_storage=call.flag("localstorageenabled"),
        is_edge=call.flag("isedge"),
    )


def update(call: Call) -> Row:
    """Change a zone, open it or close it."""
    return service.update(
        call.tx,
        call.world,
        call.find("zone", "id"),
        name=call.text_if_given("name"),
        state=call.text_if_given("allocationstate"),
        local_storage=call.flag("localstorageenabled") if call.given("localstorageenabled") else None,
        sort_key=call.number_if_given("sortkey"),
        details=call.mapping("details"),
        is_public=call.flag("ispublic"),
        dns1=call.text_if_given("dns1"),
        dns2=call.text_if_given("dns2"),
        internal_dns1=call.text_if_given("internaldns1"),
        internal_dns2=call.text_if_given("internaldns2"),
        guest_cidr=call.text_if_given("guestcidraddress"),
        network_domain=call.text_if_given("domain"),
    )


def delete(call: Call) -> None:
    """Remove an empty zone."""
    service.remove(call.tx, call.world, call.find("zone", "id"))


COMMANDS: Commands = {
    "createZone": Change("zone", create),
    "updateZone": Change("zone", update),
    "deleteZone": Change("zone", delete),
}
