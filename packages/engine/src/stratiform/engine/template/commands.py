"""The commands on templates."""

import sqlalchemy

from stratiform.api.principal import Role
from stratiform.engine import check
from stratiform.engine.account.commands import owner
from stratiform.engine.call import Call
from stratiform.engine.cluster.table import cluster
from stratiform.engine.command import Change, Commands
from stratiform.engine.entity import name_key
from stratiform.engine.os_type.table import os_type
from stratiform.engine.registry import Row
from stratiform.engine.template import rules, service

EVERYWHERE = "-1"
OTHER = "Other (64-bit)"
"""The operating system of a template of which nobody says what it is."""


def register(call: Call) -> Row:
    """Register a template for the caller's account or for the one that is named, ready at once."""
    zone = _zone(call)
    return service.create(
        call.tx,
        call.world,
        account=owner(call, "registering templates for it"),
        os_type=_os_type(call),
        name=call.text("name"),
        display_text=call.text_if_given("displaytext"),
        url=rules.url(call.text("url"), inside=call.who.role is Role.ADMIN),
        format=call.text("format"),
        hypervisor=rules.hypervisor(call.text("hypervisor"), _clustered(call)),
        zone=zone,
        bits=call.number_if_given("bits") or 64,
        checksum=call.text_if_given("checksum"),
        details=call.mapping("details"),
        is_public=call.flag("ispublic"),
        is_featured=call.flag("isfeatured"),
        is_extractable=call.flag("isextractable"),
        is_password_enabled=call.flag("passwordenabled"),
        is_ssh_key_enabled=call.flag("sshkeyenabled"),
        is_scalable=call.flag("isdynamicallyscalable"),
        requires_hvm=call.flag("requireshvm", True),
    )


def _zone(call: Call) -> Row | None:
    """The one zone that it is in, None for all of them, those that are made later included."""
    one, several = call.text_if_given("zoneid"), call.texts("zoneids")
    if one is not None and several:
        raise check.BadParameter(parameter="zoneids", value=",".join(several), reason="zoneid is given as well")
    named = set(several) if one is None else {one}
    if len(named) != 1:
        reason = f"a template is in one zone, or with {EVERYWHERE} in all of them"
        raise check.BadParameter(parameter="zoneids", value=",".join(several) or None, reason=reason)
    (zone,) = named
    return None if zone == EVERYWHERE else call.lookup("zone", zone)


def _os_type(call: Call) -> Row:
    given = call.find_if_given("os_type", "ostypeid")
    if given is not None:
        return given
    other = sqlalchemy.select(os_type).where(os_type.c.name_key == name_key(OTHER), os_type.c.removed.is_(None))
    found = call.tx.execute(other).one_or_none()
    if found is None:
        raise check.BadParameter(parameter="ostypeid", value=None, reason="say which operating system it has")
    return found


def _clustered(call: Call) -> list[str]:
    """The hypervisors of the clusters."""
    live = sqlalchemy.select(cluster.c.hypervisor).where(cluster.c.removed.is_(None)).distinct()
    return list(call.tx.connection.execute(live).scalars())


COMMANDS: Commands = {"registerTemplate": Change("template", register)}
