"""Ending a verb early: it looks, or what it waits for is ended; and nobody is ended who is not meant."""

import threading

import pytest

from stratiform.framework.agents import abort
from stratiform.framework.agents.abort import Abort, Aborted

SECONDS = 20


def test_a_verb_looks_at_the_abort_of_its_own_command_and_else_nobody_asks():
    mine = Abort("job/1")
    mine.ask()
    with abort.use(mine):
        assert abort.current() is mine
        with pytest.raises(Aborted, match="job/1"):
            abort.current().check()
    abort.current().check()


def test_a_thread_has_an_abort_of_its_own():
    seen = []
    with abort.use(Abort("job/1")):
        thread = threading.Thread(target=lambda: seen.append(abort.current().command))
        thread.start()
        thread.join(SECONDS)
    assert seen == [""]


def test_what_a_verb_waits_for_is_ended_each_time_somebody_asks_and_never_later():
    called, mine = [], Abort("job/1")
    with mine.by(lambda: called.append("it")):
        for _ in range(2):
            mine.ask()
    assert mine.asked
    mine.ask()
    assert called == ["it", "it"]


def test_what_was_aborted_before_is_not_begun():
    called, mine = [], Abort("job/1")
    mine.ask()
    with pytest.raises(Aborted), mine.by(lambda: called.append("ended")):
        called.append("begun")
    mine.ask()
    assert called == []


def test_what_cannot_be_ended_hinders_neither_who_asks_nor_the_others():
    called, mine = [], Abort("job/1")
    with mine.by(lambda: 1 / 0), mine.by(lambda: called.append("it")):
        mine.ask()
    assert (called, mine.asked) == (["it"], True)


def test_a_verb_goes_on_only_when_whoever_ends_it_has_done():
    """Else a late `virDomainAbortJob` would end what the verb or the next one does afterwards."""
    ending, let, story, mine = threading.Event(), threading.Event(), [], Abort("job/1")

    def end():
        ending.set()
        assert let.wait(SECONDS)
        story.append("ended")

    def verb():
        with mine.by(end):
            assert ending.wait(SECONDS)
            let.set()
        story.append("goes on")

    thread = threading.Thread(target=verb)
    thread.start()
    while not ending.is_set():
        mine.ask()
    thread.join(SECONDS)
    assert story == ["ended", "goes on"]
