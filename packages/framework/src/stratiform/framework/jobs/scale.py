"""Workers follow the work: more where the first in line waits longer than the operator wants, fewer where none does."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy
import structlog

from stratiform.framework.base.clock import SECOND
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.setting import Setting
from stratiform.framework.jobs.table import stage

log = structlog.get_logger(__name__)

PAUSE = 3 * SECOND
"""Microseconds between two changes of a stage: what one did must be seen first."""
IDLE = 30 * SECOND
"""Microseconds without a queue after which a worker is let go."""


@dataclass
class _Seen:
    changed: int = 0
    busy: int = 0


class Scaler:
    """Decides for the stages whose bounds and target an operator set; what it decides is the stage's number of workers.

    Of several servers that decide at once one does: the row changes only from the number that was seen.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, _Seen] = {}

    def look(self, stages: Mapping[str, tuple[Setting, int | None]], now: int) -> None:
        """Look at stages, each with since when its first in line is ready (µs UTC), None if there is no queue."""
        for name, (setting, since) in stages.items():
            if setting.least is None or setting.most is None or setting.target is None:
                continue
            seen = self._seen.setdefault(name, _Seen(busy=now))
            seen.busy = now if since is not None else seen.busy
            workers, why = _wanted(setting, 0 if since is None else now - since, now - seen.busy)
            if workers != setting.workers and now - seen.changed >= PAUSE:
                seen.changed = seen.busy = now
                self._change(setting, workers, why, now)

    def _change(self, setting: Setting, workers: int, why: str, now: int) -> None:
        same = (stage.c.name == setting.name, stage.c.workers == setting.workers)
        said = f"{setting.workers} to {workers}: {why}"
        with self._database.transaction() as tx:
            change = sqlalchemy.update(stage).where(*same).values(workers=workers, scaled=now, reason=said)
            done = tx.execute(change).rowcount
        if done:
            log.info("workers follow the work", stage=setting.name, workers=workers, reason=why)


def _wanted(setting: Setting, waits: int, idle: int) -> tuple[int, str]:
    """How many workers a stage should have, and why; the time that the first in line waits, and without a queue."""
    least, most, target = setting.least or 1, setting.most or 1, setting.target or 0
    if setting.workers < least:
        return least, "that is the least"
    if setting.workers > most:
        return most, "that is the most"
    if waits > target:
        more = min(most, setting.workers + max(1, setting.workers // 2))
        return more, f"the first in line waited {waits / SECOND:.1f} s, and {target / SECOND:.1f} s is wanted"
    if idle >= IDLE:
        return max(least, setting.workers - 1), f"nobody waited for {idle // SECOND} s"
    return setting.workers, ""
