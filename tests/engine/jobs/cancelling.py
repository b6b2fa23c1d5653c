"""Somebody cancels an operation at one point of it, through another server; then everything must be as it should be."""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy
from tests.engine.jobs.cloud import Server
from tests.engine.jobs.operations import ALL, Play

from stratiform.engine import schema
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import LEASE
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.crash_points import Crash, Side, What
from stratiform.framework.testing.crash_process import Process, watching
from stratiform.framework.testing.crashes import Crashes

SOON = 5
"""Seconds within which a job that was cancelled has ended, where its host answers."""

LATER = 120
"""Seconds after which nothing may be on its way: what the system files for itself is tried again after a minute."""

CANCELLED = "cancelled"

REASONS = frozenset({"job_over", "job_on_its_way_back", "job_irrevocable"})
"""Why a cancel may be refused."""

PLAYED = [act for act in ALL if act.name not in ("deploy, cancelled", "remove a host")]
"""All operations but one that cancels itself, and one that is no job: it is done when it is answered."""

PLACES = {
    schema.vm: {"Running", "Stopped", "Destroyed", "Error", "Expunging"},
    schema.host: {"Enabled", "Error", "Maintenance", "ErrorInPrepareForMaintenance"},
    schema.pool: {"Up", "Initial", "Removed"},
    schema.volume: {"Allocated", "Ready", "Destroy", "Expunging", "Expunged"},
}
"""The states in which things may be left."""


OUTSIDE = (What.SEND, What.RECEIVE, What.EFFECT)
"""What is done in no transaction: what is done in one has locked the jobs, and a cancel waits for it to end."""


def may_be_cancelled(point):
    """Whether a cancel can come there."""
    return point.what in OUTSIDE or (point.side, point.what) == (Side.AFTER, What.COMMIT)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an operation ended that was cancelled at a point."""

    point: object
    how: str
    """`cancelled`, or the code of the refusal; empty if there was no job to cancel."""
    reason: str = ""


class Beside(Process):
    """A process beside which somebody acts, once, at a point that it comes by."""

    def __init__(self, name, cloud, act):
        super().__init__(name, cloud.database, cloud.clock)
        self.act = act

    def passing(self, *point):
        """The process comes by a point, and lives on."""
        try:
            super().passing(*point)
        except Crash:
            self.dead, self._fatal = False, None
            self.act()


class Cancelling:
    """Cancels an act at its points, one run for each."""

    def __init__(self, cloud, act):
        self.cloud, self.act = cloud, act
        self.play = Play(cloud, act)
        self.count = 0

    def points(self):
        """Where it may be cancelled."""
        return list(filter(may_be_cancelled, Crashes(self.cloud.database).learn(self.play.operation())))

    def at(self, point):
        """Carry it out, cancelled there, and look at what is left; how it ended."""
        process = Beside(f"beside {self.count}", self.cloud, self._cancel)
        self.count += 1
        try:
            return self._carry_out(process, point)
        except Exception as error:
            error.add_note(f"{self.act.name}: cancelled {point}: {self.how}")
            raise
        finally:
            process.end()
            self.cloud.clock.advance(LEASE + SECOND)

    def _carry_out(self, process, point):
        self.how, self.said, self.job = None, "", None
        server = self.play.begin(process)
        self.play.prepare(server)
        self.cloud.clock.advance(LEASE // 3)
        process.settle(server.kernel)
        self.known = {row.uuid for row in self._roots()}
        process.watch(point)
        with watching(server.kernel.registry, lambda: process):
            accepted = self.play.ask(server)
            process.settle(server.kernel, LATER)
        if self.how is None:
            return None  # the point did not come by
        self._check(accepted)
        return Ending(point=point, how=self.how, reason=self.said)

    def _roots(self):
        roots = sqlalchemy.select(job.c.uuid, job.c.state).where(job.c.parent.is_(None))
        return self.cloud.rows(roots.order_by(job.c.id))

    def _cancel(self):
        """Somebody at another server wants the first job to end that was filed and lives."""
        new = [row for row in self._roots() if row.uuid not in self.known]
        live = [row for row in new if row.state != "ended"]
        if not new:
            self.how = ""
            return
        self.job, self.asked = (live or new)[0].uuid, self.cloud.clock.now()
        operator = Server(self.cloud.database, self.cloud.gate, "operator", self.cloud.data)
        try:
            operator.engine.change("cancelJob", self.cloud.site.root_admin, {"id": self.job})
            self.how = CANCELLED
        except errors.Conflict as error:
            self.how, self.said = error.code, str(error)

    def _check(self, accepted):
        for verb in self.act.wrong:
            self.cloud.farm._scripts[verb].clear()
        self.cloud.check()
        for table, states in PLACES.items():
            rows = self.cloud.rows(sqlalchemy.select(table.c.state).where(table.c.removed.is_(None)))
            assert {row.state for row in rows} <= states, table.name
        lacking = (schema.host.c.equipped != schema.host.c.silences, schema.host.c.state == "Enabled")
        assert not self.cloud.rows(schema.host.select().where(schema.host.c.removed.is_(None), *lacking))
        if self.how == CANCELLED:
            ended = self.cloud.job(self.job)
            assert ended.outcome == "cancelled", ended
            assert ended.changed - self.asked <= SOON * SECOND, f"it took {(ended.changed - self.asked) / SECOND} s"
        elif self.how:
            assert self.how in REASONS, self.said
            assert self.job in self.said
            self.act.then(self.cloud, self.play.it, accepted)  # as if nobody had asked


def tally(endings):
    """How many ended how."""
    return Counter(each.how for each in endings)
