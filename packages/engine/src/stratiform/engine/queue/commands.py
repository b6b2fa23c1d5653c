"""The commands that steer jobs, stages and lanes."""

from collections.abc import Callable

import sqlalchemy
from sqlalchemy import Boolean, Text, literal

from stratiform.api.access import Everything
from stratiform.engine import check
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.queue import service
from stratiform.engine.queue.listing import JOB
from stratiform.engine.registry import Row
from stratiform.framework.jobs.control import Done, NoJob, Place
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.table import job, lane, stage
from stratiform.framework.jobs.work import Work


def cancel(call: Call) -> Row | None:
    """End a job and undo what it did."""
    return _steer(call, service.cancel)


def hold(call: Call) -> Row | None:
    """Let a job wait."""
    return _steer(call, service.hold)


def release(call: Call) -> Row | None:
    """Let a job that was held go on."""
    return _steer(call, service.release)


def retry(call: Call) -> Row | None:
    """File a job anew; the new one is answered."""
    return _steer(call, service.retry)


def prioritize(call: Call) -> Row | None:
    """Put a job first or last in its queue."""
    place = check.choice("position", call.text_if_given("position") or Place.FIRST, Place)
    return _steer(call, lambda work, registry, uuid: service.prioritize(work, registry, uuid, place))


def update_stage(call: Call) -> Row | None:
    """Set a stage."""
    name = call.text("name")
    service.set_stage(call.work, name, call.arguments)
    return call.tx.execute(sqlalchemy.select(stage.c.name.label("uuid")).where(stage.c.name == name)).one()


def update_lane(call: Call) -> Row | None:
    """Set a lane."""
    key, mode, width = call.text("key"), call.text_if_given("mode"), call.number_if_given("width")
    service.set_lane(call.work, call.registry, key, mode=mode, width=width)
    return call.tx.execute(sqlalchemy.select(lane.c.key.label("uuid")).where(lane.c.key == key)).one()


def _steer(call: Call, act: Callable[[Work, Registry, str], Done]) -> Row:
    """The job as it is afterwards, and what happens next; a dry run says the same and leaves nothing behind."""
    uuid, dry = call.text("id"), call.flag("dryrun")
    visible = call.gate.visible(call.who, call.command, JOB.kind)
    if not isinstance(visible, Everything) and JOB.find(call.tx.connection, visible, call.who, uuid) is None:
        raise NoJob(uuid=uuid)
    savepoint = call.tx.connection.begin_nested() if dry else None
    done = act(call.work, call.registry, uuid)
    if savepoint is not None:
        savepoint.rollback()
        call.work.forget()
    else:
        call.work.finish()
    told = [literal(done.text, Text).label("displaytext"), literal(dry, Boolean).label("dryrun")]
    here = uuid if dry else done.uuid
    return call.tx.execute(sqlalchemy.select(job.c.uuid, *told).where(job.c.uuid == here)).one()


TELLS = ("displaytext", "dryrun")

COMMANDS: Commands = {
    "cancelJob": Change("job", cancel, TELLS),
    "holdJob": Change("job", hold, TELLS),
    "releaseJob": Change("job", release, TELLS),
    "retryJob": Change("job", retry, TELLS),
    "prioritizeJob": Change("job", prioritize, TELLS),
    "updateStage": Change("stage", update_stage),
    "updateLane": Change("lane", update_lane),
}
