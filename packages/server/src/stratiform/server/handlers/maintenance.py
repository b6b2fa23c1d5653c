"""What maintenance would do with the machines on a host."""

from collections.abc import Mapping

from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Make, Services


def planner(services: Services) -> Handler:
    """List what would become of each machine; the keyword is looked for in their names."""

    def handle(call: Call) -> Body:
        query = paging.query(call)
        keyword = str(query.filters.get("keyword", "")).lower()
        rows = services.plans.rows(call.who, call.command.name, str(call.arguments["id"]))
        found = [row for row in rows if keyword in str(row["virtualmachinename"]).lower()]
        return answer.listed(call.command, call.who.role, paging.part(found, query))

    return handle


HANDLERS: Mapping[str, Make] = {"listHostMaintenancePlan": planner}
