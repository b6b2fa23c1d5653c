"""The list of templates."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import and_, case, false, func, or_, true

from stratiform.api.access import Within
from stratiform.api.principal import Role
from stratiform.engine.account.table import account
from stratiform.engine.check import BadParameter
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Asked, Listing, Narrow, mine, named, owner, ownership, refers
from stratiform.engine.os_type.table import os_category, os_type
from stratiform.engine.template.states import READY, State
from stratiform.engine.template.table import template
from stratiform.engine.visible import Binding, Condition, compile
from stratiform.engine.zone.table import zone

_READY = template.c.state.in_(sorted(READY))

_STATUS = {
    State.NOT_DOWNLOADED: "Not Downloaded",
    State.DOWNLOADING: "Download in progress",
    State.DOWNLOADED: "Download Complete",
    State.DOWNLOAD_ERROR: "Download error",
    State.BYPASSED: "Bypassed Secondary Storage",
}


_BINDING = Binding(
    table=template,
    owner=account.c.uuid,
    owner_key=template.c.account_id,
    scope=domain.c.path,
    public=template.c.is_public,
)


def _whose(asked: Asked) -> Condition:
    """Whose templates are one's own: the account's or domain's that is named, with `listall` all one looks after."""
    if asked.given("account", "domainid"):
        return and_(true(), *ownership(_BINDING, mine, asked))
    if not asked.filters.get("listall") or asked.who.role is Role.USER:
        return compile(mine(asked), _BINDING)
    return true() if asked.who.role is Role.ADMIN else compile(Within("scope", asked.who.scope), _BINDING)


def _chosen(value: object, asked: Asked) -> Condition:
    """`templatefilter`: which of those one may see. One template that is asked for by its id needs no choosing."""
    if value == "all" and asked.who.role is Role.USER:
        reason = "only an administrator lists all; self and executable are yours"
        raise BadParameter(parameter="templatefilter", value=value, reason=reason)
    if asked.given("id"):
        return true()
    own, public, featured = _whose(asked), template.c.is_public, template.c.is_featured
    choices = {
        "featured": and_(public, featured),
        "community": and_(public, featured.is_(False)),
        "self": own,
        "selfexecutable": and_(own, _READY),
        "executable": and_(or_(own, public), _READY),
        "shared": false(),
        "sharedexecutable": false(),
        "all": own if asked.given("account", "domainid") else true(),
    }
    if value not in choices:
        reason = f"it is one of {', '.join(choices)}"
        raise BadParameter(parameter="templatefilter", value=value, reason=reason)
    return choices[str(value)]


def _in_zone(value: object, asked: Asked) -> Condition:
    return or_(template.c.zone_id.is_(None), refers(template.c.zone_id, zone)(value, asked))


def _details(row: dict[str, object]) -> None:
    packed = row.get("details")
    row["details"] = {} if packed is None else msgspec.json.decode(str(packed), type=dict[str, str])


_SETTLED: Mapping[str, Narrow] = dict.fromkeys(("account", "domainid", "isrecursive", "listall"), lambda *_: true())
"""Parameters that say whose templates are one's own; the choice is `templatefilter`'s."""


LISTING = Listing(
    kind="template",
    table=template,
    joins=[
        *owner(template, account, domain),
        (zone, zone.c.id == template.c.zone_id),
        (os_type, os_type.c.id == template.c.os_type_id),
    ],
    columns={
        "id": template.c.uuid,
        "name": template.c.name,
        "displaytext": template.c.display_text,
        "created": template.c.created,
        "removed": template.c.removed,
        "account": account.c.name,
        "accountid": account.c.uuid,
        "domainid": domain.c.uuid,
        "domain": domain.c.name,
        "domainpath": domain.c.title,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "crossZones": template.c.zone_id.is_(None),
        "ostypeid": os_type.c.uuid,
        "ostypename": os_type.c.name,
        "hypervisor": template.c.hypervisor,
        "format": template.c.format,
        "templatetype": template.c.type,
        "arch": template.c.arch,
        "bits": template.c.bits,
        "details": template.c.details,
        "url": template.c.url,
        "checksum": template.c.checksum,
        "templatetag": template.c.tag,
        "isready": _READY,
        "status": case(*((template.c.state == state, text) for state, text in _STATUS.items())),
        "size": template.c.size,
        "physicalsize": template.c.size_there,
        "ispublic": template.c.is_public,
        "isfeatured": template.c.is_featured,
        "isextractable": template.c.is_extractable,
        "passwordenabled": template.c.is_password_enabled,
        "sshkeyenabled": template.c.is_ssh_key_enabled,
        "isdynamicallyscalable": template.c.is_scalable,
        "requireshvm": template.c.requires_hvm,
        "directdownload": template.c.state == State.BYPASSED,
    },
    constants={"bootable": True, "deployasis": False, "forcks": False, "tags": ()},
    times=frozenset({"created", "removed"}),
    filters={
        "templatefilter": _chosen,
        "name": named(template),
        "zoneid": _in_zone,
        "hypervisor": lambda value, _: func.lower(template.c.hypervisor) == str(value).lower(),
        "templatetype": lambda value, _: template.c.type == str(value).upper(),
        "arch": template.c.arch,
        "isready": lambda value, _: value == _READY,
        "oscategoryid": refers(os_type.c.os_category_id, os_category),
        **_SETTLED,
    },
    keyword=[template.c.name_key],
    binding=_BINDING,
    finish=_details,
)
