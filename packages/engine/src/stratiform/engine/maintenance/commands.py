"""The commands that empty hosts and open them again."""

import sqlalchemy

from stratiform.api.cloud import Submitted
from stratiform.engine.call import Call
from stratiform.engine.command import Commands, Record, Submit
from stratiform.engine.host.service import machines
from stratiform.engine.maintenance import service
from stratiform.engine.maintenance.jobs.maintain import Maintain, maintain
from stratiform.engine.registry import Row
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors


class Silent(errors.Conflict):
    """The host {name} is {state}: nothing can be moved away from it, and {count} virtual machines are there."""

    code = "host_silent"


def prepare(call: Call) -> Submitted:
    """Close a host, and have it emptied."""
    row = service.begin(call.tx, call.find("host", "id"))  # first: what is claimed there from now on is refused
    state = call.tx.connection.execute(sqlalchemy.select(resource.c.state).where(resource.c.id == row.id)).scalar_one()
    count = machines(call.tx, row)
    if state != Connection.UP and count:
        raise Silent(name=row.name, state=state, count=count)
    filed = call.work.submit(maintain, Maintain(host=row.id), fair_key=call.who.account, resource=f"host/{row.uuid}")
    return Submitted(job=filed.uuid, entity=row.uuid)


def cancel(call: Call) -> Row:
    """Open a host again; machines whose turn to leave has not come stay."""
    return service.cancel(call.tx, call.find("host", "id"))


COMMANDS: Commands = {
    "prepareHostForMaintenance": Submit(prepare, (maintain,)),
    "cancelHostMaintenance": Record("host", cancel),
}
