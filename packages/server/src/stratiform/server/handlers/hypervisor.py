"""Hypervisors: which are installed, and that a cluster is of one of them."""

from collections.abc import Mapping, Sequence

from stratiform.api.cloud import Page, Query
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.errors import BadParameter
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Make, Services


def lister(services: Services) -> Handler:
    """List what is installed; for a zone, what its clusters are of."""
    cloud, installed = services.cloud, services.hypervisors

    def handle(call: Call) -> Body:
        query, zone = paging.query(call), call.arguments.get("zoneid")
        if zone is None:
            page = _page(installed, query)
        else:
            cloud.find("zone", call.who, call.command.name, str(zone))
            page = cloud.list(str(call.command.kind), call.who, call.command.name, query)
        return answer.listed(call.command, call.who.role, page)

    return handle


def adder(services: Services) -> Handler:
    """Make a cluster of a hypervisor that is installed, which may be spelled in any case."""
    installed = {name.lower(): name for name in services.hypervisors}

    def handle(call: Call) -> Body:
        wanted = str(call.arguments["hypervisor"])
        if wanted.lower() not in installed:
            known = ", ".join(services.hypervisors) or "none"
            reason = f"invalid value {wanted[:80]!r} for parameter hypervisor: installed is {known}"
            raise BadParameter(command=call.command.name.lower(), reason=reason)
        arguments = {**call.arguments, "hypervisor": installed[wanted.lower()]}
        row = services.cloud.change(call.command.name, call.who, arguments, call.token)
        return answer.listed(call.command, call.who.role, Page(count=1, rows=[row]))

    return handle


def _page(names: Sequence[str], query: Query) -> Page:
    keyword = str(query.filters.get("keyword", "")).lower()
    rows = [{"name": each} for each in names if keyword in each.lower()]
    size = query.pagesize if query.pagesize and query.pagesize > 0 else len(rows)
    start = ((query.page or 1) - 1) * size
    return Page(count=len(rows), rows=rows[start : start + size])


HANDLERS: Mapping[str, Make] = {"listHypervisors": lister, "addCluster": adder}
