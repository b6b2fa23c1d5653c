"""Jobs as clients poll them: facts from the engine, and as the result the entity as it is when asked for."""

from collections.abc import Mapping

from stratiform.api import resource
from stratiform.api.cloud import Page, Query
from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.engine.api import Fact
from stratiform.framework.base.errors import NotFound
from stratiform.server import answer, errors
from stratiform.server.answer import Body
from stratiform.server.errors import BadParameter
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler, Services

PENDING, SUCCEEDED, FAILED = 0, 1, 2


def finder(services: Services) -> Handler:
    """Tell of one job, by its id or by what it is about."""
    commands, jobs = services.commands, services.jobs

    def handle(call: Call) -> Body:
        about = _resource(call, commands)
        job = call.arguments.get("jobid")
        if job is None and about is None:
            raise BadParameter(command=call.command.name.lower(), reason="missing parameter jobid")
        facts = jobs.find(str(job), call.who) if job is not None else jobs.latest(str(about), call.who)
        row = describe(facts)
        if row["jobstatus"] == SUCCEEDED:
            row["jobresult"] = _result(commands.get(facts.command), facts, call.who, services)
        return answer.single(call.command, call.who.role, row)

    return handle


def lister(services: Services) -> Handler:
    """List jobs; the result of one that succeeded is told only when it is asked for by itself."""
    commands, jobs = services.commands, services.jobs

    def handle(call: Call) -> Body:
        query = paging.query(call)
        about = _resource(call, commands)
        filters = {name: each for name, each in query.filters.items() if not name.startswith("resource")}
        filters |= {} if about is None else {"resource": about}
        count, page = jobs.list(call.who, Query(filters=filters, page=query.page, pagesize=query.pagesize))
        rows = [describe(facts) for facts in page]
        return answer.listed(call.command, call.who.role, Page(count=count, rows=rows))

    return handle


def describe(facts: Fact) -> Body:
    """A job as a row, without the result of success."""
    kind, _, entity = (facts.resource or "").partition("/")
    row: Body = {
        "accountid": facts.account,
        "account": facts.account_name,
        "domainid": facts.domain,
        "domainpath": facts.domain_path,
        "userid": facts.user,
        "cmd": f"stratiform.api.commands.{facts.command[:1].upper()}{facts.command[1:]}Cmd",
        "jobstatus": PENDING if facts.finished is None else FAILED if facts.error is not None else SUCCEEDED,
        "jobprocstatus": 100 * facts.done // facts.steps if facts.steps and facts.finished is None else 0,
        "jobresultcode": 0,
        "jobresulttype": None if facts.finished is None else "object",
        "jobinstancetype": resource.name(kind) or None,
        "jobinstanceid": entity or None,
        "created": facts.created,
        "completed": facts.finished,
        "jobid": facts.uuid,
    }
    if facts.finished is not None and facts.error is not None:
        result = errors.job_result(facts.error)
        row |= {"jobresultcode": result["errorcode"], "jobresult": result}
    return row


def _result(command: Command | None, facts: Fact, who: Principal, services: Services) -> Body:
    kind, _, entity = (facts.resource or "").partition("/")
    if command is None or command.object is None or not entity:
        return answer.success()
    try:
        row = services.cloud.find(command.kind or kind, who, command.name, entity)
    except NotFound:
        row = {"id": entity}  # purged since; clients look for exactly one object here
    if command.view.sealed and facts.user == who.user:
        row = {**row, **services.credentials.results.open(facts.uuid, who.user)}
    return answer.single(command, who.role, row)


def _resource(call: Call, commands: Mapping[str, Command]) -> str | None:
    named = [call.arguments.get(name) for name in ("resourcetype", "resourceid")]
    if named == [None, None]:
        return None
    if None in named:
        raise BadParameter(
            command=call.command.name.lower(), reason="resourceid and resourcetype must be given together"
        )
    kinds = {each.kind.replace("_", ""): each.kind for each in commands.values() if each.kind}
    spelled = resource.spelled(str(named[0]))
    return f"{kinds.get(spelled, spelled)}/{str(named[1]).lower()}"


HANDLERS = {"queryAsyncJobResult": finder, "listAsyncJobs": lister}
