"""The lists of accounts and of users."""

import sqlalchemy
from sqlalchemy import BigInteger, ColumnElement, cast, func

from stratiform.engine import role
from stratiform.engine.account.table import account, account_user
from stratiform.engine.domain.listing import UNLIMITED
from stratiform.engine.domain.table import domain
from stratiform.engine.entity import above, name_key
from stratiform.engine.listing import Asked, Join, Listing, Nested, mine
from stratiform.engine.size import GIB
from stratiform.engine.visible import Binding, Condition

_TYPE = role.told(account.c.role, role.TYPES)
_ROLE_NAME = role.told(account.c.role, role.NAMES)
_ROLE_ID = role.told(account.c.role, role.IDS)

_vm = above("vm", "account_id", "removed", "state", "cpus", "memory")
_volume = above("volume", "account_id", "removed", "size")
_network = above("network", "account_id", "removed")
_template = above("template", "account_id", "removed")


def _total(table: sqlalchemy.TableClause, what: str | None = None, *where: Condition) -> ColumnElement[int]:
    """How many rows of a table an account owns, or the sum of a column of them."""
    amount = func.count() if what is None else cast(func.coalesce(func.sum(table.c[what]), 0), BigInteger)
    own = (table.c.account_id == account.c.id, table.c.removed.is_(None), *where)
    return sqlalchemy.select(amount).select_from(table).where(*own).correlate(account).scalar_subquery()


_USER_COLUMNS = {
    "id": account_user.c.uuid,
    "username": account_user.c.name,
    "firstname": account_user.c.first_name,
    "lastname": account_user.c.last_name,
    "email": account_user.c.email,
    "timezone": account_user.c.timezone,
    "created": account_user.c.created,
    "state": account_user.c.state,
    "isdefault": account_user.c.is_default,
    "accountid": account.c.uuid,
    "account": account.c.name,
    "accounttype": _TYPE,
    "roleid": _ROLE_ID,
    "roletype": account.c.role,
    "rolename": _ROLE_NAME,
    "domainid": domain.c.uuid,
    "domain": domain.c.name,
}
_USER_CONSTANTS: dict[str, object] = {
    "usersource": "native",
    "iscallerchilddomain": False,
    "is2faenabled": False,
    "is2famandated": False,
}
_HOME: Join = (domain, domain.c.id == account.c.domain_id)
_ACCOUNT: Join = (account, account.c.id == account_user.c.account_id)


def _same_type(value: object, _: Asked) -> Condition:
    return value == _TYPE


def _account_name(value: object, _: Asked) -> Condition:
    return account.c.name_key == name_key(str(value))


def _user_name(value: object, _: Asked) -> Condition:
    return account_user.c.name_key == name_key(str(value))


USERS = Listing(
    kind="user",
    table=account_user,
    joins=[_ACCOUNT, _HOME],
    columns=_USER_COLUMNS,
    constants=_USER_CONSTANTS,
    filters={
        "username": _user_name,
        "state": account_user.c.state,
        "accounttype": _same_type,
    },
    keyword=[account_user.c.name_key],
    binding=Binding(
        table=account_user,
        owner=account.c.uuid,
        owner_key=account_user.c.account_id,
        scope=domain.c.path,
    ),
    own=mine,
)

ACCOUNTS = Listing(
    kind="account",
    table=account,
    joins=[_HOME],
    columns={
        "id": account.c.uuid,
        "name": account.c.name,
        "accounttype": _TYPE,
        "roleid": _ROLE_ID,
        "roletype": account.c.role,
        "rolename": _ROLE_NAME,
        "domainid": domain.c.uuid,
        "domain": domain.c.name,
        "domainpath": domain.c.title,
        "networkdomain": account.c.network_domain,
        "created": account.c.created,
        "state": account.c.state,
        "isdefault": account.c.is_default,
        "iscleanuprequired": account.c.needs_cleanup,
        "vmtotal": _total(_vm),
        "vmrunning": _total(_vm, None, _vm.c.state == "Running"),
        "vmstopped": _total(_vm, None, _vm.c.state == "Stopped"),
        "cputotal": _total(_vm, "cpus"),
        "memorytotal": _total(_vm, "memory"),
        "volumetotal": _total(_volume),
        "primarystoragetotal": _total(_volume, "size") // GIB,
        "networktotal": _total(_network),
        "templatetotal": _total(_template),
    },
    constants={
        **UNLIMITED,
        "iptotal": 0,
        "snapshottotal": 0,
        "projecttotal": 0,
        "vpctotal": 0,
        "backuptotal": 0,
        "backupstoragetotal": 0,
        "gputotal": 0,
        "buckettotal": 0,
        "objectstoragetotal": 0,
        "secondarystoragetotal": 0.0,
        "groups": (),
    },
    filters={
        "name": _account_name,
        "state": account.c.state,
        "accounttype": _same_type,
        "iscleanuprequired": account.c.needs_cleanup,
    },
    keyword=[account.c.name_key],
    binding=Binding(table=account, owner=account.c.uuid, owner_key=account.c.id, scope=domain.c.path),
    own=mine,
    nested=[
        Nested(
            name="user",
            table=account_user,
            key=account.c.id,
            parent=account_user.c.account_id,
            joins=[_ACCOUNT, _HOME],
            columns=_USER_COLUMNS,
            constants=_USER_CONSTANTS,
        )
    ],
)
