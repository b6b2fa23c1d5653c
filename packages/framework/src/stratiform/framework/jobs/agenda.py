"""What a process asks the database once in a while, in as few statements as can be, for it asks when idle too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlalchemy import Integer, Select, TextClause, cast, literal_column, null

from stratiform.framework.cluster.membership import Membership
from stratiform.framework.cluster.table import process
from stratiform.framework.db.database import Database
from stratiform.framework.jobs import statement
from stratiform.framework.jobs.setting import Setting
from stratiform.framework.jobs.state import Mode
from stratiform.framework.jobs.table import job

Effect = tuple[int, int]
"""An effect by its job's id and epoch."""


@dataclass(frozen=True, kw_only=True)
class Now:
    """What is to be done, as of one look."""

    stages: Mapping[str, tuple[Setting, int | None]]
    """How each stage is set, and since when its first in line is ready (µs UTC), if there is one."""
    timer: int
    """When the next job that sleeps is to be woken (µs UTC); 0 if none is."""
    due: int
    """When the next deadline passes (µs UTC); 0 if none does."""
    cancelled: Sequence[Effect]
    """The process's own effects whose jobs are to end."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What others left behind, or this process lost sight of."""

    dead: Sequence[str]
    """Processes whose lease ran out, longest first."""
    mine: Sequence[Effect]
    """The effects that the database says this process carries out."""
    orphans: bool
    """Whether there are effects of processes that are gone already."""


class Agenda:
    """Asks for one process. Whoever looks after something else adds to the one statement a second with `watch`."""

    def __init__(self, database: Database, membership: Membership) -> None:
        self.watched: dict[str, int] = {}
        """What each watch answered last; 0 for nothing."""
        self._database = database
        self._membership = membership
        self._watches: dict[str, str] = {}
        self._text: TextClause | None = None

    def watch(self, name: str, query: Select[Any]) -> None:
        """Ask this too, a number or whether something is so; `watched` has the answer.

        It has no parameters, and no colon or per cent sign in its text.
        """
        answer = sqlalchemy.select(cast(query.scalar_subquery(), Integer if _tells(query) else sqlalchemy.BigInteger))
        text = answer.compile(self._database.engine, compile_kwargs={"literal_binds": True})
        self._watches[name] = str(text)
        self.watched[name] = 0
        self._text = None

    def now(self) -> Now:
        """Look at the stages, the timers, the process's own effects and everything watched, in one statement."""
        if self._text is None:
            self._text = statement.agenda(self._watches)
        with self._database.reading() as connection:
            asked = {"owner": self._membership.id}
            found = connection.execute(self._text, asked).mappings().all()
        self.watched |= {row["name"]: row["at"] or 0 for row in found if row["about"] == "watch"}
        return Now(
            stages={row["name"]: (_setting(dict(row)), row["at"]) for row in found if row["about"] == "stage"},
            timer=next((row["at"] or 0 for row in found if row["about"] == "timer"), 0),
            due=next((row["at"] or 0 for row in found if row["about"] == "due"), 0),
            cancelled=[(row["id"], row["epoch"]) for row in found if row["about"] == "cancel"],
        )

    def left(self) -> Left:
        """Look for what a process that died may have left, in one statement."""
        running = literal_column("job.state = 'running'", sqlalchemy.Boolean)
        about = literal_column
        with self._database.reading() as connection:
            wanted = sqlalchemy.union_all(
                sqlalchemy.select(
                    about("'dead'").label("about"), process.c.id.label("name"), process.c.lease_until, null()
                ).where(self._membership.is_dead()),
                sqlalchemy.select(about("'mine'"), null(), job.c.id, job.c.epoch).where(
                    job.c.owner == self._membership.id, running
                ),
                sqlalchemy.select(
                    sqlalchemy.select(
                        about("'orphan'").label("about"), null().label("name"), job.c.id, job.c.epoch
                    )
                    .where(job.c.owner.is_not(None), running, job.c.owner.not_in(sqlalchemy.select(process.c.id)))
                    .limit(about("1"))
                    .subquery()
                ),
            )
            found = connection.execute(wanted).all()
        dead = sorted((at, name) for about, name, at, _ in found if about == "dead")
        return Left(
            dead=[name for _, name in dead],
            mine=[(id, epoch) for about, _, id, epoch in found if about == "mine"],
            orphans=any(row[0] == "orphan" for row in found),
        )


def _tells(query: Select[Any]) -> bool:
    """Whether it answers yes or no."""
    (column,) = query.selected_columns
    return isinstance(column.type, sqlalchemy.Boolean)


def _setting(row: Mapping[str, Any]) -> Setting:
    limits = {name: row[name] for name in ("least", "most", "target", "in_flight", "depth", "deadline")}
    return Setting(
        name=row["name"], workers=row["workers"], weight=row["weight"], mode=Mode(row["mode"]), **limits
    )
