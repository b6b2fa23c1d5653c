"""The command that weighs an account."""

from stratiform.engine import check
from stratiform.engine.account.commands import named
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.registry import Row
from stratiform.engine.share import service
from stratiform.framework.base import errors


def update(call: Call) -> Row:
    """Set the weight of the account that `accountid` names, or `account` and `domainid`."""
    weight = call.number_if_given("weight")
    if weight is None:
        raise errors.Invalid(reason="weight is required")
    return service.set_share(call.work, _account(call).uuid, weight)


def _account(call: Call) -> Row:
    name = call.text_if_given("account")
    if name is None:
        return call.find("account", "accountid")
    if call.given("accountid"):
        reason = "an account is named by accountid, or by account and domainid, not by both"
        raise check.BadParameter(parameter="account", value=name, reason=reason)
    return named(call, name)


COMMANDS: Commands = {"updateShare": Change("share", update)}
