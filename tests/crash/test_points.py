"""Every crash point of every operation, and two hundred pairs of them unless `--sample` says otherwise."""

import pytest
from tests.engine.jobs.operations import ACTS, ALL, EXCUSED, Play, kinds

from stratiform.engine import api
from stratiform.framework.testing.crashes import Crashes

PAIRS = 200


@pytest.mark.parametrize("group", ACTS)
def test_operations_that_are_interrupted_everywhere(cloud, database, group, sample):
    plays = [Play(cloud, act).operation() for act in ACTS[group]]
    report = Crashes(database).explore(*plays, pairs=max(1, (sample or PAIRS) // len(ALL)))
    print(report)
    assert all(set(each.died) == set(each.existing) for each in report.explorations)
    report.require(api.program.registry, kinds(group), EXCUSED)
