"""The commands on image stores and staging stores."""

from stratiform.engine import check
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.image_store import service
from stratiform.engine.image_store.rules import Provider
from stratiform.engine.image_store.table import Role
from stratiform.engine.registry import Row
from stratiform.framework.base import errors

ZONE, REGION = SCOPES = "ZONE", "REGION"


def add(call: Call) -> Row:
    """Make an image store, of one zone or of all."""
    url = call.text_if_given("url")
    if url is None:
        raise errors.Invalid(reason="url is required")
    return service.create(
        call.tx,
        call.world,
        provider=call.text("provider"),
        url=url,
        name=call.text_if_given("name"),
        zone=call.find_if_given("zone", "zoneid"),
    )


def stage(call: Call) -> Row:
    """Make a staging store, of one zone unless told that it is for all."""
    zone, scope = call.find_if_given("zone", "zoneid"), (call.text_if_given("scope") or ZONE).upper()
    if scope not in SCOPES:
        raise check.BadParameter(parameter="scope", value=scope, reason=f"it is one of {', '.join(SCOPES)}")
    if (scope == ZONE) != (zone is not None):
        reason = "a staging store of the scope ZONE has a zone, and one of REGION has none"
        raise check.BadParameter(parameter="zoneid", value=zone.uuid if zone else None, reason=reason)
    return service.create(
        call.tx,
        call.world,
        provider=call.text_if_given("provider") or Provider.NFS,
        url=call.text("url"),
        zone=zone,
        role=Role.CACHE,
    )


def delete(call: Call) -> None:
    """Remove an image store, or a staging store."""
    try:
        row = call.find("image_store", "id")
    except errors.NotFound:
        row = call.find("staging_store", "id")
    service.remove(call.tx, call.world, row)


def unstage(call: Call) -> None:
    """Remove a staging store."""
    service.remove(call.tx, call.world, call.find("staging_store", "id"))


COMMANDS: Commands = {
    "addImageStore": Change("image_store", add),
    "deleteImageStore": Change("image_store", delete),
    "createSecondaryStagingStore": Change("staging_store", stage),
    "deleteSecondaryStagingStore": Change("staging_store", unstage),
}
