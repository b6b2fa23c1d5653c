"""Which bugs are planted in this run, and the table of what caught them."""

import os
import random
import time

import pytest
from tests.planted.bugs import BUGS

SEED = "STRATIFORM_SEED"
"""The environment variable with the seed of a run that is to be repeated."""
STATE = pytest.StashKey[dict]()


def pytest_configure(config):
    seed = int(os.environ.get(SEED, 0)) or int(time.time())
    size = config.getoption("--sample") or len(BUGS)
    chosen = random.Random(seed).sample(BUGS, min(size, len(BUGS)))
    config.stash[STATE] = {"seed": seed, "chosen": [bug for bug in BUGS if bug in chosen], "rows": []}


def pytest_generate_tests(metafunc):
    if "bug" in metafunc.fixturenames:
        chosen = metafunc.config.stash[STATE]["chosen"]
        metafunc.parametrize("bug", chosen, ids=[bug.name for bug in chosen])


@pytest.fixture
def told(request):
    """Rows of the table: which bug, what caught it, and in how many seconds."""
    return request.config.stash[STATE]["rows"]


def pytest_terminal_summary(terminalreporter, config):
    state = config.stash[STATE]
    if not state["rows"]:
        return
    terminalreporter.section("planted bugs")
    terminalreporter.write_line(f"{SEED}={state['seed']} draws the same again, of {len(BUGS)} bugs")
    terminalreporter.write_line("")
    for row in [("bug", "caught by", "seconds"), ("---", "---", "---"), *state["rows"]]:
        terminalreporter.write_line(f"| {' | '.join(row)} |")
