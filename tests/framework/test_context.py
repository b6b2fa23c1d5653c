"""The context: never defaulted, never leaked, carried into threads."""

import contextlib
import threading

import pytest

from stratiform.framework import context
from stratiform.framework.base import errors

WHO = context.Context(principal="p", request="r", trace="a" * 32, root="j1")
OTHER = context.Context(principal="q", request="s", trace="b" * 32)


def elsewhere(function):
    """What `function` answers in a thread of its own."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join()
    return answers[0]


def test_there_is_no_fallback():
    assert context.find() is None
    with pytest.raises(context.NoContext):
        context.current()


def test_the_context_before_returns_even_after_an_error():
    with context.use(WHO):
        with contextlib.suppress(ZeroDivisionError), context.use(OTHER):
            assert context.current() is OTHER
            raise ZeroDivisionError
        assert context.current() is WHO
    assert context.find() is None


def test_another_thread_has_none_unless_it_is_carried():
    with context.use(WHO):
        assert elsewhere(context.find) is None
        carried = context.carry(context.current)
    assert elsewhere(carried) is WHO
    assert context.find() is None


def test_what_is_carried_may_run_in_many_threads_at_once():
    meet = threading.Barrier(3, timeout=10)
    with context.use(WHO):
        carried = context.carry(lambda: (meet.wait(), context.current())[1])
    found = []
    threads = [threading.Thread(target=lambda: found.append(carried())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [WHO] * 3


def test_nothing_can_be_carried_from_nobody():
    with pytest.raises(context.NoContext):
        context.carry(print)


@pytest.mark.parametrize(
    "wrong",
    [{"principal": ""}, {"request": ""}, {"trace": "0" * 32}, {"trace": "A" * 32}, {"trace": "a" * 31}],
)
def test_a_context_leads_to_somebody(wrong):
    with pytest.raises(errors.Invalid):
        context.Context(**{"principal": "p", "request": "r", "trace": "a" * 32, **wrong})


def test_attributes_are_those_it_has():
    assert context.attributes(WHO) == {"principal": "p", "request": "r", "trace": "a" * 32, "root": "j1"}


def test_each_beginning_is_a_request_and_a_trace_of_its_own(world):
    first, second = (context.begin(world.ids, "p") for _ in range(2))
    assert first.request != second.request
    assert first.trace != second.trace
    assert (first.root, first.job) == (None, None)
