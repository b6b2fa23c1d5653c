"""The queues, as operators see and steer them: jobs, the stages that they pass, and the lanes that they hold."""

from stratiform.api.command import Command, Returns
from stratiform.api.events import EventName
from stratiform.api.parameter import LISTING, Check, Parameter, Type, boolean, entity, integer, text
from stratiform.api.view import Field, View, date, flag, long, string, whole

STATES = ("blocked", "ready", "running", "waiting", "held", "ended")
OUTCOMES = ("succeeded", "failed", "cancelled")

_JOB = (
    string("id", "the job's UUID"),
    string("kind", "what kind of job it is, for example vm.deploy"),
    string("state", "blocked, ready, running, waiting, held or ended"),
    string("outcome", "succeeded, failed or cancelled, once it has ended"),
    string("direction", "forward, or undo while it is taken back and after it was"),
    string("stage", "the stage whose workers carry it on"),
    string("lane", "the lane that it holds or wants a slot of"),
    string("step", "the step that it is at; none when nothing is left"),
    whole("done", "steps behind it"),
    whole("steps", "steps in all"),
    whole("attempt", "how often the step was tried before"),
    string("resourcetype", "type of what it is about, for example VirtualMachine"),
    string("resourceid", "UUID of what it is about"),
    string("account", "name of the account whose share it takes"),
    string("accountid", "UUID of that account"),
    string("domainid", "UUID of the account's domain"),
    string("rootid", "UUID of the job that it all began with"),
    string("parentid", "UUID of the job that waits for this one"),
    string("servername", "name of the server that carries an effect out"),
    date("created", "when it was filed"),
    date("changed", "when it last changed; of an ended job, when it ended"),
    date("notbefore", "when it goes on, if it waits for a time"),
    date("deadline", "when the fate of an effect under way is asked for"),
    date("due", "when it is cancelled if it has not ended"),
    date("cancelasked", "when somebody asked for its end"),
    date("holdasked", "when somebody asked for it to wait"),
    string("retriedas", "UUID of the job that was filed anew for it"),
    string("errorcode", "code of the error that it is or was undone for"),
    string("errortext", "that error in words"),
    string("waitsfor", "why it does not go on, in words; none once it has ended"),
)

JOB = View("job", _JOB)

_LINE = View(
    "line",
    (
        date("created", "when it was written"),
        string("step", "the step that it is about"),
        flag("undo", "whether the step was being undone"),
        string("text", "what happened"),
    ),
)

_STEP = View(
    "step",
    (
        string("name", "the step's name"),
        string("state", "done, undone, failed, next, undoing or open"),
        date("ended", "when it last ended"),
        long("milliseconds", "how long it took, from the end of the one before"),
    ),
)

_HOLDER = View("holder", (string("id", "UUID of a job that holds the lane"), string("kind", "its kind")))

_COMMAND = View(
    "command",
    (
        string("id", "UUID of the job that carries the command"),
        string("name", "what the resource was told, for example HypervisorHost.start"),
        string("resourcetype", "type of the resource that was told, for example Host"),
        string("resourceid", "its UUID"),
        string("state", "as of jobs"),
        string("outcome", "as of jobs"),
        string("errortext", "why it failed"),
        date("created", "when it was filed"),
        date("changed", "when it last changed"),
    ),
)

_KEPT = View(
    "keeps",
    (
        string("resourcetype", "type of what is kept: VirtualMachine, Host for room on it, IpAddress or Volume"),
        string("resourceid", "its UUID"),
        string("name", "its name; of an address, the address"),
        whole("cpunumber", "processors that are kept on a host"),
        whole("cpuspeed", "MHz of each of them"),
        long("memory", "MiB that are kept on a host"),
        long("size", "bytes that a disk keeps in its pool"),
        string("hostid", "UUID of the host that owes the answer"),
        string("commandid", "UUID of the job that carries the command that it owes the answer to"),
        date("since", "when that was filed"),
    ),
)

JOB_WHOLE = View(
    "job",
    (
        *_JOB,
        whole("position", "its place in the queue of its stage, from 1, if it waits for a worker"),
        Field("holder", "list", "the jobs that hold the lane that it waits for", view=_HOLDER),
        Field("timeline", "list", "its steps in their order", view=_STEP),
        Field("journal", "list", "what happened to it; of a very long one the middle is left out", view=_LINE),
        string("retryof", "UUID of the job that it was filed anew for"),
        Field("family", "list", "every job of its tree, the first one first", view=JOB),
        Field("command", "list", "what hosts and other resources were told for it and what came of it", view=_COMMAND),
        Field("keeps", "list", "what nobody else gets before hosts have told how their commands ended", view=_KEPT),
    ),
)

_PACE = (
    long("waitp50", "milliseconds from ready to taken up that half of the last minutes' jobs stayed within"),
    long("waitp95", "the same of 95 percent"),
    long("waitp99", "the same of 99 percent"),
    long("servicep50", "milliseconds from filed to ended, or for an answer, that half of them stayed within"),
    long("servicep95", "the same of 95 percent"),
    long("servicep99", "the same of 99 percent"),
)

