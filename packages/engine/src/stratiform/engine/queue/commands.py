"""The commands that steer jobs, stages and lanes."""

import sqlalchemy

from stratiform.engine import check
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.queue import service
from stratiform.engine.registry import Row
from stratiform.framework.jobs.control import Place
from stratiform.framework.jobs.table import job, lane, stage


def cancel(call: Call) -> Row | None:
    """End a job and undo what it did."""
    service.cancel(call.work, call.registry, call.text("id"))
    return _job(call)


def hold(call: Call) -> Row | None:
    """Let a job wait."""
    service.hold(call.work, call.registry, call.text("id"))
    return _job(call)


def release(call: Call) -> Row | None:
    """Let a job that was held go on."""
    service.release(call.work, call.registry, call.text("id"))
    return _job(call)


def prioritize(call: Call) -> Row | None:
    """Put a job first or last in its queue."""
    place = check.choice("position", call.text_if_given("position") or Place.FIRST, Place)
    service.prioritize(call.work, call.registry, call.text("id"), place)
    return _job(call)


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


def _job(call: Call) -> Row:
    """The job as it is now, for what was gathered is written first."""
    call.work.flush()
    call.work.changed.clear()
    return call.tx.execute(sqlalchemy.select(job.c.uuid).where(job.c.uuid == call.text("id"))).one()


COMMANDS: Commands = {
    "cancelJob": Change("job", cancel),
    "holdJob": Change("job", hold),
    "releaseJob": Change("job", release),
    "prioritizeJob": Change("job", prioritize),
    "updateStage": Change("stage", update_stage),
    "updateLane": Change("lane", update_lane),
}
