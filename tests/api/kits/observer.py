"""Fakes of an observer."""

import pytest

from stratiform.api.events import EventName
from stratiform.api.testing.observer import ObserverContract


class Counter:
    """Counts what happened, each event once."""

    name = "counter"
    order = 1

    def __init__(self):
        self.seen = set()
        self.counts = {}

    def consume(self, events):
        for event in events:
            if event.id not in self.seen and event.kind in set(EventName):
                self.seen.add(event.id)
                self.counts[event.kind] = self.counts.get(event.kind, 0) + 1

    def effects(self):
        return dict(self.counts)


class TestRight(ObserverContract):
    kind = Counter

    @pytest.fixture
    def make(self):
        def make():
            counter = self.kind()
            return counter, counter.effects

        return make


class CountsTwice(Counter):
    def consume(self, events):
        self.seen.clear()
        super().consume(events)


class TestCountsTwice(TestRight):
    kind = CountsTwice
    caught_by = {"test_what_comes_again_has_no_second_effect", "test_the_tail_may_come_again"}


class ChokesOnNews(Counter):
    def consume(self, events):
        super().consume([event for event in events if EventName(event.kind)])


class TestChokesOnNews(TestRight):
    kind = ChokesOnNews
    caught_by = {"test_an_unknown_kind_is_passed_over"}


class SkipsTheRestOfABatch(Counter):
    def consume(self, events):
        super().consume(events[:6])


class TestSkipsTheRestOfABatch(TestRight):
    kind = SkipsTheRestOfABatch
    caught_by = {"test_batches_may_be_cut_anywhere"}


class CountsBatches(Counter):
    def consume(self, events):
        super().consume(events)
        self.counts["batches"] = self.counts.get("batches", 0) + 1


class TestCountsBatches(TestRight):
    kind = CountsBatches
    caught_by = {"test_batches_may_be_cut_anywhere", "test_no_events_have_no_effect"}


class Sleeps(Counter):
    def consume(self, events):
        pass


class TestSleeps(TestRight):
    kind = Sleeps
    caught_by = {"test_events_have_an_effect"}
