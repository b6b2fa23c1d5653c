"""Registering and removing templates."""

from collections.abc import Mapping
from enum import StrEnum

from stratiform.engine import check, registry
from stratiform.engine.registry import Noun, Row
from stratiform.engine.size import GIB
from stratiform.engine.template import rules
from stratiform.engine.template.states import Event, State, machine
from stratiform.engine.template.table import template
from stratiform.engine.zone.service import NOUN as ZONE
from stratiform.engine.zone.service import keep
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="template", table=template, event="TEMPLATE", within=None, outlived=True)


class Format(StrEnum):
    """How an image is written."""

    QCOW2 = "QCOW2"
    RAW = "RAW"
    VHD = "VHD"
    OVA = "OVA"
    VMDK = "VMDK"


class Type(StrEnum):
    """Who a template is of: a tenant, or the cloud itself."""

    USER = "USER"
    BUILTIN = "BUILTIN"


def create(
    tx: Transaction,
    world: World,
    *,
    account: Row,
    os_type: Row,
    name: str,
    url: str,
    format: str,
    hypervisor: str,
    zone: Row | None = None,
    type: Type = Type.USER,
    display_text: str | None = None,
    size: int = GIB,
    bits: int = 64,
    arch: str = "x86_64",
    checksum: str | None = None,
    tag: str | None = None,
    is_public: bool = False,
    is_featured: bool = False,
    is_extractable: bool = False,
    is_password_enabled: bool = False,
    is_ssh_key_enabled: bool = False,
    is_scalable: bool = False,
    requires_hvm: bool = True,
    details: Mapping[str, str] | None = None,
) -> Row:
    """A template of one zone or of all, from the image at `url`; `size` is bytes of the disk made from it.

    Hosts fetch the image themselves when they first need it, so it is ready at once.
    """
    if zone is not None:
        keep(tx, ZONE, zone)
    return registry.create(
        tx,
        world,
        NOUN,
        name=name,
        display_text=display_text or name,
        account_id=account.id,
        zone_id=zone.id if zone else None,
        os_type_id=os_type.id,
        hypervisor=check.name("hypervisor", hypervisor),
        format=check.choice("format", format, Format),
        type=type,
        arch=arch,
        url=rules.url(url, inside=True),
        checksum=checksum,
        tag=tag,
        bits=rules.bits(bits),
        details=rules.packed(details or {}),
        state=State.BYPASSED,
        size=check.at_least("size", size, 1),
        is_public=is_public,
        is_featured=is_featured,
        is_extractable=is_extractable,
        is_password_enabled=is_password_enabled,
        is_ssh_key_enabled=is_ssh_key_enabled,
        is_scalable=is_scalable,
        requires_hvm=requires_hvm,
    )


def update(tx: Transaction, world: World, row: Row, *, name: str | None = None, display_text: str | None = None) -> Row:
    """Rename a template or describe it anew."""
    values = {"name": name, "display_text": display_text}
    return registry.change(tx, NOUN, row, **{key: value for key, value in values.items() if value is not None})


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Give a template up; machines made from it go on."""
    registry.remove(tx, world, NOUN, registry.move(tx, NOUN, row, machine, Event.ABANDON))
