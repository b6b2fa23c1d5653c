"""Jobs, as CloudStack's clients ask for them."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, OWNED, Check, Parameter, Type, entity, refused, text
from stratiform.api.view import Field, View, date, string, whole

JOB = View(
    "asyncjobs",
    (
        string("accountid", "UUID of the account that it belongs to"),
        string("account", "name of the account that it belongs to"),
        string("domainid", "UUID of the account's domain"),
        string("domainpath", "path of the account's domain"),
        string("userid", "UUID of the user who asked for it"),
        string("cmd", "the command's class, as a name"),
        whole("jobstatus", "0 under way, 1 succeeded, 2 failed"),
        whole("jobprocstatus", "how far it is, in per cent"),
        whole("jobresultcode", "0, or the code of the error that ended it"),
        string("jobresulttype", "object"),
        Field("jobresult", "responseobject", "what the command answers, or the error"),
        string("jobinstancetype", "the type of what it is about"),
        string("jobinstanceid", "UUID of what it is about"),
        date("created", "when it was asked for"),
        date("completed", "when it ended"),
        string("jobid", "the job's UUID"),
    ),
)

_RESOURCE = (
    Parameter("resourceid", Type.STRING, "UUID of what it is about; needs a type.", check=Check.UUID, since="4.22.1"),
    text("resourcetype", "Type of what it is about, for example VirtualMachine.", since="4.22.1"),
)

query_async_job_result = Command(
    name="queryAsyncJobResult",
    description="Tells how far a job is, and its result when it has ended.",
    parameters=(entity("jobid", "job", "The job's UUID."), *_RESOURCE),
    returns=Returns.FLAT,
    mutates=False,
    view=JOB,
    example={"jobid": "0190f3c2-3333-7000-8000-000000000001"},
)

list_async_jobs = Command(
    name="listAsyncJobs",
    description="Lists jobs.",
    parameters=(
        *LISTING,
        *OWNED,
        Parameter("startdate", Type.DATE, "List the jobs asked for since then."),
        *_RESOURCE,
    ),
    refused=refused("managementserverid"),
    returns=Returns.LIST,
    mutates=False,
    view=JOB,
    object="asyncjobs",
    example={"listall": "true", "startdate": "2026-01-31"},
)
