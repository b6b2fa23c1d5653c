"""A cancel at every point of every operation, one run for each, unless `--sample` says how many of each."""

import pathlib
import random

import pytest
from tests.engine.jobs.cancelling import CANCELLED, PLAYED, Cancelling, tally

PAGE = pathlib.Path(__file__).parents[2] / "docs/server/cancel.md"
COLUMNS = (CANCELLED, "job_irrevocable", "job_on_its_way_back", "job_over")
"""Of the page's table, behind the operation and its points."""


def line(act, points, endings):
    """The line of the page's table that tells of an operation."""
    ended = tally(endings)
    assert set(ended) <= set(COLUMNS)
    return f"| {act.name} | {len(points)} | {' | '.join(str(ended[each]) for each in COLUMNS)} |"


@pytest.mark.parametrize("act", PLAYED, ids=lambda act: act.name)
def test_an_operation_that_is_cancelled_at_every_point(cloud, act, sample):
    cancelling = Cancelling(cloud, act)
    points = cancelling.points()
    tried = random.Random(4).sample(points, min(sample or len(points), len(points)))
    endings = [cancelling.at(point) for point in tried]
    assert None not in endings, "a point did not come by"
    if len(tried) == len(points):
        said = line(act, points, endings)
        assert said in PAGE.read_text(), f"it should say\n{said}"
