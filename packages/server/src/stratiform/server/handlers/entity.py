"""What most commands do: list a kind, submit work, or change a row."""

from stratiform.api.cloud import Cloud, Query
from stratiform.api.command import Command, Returns
from stratiform.api.parameter import COUNT_ONLY
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler


def handler(command: Command, cloud: Cloud) -> Handler | None:
    """What the command's literal alone tells to do, or None if it takes more to know."""

    def list_(call: Call) -> Body:
        query = paging.query(call)
        only_count = call.arguments.get(COUNT_ONLY.name) is True
        if only_count:
            query = Query(filters=query.filters, page=1, pagesize=1)
        page = cloud.list(str(command.kind), call.who, command.name, query)
        if not page.count:
            _refuse_unknown(call, cloud)
        return answer.listed(command, call.who.role, page, only_count=only_count)

    def submit(call: Call) -> Body:
        return answer.accepted(cloud.submit(command.name, call.who, call.arguments))

    def change(call: Call) -> Body:
        row = cloud.change(command.name, call.who, call.arguments)
        return answer.single(command, call.who.role, row) if command.object else answer.success()

    if command.kind is None:
        return None
    match command.returns:
        case Returns.LIST:
            return list_
        case Returns.ASYNC | Returns.ASYNC_CREATE:
            return submit
        case Returns.OBJECT | Returns.SUCCESS if command.mutates:
            return change
        case _:
            return None


def _refuse_unknown(call: Call, cloud: Cloud) -> None:
    """Raise `NotFound` if nothing was found because an id in the question is nobody's, as CloudStack does."""
    for each in call.command.parameters:
        value = call.arguments.get(each.name)
        for uuid in value if isinstance(value, tuple) else (value,):
            if each.kind and uuid is not None:
                cloud.find(each.kind, call.who, call.command.name, str(uuid))
