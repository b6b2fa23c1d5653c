"""Making and removing accounts and their users; credentials are the server's."""

import sqlalchemy
from sqlalchemy import bindparam

from stratiform.api.principal import Principal, Role
from stratiform.engine import check, registry
from stratiform.engine.account.states import Event, State, machine
from stratiform.engine.account.table import account, account_user
from stratiform.engine.domain import rules
from stratiform.engine.domain.service import hold as hold_domain
from stratiform.engine.registry import Noun, Row
from stratiform.engine.visible import Condition
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

ACCOUNT = Noun(
    kind="account",
    table=account,
    event="ACCOUNT",
    name="account",
    within=("domain_id",),
    parts=(account_user.c.account_id,),
    names={"EDIT": "ACCOUNT.UPDATE"},
)
USER = Noun(
    kind="user",
    table=account_user,
    event="USER",
    name="username",
    within=("domain_id",),
    outlived=True,
    names={"EDIT": "USER.UPDATE"},
)


def create(
    tx: Transaction,
    world: World,
    *,
    name: str,
    domain: Row,
    role: Role = Role.USER,
    network_domain: str | None = None,
    is_default: bool = False,
    uuid: str | None = None,
) -> Row:
    """An account in a domain, without a user yet. Only the root domain has accounts of the role Admin.

    Raises `Conflict` where the domain is being ended.
    """
    if role is Role.ADMIN and domain.level != 0:
        reason = "only an account in the root domain is an administrator of everything"
        raise check.BadParameter(parameter="accounttype", value=role, reason=reason)
    hold_domain(tx, domain)
    return registry.create(
        tx,
        world,
        ACCOUNT,
        uuid=uuid or world.ids.uuid(),
        name=name,
        domain_id=domain.id,
        role=role,
        state=State.ENABLED,
        network_domain=rules.network_domain(network_domain),
        is_default=is_default,
    )


def create_user(
    tx: Transaction,
    world: World,
    *,
    account: Row,
    username: str,
    first_name: str,
    last_name: str,
    email: str,
    timezone: str | None = None,
    is_default: bool = False,
    uuid: str | None = None,
) -> Row:
    """A user of an account; the name is unique in the account's domain."""
    return registry.create(
        tx,
        world,
        USER,
        uuid=uuid or world.ids.uuid(),
        name=username,
        account_id=account.id,
        domain_id=account.domain_id,
        first_name=check.name("firstname", first_name),
        last_name=check.name("lastname", last_name),
        email=check.name("email", email),
        timezone=timezone or None,
        state=State.ENABLED,
        is_default=is_default,
    )


def update(
    tx: Transaction, world: World, row: Row, *, name: str | None = None, network_domain: str | None = None
) -> Row:
    """Rename an account or set its network domain."""
    values: dict[str, object] = {} if name is None else {"name": name}
    if network_domain is not None:
        values["network_domain"] = rules.network_domain(network_domain)
    return registry.change(tx, ACCOUNT, row, **values)


def update_user(
    tx: Transaction,
    world: World,
    row: Row,
    *,
    username: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    email: str | None = None,
    timezone: str | None = None,
) -> Row:
    """Give a user other names, another address or another timezone; what is None stays."""
    named = {"firstname": first_name, "lastname": last_name, "email": email}
    columns = {"firstname": "first_name", "lastname": "last_name", "email": "email"}
    values = {columns[key]: check.name(key, value) for key, value in named.items() if value is not None}
    given = {"name": username, "timezone": timezone}
    return registry.change(tx, USER, row, **values, **{key: value for key, value in given.items() if value is not None})


CALLER = "its_caller"

_USER = sqlalchemy.select(account_user.c.id).where(account_user.c.uuid == bindparam("user"))
_OWN = (
    sqlalchemy.select(account, _USER.scalar_subquery().label(CALLER))
    .where(account.c.removed.is_(None), account.c.uuid == bindparam("own"))
    .with_for_update(read=True, key_share=True)
)


def hold_own(tx: Transaction, who: Principal) -> Row | None:
    """As `hold`, the account of a principal; the row has the id of its user as well, under `CALLER`."""
    return tx.execute(_OWN, {"own": who.account, "user": who.user}).one_or_none()


def hold(tx: Transaction, *where: Condition) -> Row | None:
    """The live account of which this is so, as it is; nobody ends it before this transaction is over.

    Whoever makes something for an account reads it so first: the end of the account then sees what was made.
    """
    live = sqlalchemy.select(account).where(account.c.removed.is_(None), *where)
    return tx.execute(live.with_for_update(read=True, key_share=True)).one_or_none()


def condemn(tx: Transaction, world: World, id: int) -> Row | None:
    """Let nobody act for an account any more, nor make anything for it, from the commit on; twice is as once.

    Waits for those who hold it. None if it is gone already. The default account stays.
    """
    locked = sqlalchemy.select(account).where(account.c.id == id, account.c.removed.is_(None)).with_for_update()
    row = tx.execute(locked).one_or_none()
    if row is None or row.needs_cleanup:
        return row
    _refuse_default(row, "account")
    return registry.change(tx, ACCOUNT, row, state=State.DISABLED, needs_cleanup=True)


def move(tx: Transaction, world: World, row: Row, event: Event) -> Row:
    """Disable, lock or enable an account. Raises `Conflict` for one that is being ended."""
    if row.needs_cleanup:
        raise errors.Conflict(kind="account", id=row.uuid, state="being ended", action=f"to {event} it")
    return registry.move(tx, ACCOUNT, row, machine, event)


def move_user(tx: Transaction, world: World, row: Row, event: Event) -> Row:
    """Disable, lock or enable a user."""
    return registry.move(tx, USER, row, machine, event)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove an account that owns nothing any more, with its users. The default account stays."""
    _refuse_default(row, "account")
    tx.execute(sqlalchemy.select(account.c.id).where(account.c.id == row.id).with_for_update())
    registry.refuse_used(tx, ACCOUNT, row)
    left = sqlalchemy.select(account_user).where(account_user.c.account_id == row.id, account_user.c.removed.is_(None))
    for user in tx.execute(left).all():
        registry.remove(tx, world, USER, user)
    registry.remove(tx, world, ACCOUNT, row)


def remove_user(tx: Transaction, world: World, row: Row) -> None:
    """Remove a user; what the user made stays its account's. The default user stays."""
    _refuse_default(row, "user")
    registry.remove(tx, world, USER, row)


def _refuse_default(row: Row, kind: str) -> None:
    if row.is_default:
        reason = f"the cloud's own {kind} cannot be removed"
        raise check.BadParameter(parameter="id", value=row.uuid, reason=reason)
