"""Jobs as clients poll them: facts from the engine, and as the result the entity as it is when asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.api.cloud import Cloud, Page, Query
from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.framework.base.errors import NotFound
from stratiform.server import answer, errors
from stratiform.server.answer import Body
from stratiform.server.errors import BadParameter
from stratiform.server.handlers import paging
from stratiform.server.handlers.call import Call, Handler

TYPES = {
    "vm": "VirtualMachine",
    "volume": "Volume",
    "network": "Network",
    "template": "Template",
    "host": "Host",
}
"""What the wire calls the kinds of entities that jobs are about."""

PENDING, SUCCEEDED, FAILED = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class JobFacts:
    """What is known of a job that a command asked for."""

    uuid: str
    command: str
    """The command that asked for it, for example `startVirtualMachine`."""
    user: str
    account: str
    account_name: str
    domain: str
    domain_path: str
    """The domain's names from the root, as clients are shown it."""
    resource: str | None
    """What it is about: the kind and the UUID of an entity, with a slash between."""
    done: int
    """Steps behind it."""
    steps: int
    created: int
    finished: int | None
    error: Mapping[str, object] | None
    """Why it failed, as `errors.describe` tells it; None with `finished` set is success."""


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """One page of jobs."""

    count: int
    """Matches before paging."""
    jobs: Sequence[JobFacts]


class Jobs(Protocol):
    """The jobs that a principal may see."""

    def find(self, job: str, who: Principal) -> JobFacts:
        """The job of this UUID. Raises `NotFound`, for somebody else's too."""

    def latest(self, resource: str, who: Principal) -> JobFacts:
        """The newest job about a resource. Raises `NotFound`."""

    def list(self, who: Principal, query: Query) -> JobPage:
        """Jobs, newest first.

        Filters: keyword, account, domainid, listall, isrecursive, startdate, resource.
        """


def finder(commands: Mapping[str, Command], cloud: Cloud, jobs: Jobs) -> Handler:
    """Tell of one job, by its id or by what it is about."""

    def handle(call: Call) -> Body:
        resource = _resource(call)
        job = call.arguments.get("jobid")
        if job is None and resource is None:
            raise BadParameter(command=call.command.name.lower(), reason="missing parameter jobid")
        facts = jobs.find(str(job), call.who) if job is not None else jobs.latest(str(resource), call.who)
        row = describe(facts)
        if row["jobstatus"] == SUCCEEDED:
            row["jobresult"] = _result(commands.get(facts.command), facts, call.who, cloud)
        return answer.single(call.command, call.who.role, row)

    return handle


def lister(jobs: Jobs) -> Handler:
    """List jobs; the result of one that succeeded is told only when it is asked for by itself."""

    def handle(call: Call) -> Body:
        query = paging.query(call)
        resource = _resource(call)
        filters = {name: each for name, each in query.filters.items() if not name.startswith("resource")}
        filters |= {} if resource is None else {"resource": resource}
        page = jobs.list(call.who, Query(filters=filters, page=query.page, pagesize=query.pagesize))
        rows = [describe(facts) for facts in page.jobs]
        return answer.listed(call.command, call.who.role, Page(count=page.count, rows=rows))

    return handle


def describe(facts: JobFacts) -> Body:
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
        "jobinstancetype": TYPES.get(kind),
        "jobinstanceid": entity or None,
        "created": facts.created,
        "completed": facts.finished,
        "jobid": facts.uuid,
    }
    if facts.finished is not None and facts.error is not None:
        result = errors.job_result(facts.error)
        row |= {"jobresultcode": result["errorcode"], "jobresult": result}
    return row


def _result(command: Command | None, facts: JobFacts, who: Principal, cloud: Cloud) -> Body:
    kind, _, entity = (facts.resource or "").partition("/")
    if command is None or command.object is None or not entity:
        return answer.success()
    try:
        row = cloud.find(command.kind or kind, who, command.name, entity)
    except NotFound:
        row = {"id": entity}  # purged since; clients look for exactly one object here
    return answer.single(command, who.role, row)


def _resource(call: Call) -> str | None:
    named = [call.arguments.get(name) for name in ("resourcetype", "resourceid")]
    if named == [None, None]:
        return None
    if None in named:
        raise BadParameter(
            command=call.command.name.lower(), reason="resourceid and resourcetype must be given together"
        )
    kinds = {name.lower(): kind for kind, name in TYPES.items()}
    return f"{kinds.get(str(named[0]).lower(), str(named[0]).lower())}/{str(named[1]).lower()}"