_STAGE_SERVER = View(
    "server",
    (
        string("id", "id of the server's process"),
        string("name", "the server's name"),
        whole("workers", "its threads"),
        whole("busy", "those of them that have something under way"),
        whole("queued", "requests that wait for a thread; of the monitor, resources whose commands have no answer yet"),
        date("last", "when its last round ended, of what goes round"),
        date("updated", "when it told this"),
        *_PACE,
    ),
)

_STEERED = View(
    "steered",
    (
        string("id", "the job's UUID"),
        string("kind", "its kind"),
        string("resourcetype", "type of what it is about"),
        string("resourceid", "UUID of what it is about"),
        string("account", "name of the account whose share it takes"),
        string("displaytext", "what happens next"),
        string("errorcode", "code of the error that it was refused with"),
        string("errortext", "why it was refused"),
    ),
)

JOB_STEERED = View(
    "job",
    (
        *_JOB,
        string("displaytext", "what happens next"),
        flag("dryrun", "whether nothing was done"),
        whole("count", "of a filter: how many jobs it was done to, not counting what came of them"),
        whole("left", "of a filter: how many jobs match behind the last that was looked at"),
        string("last", "of a filter: the last job that was looked at, if any is left: go on with it as after"),
        Field("affected", "list", "of a filter: the jobs that it was done to", view=_STEERED),
        Field("refused", "list", "of a filter: the jobs that it could not be done to", view=_STEERED),
    ),
)
"""One job as it is then; or, of a filter, what became of all that it matches."""

STAGE = View(
    "stage",
    (
        string("name", "the stage's name"),
        string("type", "stage, http for the queue of requests, or monitor for what goes round and looks"),
        string("mode", "run, drain or pause"),
        whole("workers", "threads in each server"),
        whole("least", "the fewest workers, if their number follows the target"),
        whole("most", "the most workers, if their number follows the target"),
        long("target", "the age in seconds of the first in line that workers are added for"),
        whole("inflight", "jobs under way at most, not counting what came of them"),
        whole("depth", "jobs queued at most, not counting what came of them"),
        whole("weight", "its share of a server's work while several stages have some"),
        long("deadline", "seconds that a job is given that a command files here; then it is cancelled"),
        whole("ready", "jobs that wait for a worker"),
        whole("blocked", "jobs that wait for a lane"),
        whole("running", "jobs with an effect under way"),
        whole("waiting", "jobs that wait for what came of them, or for a time"),
        whole("held", "jobs that an operator holds"),
        date("readysince", "since when the first in line is ready"),
        long("age", "for how many seconds the first in line has been ready"),
        whole("underway", "jobs begun that have not ended, not counting what came of them"),
        whole("busy", "workers of all servers that have something under way"),
        whole("queued", "requests that wait for a thread; of the monitor, resources whose commands have no answer yet"),
        date("scaled", "when the number of workers followed the work last"),
        string("scalereason", "why it did"),
        *_PACE,
        string("warning", "what is wrong with it, for example that no server serves it"),
        Field("server", "list", "what each server told of it with its last beat", view=_STAGE_SERVER),
    ),
)

LANE = View(
    "lane",
    (
        string("key", "the lane's key, for example host/UUID"),
        string("kind", "the part before the slash"),
        string("mode", "run, or pause: then it gives out no slot"),
        whole("width", "jobs that may hold it at once"),
        whole("busy", "jobs that hold it"),
        whole("queued", "jobs that wait for it"),
        flag("steered", "whether an operator set its mode or width"),
    ),
)

_WHICH = entity("id", "job", "The job's UUID.", required=True)

_STATE = Parameter("state", Type.STRING, "Where it is.", choices=STATES)
_OUTCOME = Parameter("outcome", Type.STRING, "How it ended.", choices=OUTCOMES)
_ROOTS = boolean("rootsonly", "Whether those that came of others are left out.")
_LANE = text("lane", "The lane that it holds or wants a slot of, for example host/UUID.")
_FILTERS = (
    text("stage", "The stage whose workers carry it on."),
    text("kind", "The kind of job, for example vm.deploy."),
    text("resource", "What it is about, as kind/UUID, for example vm/0190f3c2-2222-7000-8000-000000000001."),
    Parameter("resourceid", Type.STRING, "UUID of what it is about.", check=Check.UUID),
    entity("accountid", "account", "The account whose share it takes."),
    entity("hostid", "host", "The host that it is about or sends commands to, or that it came to send commands to."),
    entity("rootid", "job", "The job that it all began with."),
    Parameter("startdate", Type.DATE, "Those filed since then."),
    Parameter("enddate", Type.DATE, "Those filed until then; a day is meant to its end."),
    integer("minage", "Those filed so many seconds ago or longer."),
    integer("maxage", "Those filed so many seconds ago or less."),
    text("text", "A part of the kind, of resource, or of the error's text, whatever its case."),
)
_MANY = (
    entity("after", "job", "With filters: only jobs behind this one, the last of the call before."),
    integer("limit", "With filters: how many jobs at most are looked at, from 1 to 1000; 500 if left out."),
    boolean("dryrun", "Whether nothing is done, and only told what would be."),
)
_EITHER = entity("id", "job", "The job's UUID; either this or filters are given.")
_STEERING = (_EITHER, _STATE, *_FILTERS, _LANE, _ROOTS, *_MANY)

