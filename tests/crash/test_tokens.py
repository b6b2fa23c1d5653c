"""Every command that changes something, fifty times at once with one token while some of those who answer die.

Two servers that are alike are asked: what the fifty do to one must be what a single request does to the other.
`--sample N` does it for N / 2 commands, others in each run; the rest is asked once.
"""

import contextlib
import random
from functools import partial

import pytest
from tests.server.asking import COMMANDS, FIFTY, MUTATING, Mortals, Walk, ask, at_once, persist, standing
from tests.server.test_generator import OPERATOR

from stratiform.framework.testing import databases


@pytest.fixture
def twins(request, tmp_path, dialect):
    """Two whole servers in the same state."""
    with contextlib.ExitStack() as stack:

        def make(name):
            folder = tmp_path / name
            folder.mkdir()
            if dialect == "sqlite":
                url = stack.enter_context(databases.sqlite(folder))
            else:
                url = stack.enter_context(request.getfixturevalue("postgresql").empty())
            return stack.enter_context(standing(url, folder))

        yield make("asked once"), make("asked often")


def grown(before, after):
    """What there is more of, and what was changed oftener; an event's generation may be a time, and says neither."""
    both = {name: (before[name] or 0, count or 0) for name, count in after.items() if name != "event generation"}
    return {name: now - then for name, (then, now) in both.items() if now != then}


def test_fifty_at_once_do_what_one_does(twins, sample, seed):
    once, often = twins
    chance = random.Random(seed)
    chosen = set(chance.sample(MUTATING, min(sample // 2 if sample else len(MUTATING), len(MUTATING))))
    one, many = Walk(once), Walk(often)
    done = set()
    for name in one.order():
        before = once.census(), often.census()
        for walk in (one, many):
            walk.prepare(name)
        asked = {"command": name, "idempotencytoken": f"at-once-{name}"}
        status, content = ask(once, OPERATOR, **asked, **one.parameters(COMMANDS[name]))
        parameters = many.parameters(COMMANDS[name])
        with pytest.MonkeyPatch.context() as patched:
            if name in chosen:
                Mortals(chance.random()).on(patched)
            answers = at_once(partial(persist, often, OPERATOR, **asked, **parameters), FIFTY if name in chosen else 1)
        assert {told[0] for told in answers} == {status}, (name, content, answers[0])
        assert status != 200 or len(set(answers)) == 1, name
        assert grown(before[1], often.census()) == grown(before[0], once.census()), name
        done |= {name} if status == 200 else set()
    assert len(done) > len(MUTATING) * 0.8, sorted(set(MUTATING) - done)
