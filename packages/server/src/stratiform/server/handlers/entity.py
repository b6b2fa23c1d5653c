"""What most commands do: list a kind, submit work, or change a row."""

from collections.abc import Callable, Mapping

from stratiform.api.cloud import Cloud, Page, Query
from stratiform.api.command import Command, Returns
from stratiform.api.parameter import COUNT_ONLY
from stratiform.api.principal import Role
from stratiform.framework.base import errors
from stratiform.server import answer
from stratiform.server.answer import Body
from stratiform.server.errors import UnderWay
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Services


def handler(command: Command, services: Services) -> Handler | None:
    """What the command's literal alone tells to do, or None if it takes more to know."""
    cloud = services.cloud

    def list_(call: Call) -> Body:
        query = paging.query(call)
        only_count = call.arguments.get(COUNT_ONLY.name) is True
        if only_count:
            query = Query(filters=query.filters, page=1, pagesize=1)
        page = cloud.list(str(command.kind), call.who, command.name, query)
        if not page.count:
            _refuse_unknown(call, cloud)
        elif "domainid" in call.arguments and call.who.role is not Role.ADMIN:  # everybody's is of any domain there is
            cloud.find("domain", call.who, command.name, str(call.arguments["domainid"]))
        return answer.listed(command, call.who.role, page, only_count=only_count)

    def submit(call: Call) -> Body:
        return answer.accepted(call.command, cloud.submit(command.name, call.who, call.arguments, call.token))

    def change(call: Call) -> Body:
        return told(call, cloud.change(command.name, call.who, call.arguments, call.token))

    def settle(call: Call) -> Body:
        submitted = cloud.submit(command.name, call.who, call.arguments, call.token)
        first = cloud.recall(command.name, call.who, call.token) if call.token is not None else None
        if first:
            return told(call, first)
        fact = services.patience.wait(lambda: services.jobs.find(submitted.job, call.who))
        if fact.error is not None:
            raise errors.restore(fact.error)
        if command.object is not None:
            row = cloud.find(str(command.kind), call.who, command.name, str(submitted.entity))
            return told(call, row if call.token is None else services.tokens.first(command, call.who, call.token, row))
        if fact.finished is None:
            raise UnderWay(command=command.name, job=submitted.job)
        return answer.success()

    if command.kind is None:
        return None
    match command.returns:
        case Returns.LIST if not command.mutates:
            return list_
        case Returns.ASYNC | Returns.ASYNC_CREATE:
            return submit
        case Returns.OBJECT | Returns.SUCCESS | Returns.LIST if command.mutates:
            return settle if command.settles else change
        case _:
            return None


def told(call: Call, row: Mapping[str, object]) -> Body:
    """What a change is answered with, given what became of the entity."""
    command = call.command
    if command.object is None:
        return answer.success()
    if command.returns is Returns.LIST:
        return answer.listed(command, call.who.role, Page(count=1, rows=[row]))
    return answer.single(command, call.who.role, row)


def once(cloud: Cloud, handle: Handler, tell: Callable[[Call, Mapping[str, object]], Body] = told) -> Handler:
    """Carry a call out, or tell of it if its token was used, even by another meanwhile.

    For what is done before any transaction, which may be long, or refuse what a change that happened made wrong.
    """

    def recalled(call: Call) -> Body | None:
        row = None if call.token is None else cloud.recall(call.command.name, call.who, call.token)
        return None if row is None else tell(call, row)

    def handler(call: Call) -> Body:
        body = recalled(call)
        if body is not None:
            return body
        try:
            return handle(call)
        except errors.Error:
            body = recalled(call)
            if body is None:
                raise
            return body

    return handler


def _refuse_unknown(call: Call, cloud: Cloud) -> None:
    """Raise `NotFound` if nothing was found because an id in the question is nobody's, as CloudStack does."""
    for each in call.command.parameters:
        value = call.arguments.get(each.name)
        for uuid in value if isinstance(value, tuple) else (value,):
            if each.kind and uuid is not None:
                cloud.find(each.kind, call.who, call.command.name, str(uuid))
