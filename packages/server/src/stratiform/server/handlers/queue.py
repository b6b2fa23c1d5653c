"""The queues: what of stages and jobs takes more than a list."""

from collections.abc import Mapping
from dataclasses import replace

from stratiform.framework.base import errors
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers import entity, paging
from stratiform.server.handlers.call import Call, Handler, Make, Services

ALONE = frozenset({"id", "dryrun", "position"})
"""What is given along with a job's id."""


def lister(services: Services) -> Handler:
    """List stages with the age of the first in line."""

    def handle(call: Call) -> Body:
        page = services.queues.stages(call.who, call.command.name, paging.query(call))
        return answer.listed(call.command, call.who.role, page)

    return handle


def finder(services: Services) -> Handler:
    """Tell everything about one job."""

    def handle(call: Call) -> Body:
        row = services.queues.job(call.who, call.command.name, str(call.arguments["id"]))
        return answer.single(call.command, call.who.role, row)

    return handle


def jobs(services: Services) -> Handler:
    """List jobs, by their age as well."""
    plain = entity.handler(services.commands["listJobs"], services)

    def handle(call: Call) -> Body:
        if plain is None:
            raise errors.Internal(reason="jobs have no list")
        return plain(replace(call, arguments=services.queues.aged(call.arguments)))

    return handle


def steerer(services: Services) -> Handler:
    """Steer one job, or each that filters match in a transaction of its own."""
    cloud = services.cloud

    def handle(call: Call) -> Body:
        command, who, token = call.command, call.who, call.token
        if "id" in call.arguments:
            if given := sorted(call.arguments.keys() - ALONE):
                raise errors.Invalid(reason=f"either id is given or filters, not id with {', '.join(given)}")
            return entity.told(call, cloud.change(command.name, who, call.arguments, token))
        same = {name: value for name, value in call.arguments.items() if name in ALONE}

        def act(uuid: str) -> str:
            return str(cloud.change(command.name, who, {**same, "id": uuid})["displaytext"])

        row = None if token is None else cloud.recall(command.name, who, token)
        if row is None:
            row = services.queues.steer(who, command.name, call.arguments, act)
            row = row if token is None else services.tokens.keep(command, who, token, row)
        return entity.told(call, row)

    return handle


HANDLERS: Mapping[str, Make] = {
    "listStages": lister,
    "listJobs": jobs,
    "getJob": finder,
    **dict.fromkeys(("cancelJob", "holdJob", "releaseJob", "retryJob", "prioritizeJob"), steerer),
}
"""Which handler carries out which command."""
