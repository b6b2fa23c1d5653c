"""Every crash point of every operation and two hundred pairs of them, or a sample that is another in each run.

`--sample N` tries N / 8 points of each operation on each database, and a pair.
"""

import pytest
from tests.engine.jobs.operations import ACTS, ALL, EXCUSED, Play, kinds

from stratiform.engine import api
from stratiform.framework.testing.crashes import Crashes, Report

PAIRS = 200


@pytest.mark.parametrize("group", ACTS)
def test_operations_that_are_interrupted_everywhere(cloud, database, group, sample, seed, coverage):
    plays = [Play(cloud, act) for act in ACTS[group]]
    crashes = Crashes(database, seed=2 * seed + (database.dialect == "postgresql"))
    some, pairs = sample and max(1, sample // 8), max(1, (sample or PAIRS) // len(ALL))
    for play in plays:
        with coverage.of(play.act):
            (found,) = crashes.explore(play.operation(), some=some, pairs=pairs).explorations
        coverage.add(play.act, database.dialect, found)
    if sample is None:
        report = Report([coverage.points[act.name, database.dialect] for act in ACTS[group]])
        assert all(set(each.died) == set(each.existing) for each in report.explorations)
        report.require(api.program.registry, kinds(group), EXCUSED)
