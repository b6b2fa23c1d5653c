"""Making and removing accounts and their users; credentials are the server's."""

from stratiform.api.principal import Role
from stratiform.engine import check, registry
from stratiform.engine.account.states import Event, State, machine
from stratiform.engine.account.table import account, account_user
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

ACCOUNT = Noun(
    kind="account",
    table=account,
    event="ACCOUNT",
    name="account",
    within=("domain_id",),
    parts=(account_user.c.account_id,),
)
USER = Noun(kind="user", table=account_user, event="USER", name="username", within=("domain_id",))


def create(
    tx: Transaction,
    world: World,
    *,
    name: str,
    domain: Row,
    role: Role = Role.USER,
    network_domain: str | None = None,
    is_default: bool = False,
) -> Row:
    """An account in a domain, without a user yet. Only the root domain has accounts of the role Admin."""
    if role is Role.ADMIN and domain.level != 0:
        reason = "only an account in the root domain is an administrator of everything"
        raise check.BadParameter(parameter="accounttype", value=role, reason=reason)
    return registry.create(
        tx,
        world,
        ACCOUNT,
        name=name,
        domain_id=domain.id,
        role=role,
        state=State.ENABLED,
        network_domain=network_domain,
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
) -> Row:
    """A user of an account; the name is unique in the account's domain."""
    return registry.create(
        tx,
        world,
        USER,
        name=username,
        account_id=account.id,
        domain_id=account.domain_id,
        first_name=check.name("firstname", first_name),
        last_name=check.name("lastname", last_name),
        email=check.name("email", email),
        timezone=timezone,
        state=State.ENABLED,
        is_default=is_default,
    )


def update(
    tx: Transaction, world: World, row: Row, *, name: str | None = None, network_domain: str | None = None
) -> Row:
    """Rename an account or set its network domain."""
    values = {"name": name, "network_domain": network_domain}
    return registry.change(tx, ACCOUNT, row, **{key: value for key, value in values.items() if value is not None})


def move(tx: Transaction, world: World, row: Row, event: Event) -> Row:
    """Disable, lock or enable an account."""
    return registry.move(tx, ACCOUNT, row, machine, event)


def move_user(tx: Transaction, world: World, row: Row, event: Event) -> Row:
    """Disable, lock or enable a user."""
    return registry.move(tx, USER, row, machine, event)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove an account that owns nothing any more, with its users. The default account stays."""
    _refuse_default(row, "account")
    registry.remove(tx, world, ACCOUNT, row)


def remove_user(tx: Transaction, world: World, row: Row) -> None:
    """Remove a user who made nothing that is still there. The default user stays."""
    _refuse_default(row, "user")
    registry.remove(tx, world, USER, row)


def _refuse_default(row: Row, kind: str) -> None:
    if row.is_default:
        reason = f"the cloud's own {kind} cannot be removed"
        raise check.BadParameter(parameter="id", value=row.uuid, reason=reason)