list_jobs = Command(
    name="listJobs",
    description="Lists all jobs, those that came of others too, the newest first.",
    parameters=(
        *LISTING,
        entity("id", "job", "The job's UUID."),
        _STATE,
        _OUTCOME,
        *_FILTERS,
        _LANE,
        _ROOTS,
        entity("after", "job", "Those behind this one, the last of the page before; no page costs more than another."),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=JOB,
    object="job",
    kind="job",
    example={"state": "blocked", "rootsonly": "true"},
)

get_job = Command(
    name="getJob",
    description="Tells everything about one job: its tree, steps and journal, why it waits and for whom.",
    parameters=(_WHICH,),
    returns=Returns.OBJECT,
    mutates=False,
    view=JOB_WHOLE,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001"},
)

cancel_job = Command(
    name="cancelJob",
    description="Ends a job, or all that filters match, with all that came of it, and undoes what it did; what acts "
    "outside is stopped or ends first.",
    parameters=_STEERING,
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_CANCEL,
    view=JOB_STEERED,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001"},
)

hold_job = Command(
    name="holdJob",
    description="Lets a job, or all that filters match, stop before its next step until it is released, with all that "
    "came of it.",
    parameters=_STEERING,
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_HOLD,
    view=JOB_STEERED,
    object="job",
    kind="job",
    example={"kind": "vm.deploy", "accountid": "0190f3c2-5555-7000-8000-000000000001", "dryrun": "true"},
)

release_job = Command(
    name="releaseJob",
    description="Lets a job that is held, or all that filters match, go on, with all that came of it.",
    parameters=_STEERING,
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_RELEASE,
    view=JOB_STEERED,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001"},
)

retry_job = Command(
    name="retryJob",
    description="Files a job that failed or was cancelled anew, or all that filters match: the same work about the "
    "same thing, which keeps its id, for the same account. The answer is the new job. However often it is asked for, "
    "a job is filed anew once.",
    parameters=(_EITHER, _OUTCOME, *_FILTERS, *_MANY),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_RETRY,
    view=JOB_STEERED,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001"},
)

prioritize_job = Command(
    name="prioritizeJob",
    description="Puts a job, or all that filters match, with all that came of it, before or behind everything in their "
    "queues.",
    parameters=(
        *_STEERING,
        Parameter("position", Type.STRING, "first or last; first if left out.", choices=("first", "last")),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_PRIORITIZE,
    view=JOB_STEERED,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001", "position": "first"},
)

list_stages = Command(
    name="listStages",
    description="Lists the stages: how they are set, what is in them and how each server works; and what else queues.",
    parameters=(
        *LISTING,
        text("name", "The stage's name."),
        Parameter("type", Type.STRING, "stage, http or monitor.", choices=("stage", "http", "monitor")),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=STAGE,
    object="stage",
    kind="stage",
    example={"name": "vm"},
)

update_stage = Command(
    name="updateStage",
    description="Sets a stage; every server goes by it within two seconds. What is not given stays as it is.",
    parameters=(
        text("name", "The stage's name.", required=True),
        Parameter(
            "mode", Type.STRING, "run, drain (take nothing new) or pause (take nothing up).",
            choices=("run", "drain", "pause"),
        ),
        integer("workers", "Threads in each server."),
        integer("inflight", "Jobs under way at most; -1 for any number."),
        integer("depth", "Jobs queued at most, beyond which new work is refused; -1 for any number."),
        integer("weight", "Its share of a server's work while several stages have some."),
        integer("deadline", "Seconds that a job filed from now on is given before it is cancelled; -1 for none."),
        integer("target", "Seconds that the first in line may be ready before workers are added; -1 for none."),
        integer("least", "The fewest workers, with target."),
        integer("most", "The most workers, with target."),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.STAGE_UPDATE,
    view=STAGE,
    object="stage",
    kind="stage",
    example={"name": "vm", "mode": "drain"},
)  # fmt: skip

list_lanes = Command(
    name="listLanes",
    description="Lists the lanes that are in use or were set by an operator.",
    parameters=(
        *LISTING,
        text("key", "The lane's key, for example host/UUID."),
        text("kind", "The part of the key before the slash."),
        boolean("busy", "Whether somebody holds it."),
        boolean("queued", "Whether somebody waits for it."),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=LANE,
    object="lane",
    kind="lane",
    example={"kind": "host", "queued": "true"},
)

update_lane = Command(
    name="updateLane",
    description="Sets a lane; it goes by it at once. What is not given stays as it is.",
    parameters=(
        text("key", "The lane's key, for example host/UUID.", required=True),
        Parameter("mode", Type.STRING, "run, or pause: then it gives out no slot.", choices=("run", "pause")),
        integer("width", "Jobs that may hold it at once; those that do keep it."),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.LANE_UPDATE,
    view=LANE,
    object="lane",
    kind="lane",
    example={"key": "host/0190f3c2-4444-7000-8000-000000000001", "mode": "pause"},
)
