"""Idempotency tokens: whoever comes with the same one does nothing again and is answered alike."""

import queue
import random
import threading
from functools import partial

import msgspec
import pytest
import sqlalchemy

from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs import token as tokens
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.token import Kept, Key, Reused

KEY = Key(principal="ann", scope="bake", text="monday")
HOUR = 3600 * SECOND
ATTEMPTS = 50


class Loaf(msgspec.Struct, frozen=True):
    """A payload."""


class Killed(Exception):
    """What happens when a process ends in the midst of it."""


@step(priority=Priority.CONTROL)
def bake(work, run):
    """Nothing: what matters is that it was filed."""


BAKE, CLEAN = (Job(name, 1, Loaf, "oven", [bake]) for name in ("bread.bake", "bread.clean"))


@pytest.fixture
def server(serve):
    return serve(BAKE, CLEAN)


def claim(tx, key=KEY, request="rye"):
    until = tx.database.world.clock.now() + HOUR
    return tokens.claim(tx, key, request=request, same=lambda other: other == request, until=until)


def find(database, key=KEY, request="rye"):
    with database.reading() as connection:
        return tokens.find(connection, key, same=lambda other: other == request, now=database.world.clock.now())


def bake_once(tx, answer, key=KEY, request="rye"):
    """What a command does: claim, work, keep."""
    kept = claim(tx, key, request)
    if kept is not None:
        return kept
    tokens.keep(tx, key, job="job-1", resource="loaf-1", answer=answer)
    return None


def test_a_token_is_whose_it_is_once_and_then_tells_what_was_done(database):
    assert find(database) is None
    assert database.run(partial(bake_once, answer={"loaves": 3})) is None
    kept = Kept(job="job-1", resource="loaf-1", answer={"loaves": 3})
    assert database.run(partial(bake_once, answer={"loaves": 4})) == kept
    assert find(database) == kept


def test_the_same_token_with_another_request_is_refused_and_nothing_changes(database):
    database.run(partial(bake_once, answer={}))
    before = find(database)
    with pytest.raises(Reused, match=r"monday was used for bake with other parameters"):
        database.run(partial(bake_once, answer={}, request="wheat"))
    with pytest.raises(Reused):
        find(database, request="wheat")
    assert find(database) == before


@pytest.mark.parametrize("change", [{"principal": "bob"}, {"scope": "clean"}, {"text": "Monday"}])
def test_a_token_is_good_for_one_principal_and_one_scope(database, change):
    database.run(partial(bake_once, answer={}))
    other = Key(**{"principal": KEY.principal, "scope": KEY.scope, "text": KEY.text, **change})
    assert find(database, other) is None
    assert database.run(partial(bake_once, answer={}, key=other, request="wheat")) is None


def test_what_is_rolled_back_leaves_no_token(database):
    def dying(tx):
        bake_once(tx, answer={})
        raise Killed

    with pytest.raises(Killed):
        database.run(dying)
    assert find(database) is None
    assert database.run(partial(bake_once, answer={}, request="wheat")) is None


def test_a_token_past_its_time_is_anybodys_for_anything(database, clock):
    database.run(partial(bake_once, answer={}))
    clock.advance(HOUR)
    assert find(database) is None
    assert database.run(partial(bake_once, answer={"loaves": 1}, request="wheat")) is None
    assert find(database, request="wheat").answer == {"loaves": 1}


def test_whoever_meets_a_token_in_use_waits_for_how_that_ends(database):
    for ends_well in (True, False):
        key, told = Key(principal="ann", scope="bake", text=f"{ends_well}"), queue.SimpleQueue()

        def second(key=key, told=told):
            told.put(database.run(partial(bake_once, answer="second", key=key)))

        thread = threading.Thread(target=second)
        try:
            with database.transaction() as tx:
                bake_once(tx, answer="first", key=key)
                thread.start()
                thread.join(0.3)
                assert thread.is_alive()
                assert told.empty()
                if not ends_well:
                    raise Killed
        except Killed:
            pass
        thread.join(30)
        kept = told.get(timeout=1)
        assert (kept.answer if ends_well else kept) == ("first" if ends_well else None)


def test_of_fifty_at_once_one_does_it_whoever_is_killed_meanwhile(database):
    done, told, dice = [], queue.SimpleQueue(), random.Random(1)

    def attempt(name):
        try:
            with database.transaction() as tx:
                kept = bake_once(tx, answer={"by": name})
                if kept is None and dice.random() < 0.7:
                    raise Killed
            if kept is None:
                done.append(name)
            told.put(name if kept is None else kept.answer["by"])
        except Killed:
            told.put(None)

    names = [*range(ATTEMPTS)]
    threads = [threading.Thread(target=attempt, args=(name,)) for name in names]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    answers = {told.get(timeout=1) for _ in names} - {None}
    assert len(done) == 1
    assert answers == set(done)


def test_an_answer_that_comes_later_is_kept_once(database):
    with database.transaction() as tx:
        claim(tx)
        tokens.keep(tx, KEY, job="job-1")
    assert database.run(lambda tx: tokens.settle(tx, KEY, {"state": "Up"})) == {"state": "Up"}
    assert database.run(lambda tx: tokens.settle(tx, KEY, {"state": "Down"})) == {"state": "Up"}
    assert find(database) == Kept(job="job-1", resource=None, answer={"state": "Up"})


def test_an_answer_to_a_token_that_was_forgotten_is_told_all_the_same(database):
    assert database.run(lambda tx: tokens.settle(tx, KEY, {"state": "Up"})) == {"state": "Up"}
    assert find(database) is None


def test_what_is_past_its_time_is_swept_the_oldest_first_and_in_batches(database, clock):
    for number in range(5):
        database.run(partial(bake_once, answer={}, key=Key(principal="ann", scope="bake", text=f"{number}")))
        clock.advance(SECOND)
    clock.advance(HOUR - 2 * SECOND)
    assert database.run(partial(tokens.sweep, limit=2)) == 2
    with database.reading() as connection:
        left = connection.execute(sqlalchemy.select(tokens.token.c.token).order_by(tokens.token.c.until)).scalars()
        assert [*left] == ["2", "3", "4"]
    assert database.run(partial(tokens.sweep, limit=2)) == 2
    assert database.run(partial(tokens.sweep, limit=2)) == 0


def test_a_job_gets_the_id_that_is_wished_for(server):
    wish = "0190f3c2-7777-7000-8000-00000000abcd"
    with server.kernel.transaction() as work:
        assert tokens.is_free(work.tx.connection, wish)
        work.wish(wish, {BAKE.name})
        jobs = [work.submit(kind, Loaf(), fair_key="ann") for kind in (CLEAN, BAKE, BAKE)]
    assert [each.uuid == wish for each in jobs] == [False, True, False]
    assert jobs[1].root == wish
    server.run()
    assert [row.state for row in server.rows()] == ["ended"] * 3
    assert server.row(wish).kind == BAKE.name
    with server.database.reading() as connection:
        assert not tokens.is_free(connection, wish)
