"""What commands do to accounts and users, without their credentials; and whose something new is to be."""

from sqlalchemy import and_

from stratiform.api.principal import Role
from stratiform.engine import check
from stratiform.engine.account import service
from stratiform.engine.account.states import State
from stratiform.engine.account.table import account
from stratiform.engine.call import Call
from stratiform.engine.domain.commands import chosen, home
from stratiform.engine.entity import name_key
from stratiform.engine.registry import Row
from stratiform.engine.role import IDS, LOOKS_AFTER, TYPES
from stratiform.framework.base import errors


def owner(call: Call, action: str) -> Row:
    """The caller's own account, or the one that `account` and `domainid` name, if the caller may act for it.

    Nobody ends it before this transaction is over. Raises `NotFound`, with the same words for one that is
    somebody else's, and `Conflict` unless it is enabled; `action` says what for, for example `deploying for it`.
    """
    name = call.text_if_given("account")
    if name is not None:
        row = named(call, name)
    else:
        own = service.hold_own(call.tx, call.who)
        if own is None:
            raise errors.NotFound(kind="account", key="id", value=call.who.account)
        row = own
    if row.state != State.ENABLED:
        raise errors.Conflict(kind="account", id=row.uuid, state=row.state, action=action)
    return row


def named(call: Call, name: str) -> Row:
    """The account of this name in the domain that `domainid` names, held, if the caller may act for it."""
    if not call.given("domainid"):
        reason = "an account is named together with its domain: give domainid as well"
        raise check.BadParameter(parameter="account", value=name, reason=reason)
    return _inside(call, call.find("domain", "domainid"), name)


def create(call: Call) -> tuple[Row, Row]:
    """A new account and its first user."""
    role = _role(call)
    if role not in LOOKS_AFTER[call.who.role]:
        raise errors.Denied(who=call.who.user, action=f"make an account of the role {role}")
    row = service.create(
        call.tx,
        call.world,
        name=call.text_if_given("account") or call.text("username"),
        domain=call.find_if_given("domain", "domainid") or home(call),
        role=role,
        network_domain=call.text_if_given("networkdomain"),
        uuid=chosen(call, "accountid"),
    )
    return row, _add_user(call, row)


def create_user(call: Call) -> Row:
    """One more user of an account that the caller looks after."""
    row = _inside(call, call.find_if_given("domain", "domainid") or home(call), call.text("account"))
    look_after(call, row, f"make a user of the account {row.name}")
    if row.needs_cleanup:
        raise errors.Conflict(kind="account", id=row.uuid, state="being ended", action="making a user of it")
    return _add_user(call, row)


def update_user(call: Call) -> Row:
    """Change a user whom the caller looks after."""
    return service.update_user(
        call.tx,
        call.world,
        user(call),
        username=call.text_if_given("username"),
        first_name=call.text_if_given("firstname"),
        last_name=call.text_if_given("lastname"),
        email=call.text_if_given("email"),
        timezone=call.text_if_given("timezone"),
    )


def delete_user(call: Call) -> Row:
    """Remove a user whom the caller looks after, but not the caller itself; answers it as it was."""
    row = user(call)
    if row.uuid == call.who.user:
        raise check.BadParameter(parameter="id", value=row.uuid, reason="it is you; somebody else removes a user")
    service.remove_user(call.tx, call.world, row)
    return row


def user(call: Call) -> Row:
    """The user that `id` names, if it is the caller itself or one whom the caller looks after."""
    row = call.find("user", "id")
    if row.uuid != call.who.user:
        home_account = call.tx.execute(account.select().where(account.c.id == row.account_id)).one()
        look_after(call, home_account, f"{call.command} the user {row.uuid}")
    return row


def look_after(call: Call, row: Row, action: str) -> None:
    """Raise `Denied` where an account may do more than the caller, who could else act with its rights."""
    if Role(row.role) not in LOOKS_AFTER[call.who.role]:
        raise errors.Denied(who=call.who.user, action=f"{action}: its role may do more")


def _inside(call: Call, domain: Row, name: str) -> Row:
    same = and_(account.c.domain_id == domain.id, account.c.name_key == name_key(name))
    row = service.hold(call.tx, same)
    if row is not None:
        try:
            call.lookup("account", row.uuid)
        except errors.NotFound:
            row = None  # somebody else's, which must not be told from none
    if row is None:
        raise errors.NotFound(kind="account", key="name", value=name)
    return row


def _role(call: Call) -> Role:
    """The role that `roleid` names, else the one of the account's type."""
    wanted = call.text_if_given("roleid")
    if wanted is not None:
        found = {id: role for role, id in IDS.items()}.get(wanted)
        if found is None:
            raise errors.NotFound(kind="role", key="id", value=wanted)
        return found
    number = call.number_if_given("accounttype")
    for role, type in TYPES.items():
        if type == number:
            return role
    reason = f"give it as one of {', '.join(map(str, sorted(TYPES.values())))}, or give roleid"
    raise check.BadParameter(parameter="accounttype", value=number, reason=reason)


def _add_user(call: Call, row: Row) -> Row:
    return service.create_user(
        call.tx,
        call.world,
        account=row,
        username=call.text("username"),
        first_name=call.text("firstname"),
        last_name=call.text("lastname"),
        email=call.text("email"),
        timezone=call.text_if_given("timezone"),
        uuid=chosen(call, "userid"),
    )
