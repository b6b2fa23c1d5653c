"""Weighing accounts, with the event that tells of it."""

from stratiform.engine import check
from stratiform.engine.account import service as accounts
from stratiform.engine.account.table import account
from stratiform.engine.registry import Row
from stratiform.framework.base import errors
from stratiform.framework.events import outbox
from stratiform.framework.jobs import control
from stratiform.framework.jobs.control import BadSetting
from stratiform.framework.jobs.work import Work


def set_share(work: Work, uuid: str, weight: int) -> Row:
    """Set the weight of the account of this UUID, also for what it has queued; 1 takes it back.

    Raises `NotFound` or `BadParameter`.
    """
    row = accounts.hold(work.tx, account.c.uuid == uuid)
    if row is None:
        raise errors.NotFound(kind="account", key="id", value=uuid)
    try:
        control.set_share(work, uuid, weight)
    except BadSetting as error:
        raise check.BadParameter(parameter="weight", value=weight, reason=error.parameters["reason"]) from error
    told = outbox.Event(
        kind="SHARE.UPDATE",
        resource_kind="share",
        resource=uuid,
        generation=work.now,
        payload={"name": row.name, "weight": weight},
    )
    outbox.publish(work.tx, [told])
    return row
