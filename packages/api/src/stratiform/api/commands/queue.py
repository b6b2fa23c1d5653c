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
    date("cancelasked", "when somebody asked for its end"),
    date("holdasked", "when somebody asked for it to wait"),
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

JOB_WHOLE = View(
    "job",
    (
        *_JOB,
        whole("position", "its place in the queue of its stage, from 1, if it waits for a worker"),
        Field("holder", "list", "the jobs that hold the lane that it waits for", view=_HOLDER),
        Field("timeline", "list", "its steps in their order", view=_STEP),
        Field("journal", "list", "what happened to it; of a very long one the middle is left out", view=_LINE),
        Field("family", "list", "every job of its tree, the first one first", view=JOB),
        Field("command", "list", "what hosts and other resources were told for it and what came of it", view=_COMMAND),
    ),
)

STAGE = View(
    "stage",
    (
        string("name", "the stage's name"),
        string("mode", "run, drain or pause"),
        whole("workers", "threads in each server"),
        whole("least", "the fewest workers, if their number follows the target"),
        whole("most", "the most workers, if their number follows the target"),
        long("target", "the age in seconds of the first in line that workers are added for"),
        whole("inflight", "jobs under way at most, not counting what came of them"),
        whole("depth", "jobs queued at most, not counting what came of them"),
        whole("weight", "its share of a server's work while several stages have some"),
        whole("ready", "jobs that wait for a worker"),
        whole("blocked", "jobs that wait for a lane"),
        whole("running", "jobs with an effect under way"),
        whole("waiting", "jobs that wait for what came of them, or for a time"),
        whole("held", "jobs that an operator holds"),
        date("readysince", "since when the first in line is ready"),
        long("age", "for how many seconds the first in line has been ready"),
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

list_jobs = Command(
    name="listJobs",
    description="Lists all jobs, those that came of others too, the newest first.",
    parameters=(
        *LISTING,
        entity("id", "job", "The job's UUID."),
        Parameter("state", Type.STRING, "Where it is.", choices=STATES),
        Parameter("outcome", Type.STRING, "How it ended.", choices=OUTCOMES),
        text("stage", "The stage whose workers carry it on."),
        text("kind", "The kind of job, for example vm.deploy."),
        text("resource", "What it is about, as kind/UUID, for example vm/0190f3c2-2222-7000-8000-000000000001."),
        Parameter("resourceid", Type.STRING, "UUID of what it is about.", check=Check.UUID),
        entity("accountid", "account", "The account whose share it takes."),
        text("lane", "The lane that it holds or wants a slot of, for example host/UUID."),
        entity("rootid", "job", "The job that it all began with."),
        boolean("rootsonly", "Whether those that came of others are left out."),
        Parameter("startdate", Type.DATE, "List the jobs filed since then."),
        Parameter("enddate", Type.DATE, "List the jobs filed until then; a day is meant to its end."),
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
    description="Ends a job and all that came of it, and undoes what it did; what acts outside is stopped or ends first.",
    parameters=(_WHICH,),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_CANCEL,
    view=JOB,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001"},
)

hold_job = Command(
    name="holdJob",
    description="Lets a job and all that came of it stop before its next step until it is released.",
    parameters=(_WHICH,),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_HOLD,
    view=JOB,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001"},
)

release_job = Command(
    name="releaseJob",
    description="Lets a job that is held, and all that came of it, go on.",
    parameters=(_WHICH,),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_RELEASE,
    view=JOB,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001"},
)

prioritize_job = Command(
    name="prioritizeJob",
    description="Puts a job and all that came of it before or behind everything in their queues.",
    parameters=(
        _WHICH,
        Parameter("position", Type.STRING, "first or last; first if left out.", choices=("first", "last")),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.JOB_PRIORITIZE,
    view=JOB,
    object="job",
    kind="job",
    example={"id": "0190f3c2-3333-7000-8000-000000000001", "position": "first"},
)

list_stages = Command(
    name="listStages",
    description="Lists the stages: how they are set, and how many jobs are where.",
    parameters=(*LISTING, text("name", "The stage's name.")),
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
