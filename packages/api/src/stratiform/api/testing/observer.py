"""The contract of observers. Subclass, give a way to make one and to see what it did."""

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

import msgspec
import pytest

from stratiform.api.adapters.observer import Observer
from stratiform.api.events import Event, EventName
from stratiform.api.testing.contract import Contract
from stratiform.framework.base.clock import SECOND

Made: TypeAlias = tuple[Observer, Callable[[], object]]
"""An observer, and what tells its effects so far: anything that compares equal when they are the same."""
CUTS = range(13)
"""Where the stream of events may be cut into batches, or break off and come again."""


class ObserverContract(Contract):
    """Once is as good as twice, batches may be cut anywhere, and what is unknown is passed over."""

    protocol: ClassVar[type] = Observer

    @pytest.fixture
    def make(self) -> Callable[[], Made]:
        """Makes a new observer, with effects of its own, each time it is called: the plug-in's to define."""
        raise NotImplementedError("define the fixture `make`")

    @pytest.fixture
    def events(self) -> Sequence[Event]:
        """Twelve events that have an effect on this observer."""
        kinds = (EventName.VM_CREATE, EventName.VM_START, EventName.VM_STOP, EventName.VM_DESTROY)
        return [
            Event(
                id=1000 + number,
                number=number,
                at=number * SECOND,
                kind=kinds[number // 3],
                resource_kind="vm",
                resource=f"vm-{number % 3}",
                generation=number // 3 + 1,
                principal="user",
            )
            for number in range(12)
        ]

    @pytest.fixture
    def strange(self, events: Sequence[Event]) -> Sequence[Event]:
        """Events of a kind that nobody knows."""
        return [
            msgspec.structs.replace(
                event, id=event.id + 5000, number=event.number + 12, kind="BREAD.BAKE", resource_kind="bread"
            )
            for event in events
        ]

    @pytest.fixture
    def whole(self, make: Callable[[], Made], events: Sequence[Event]) -> object:
        """The effect of all events, each given once and all together."""
        observer, effects = make()
        observer.consume(events)
        return effects()

    @pytest.fixture
    def adapter(self, make: Callable[[], Made]) -> object:
        """An observer."""
        return make()[0]

    def test_events_have_an_effect(self, make: Callable[[], Made], whole: object) -> None:
        assert make()[1]() != whole

    def test_the_same_events_have_the_same_effect(
        self, make: Callable[[], Made], events: Sequence[Event], whole: object
    ) -> None:
        observer, effects = make()
        observer.consume(events)
        assert effects() == whole

    def test_no_events_have_no_effect(self, make: Callable[[], Made]) -> None:
        observer, effects = make()
        before = effects()
        observer.consume([])
        assert effects() == before

    @pytest.mark.parametrize("cut", CUTS)
    def test_batches_may_be_cut_anywhere(
        self, make: Callable[[], Made], events: Sequence[Event], whole: object, cut: int
    ) -> None:
        observer, effects = make()
        observer.consume(events[:cut])
        observer.consume(events[cut:])
        assert effects() == whole

    @pytest.mark.parametrize("cut", CUTS)
    def test_what_comes_again_has_no_second_effect(
        self, make: Callable[[], Made], events: Sequence[Event], whole: object, cut: int
    ) -> None:
        """After a crash the cursor may be behind: the events up to it come again, and those after it."""
        observer, effects = make()
        observer.consume(events[:cut])
        observer.consume(events)
        assert effects() == whole

    @pytest.mark.parametrize("cut", CUTS)
    def test_the_tail_may_come_again(
        self, make: Callable[[], Made], events: Sequence[Event], whole: object, cut: int
    ) -> None:
        observer, effects = make()
        observer.consume(events)
        observer.consume(events[cut:])
        assert effects() == whole

    @pytest.mark.parametrize("cut", CUTS)
    def test_an_unknown_kind_is_passed_over(
        self,
        make: Callable[[], Made],
        events: Sequence[Event],
        strange: Sequence[Event],
        whole: object,
        cut: int,
    ) -> None:
        """It is no error, and what is around it has its effect."""
        observer, effects = make()
        observer.consume([*events[:cut], *strange, *events[cut:]])
        self.same_but_for_the_strange(effects(), whole)

    def same_but_for_the_strange(self, effects: object, whole: object) -> None:
        """Compare; an observer that carries every kind, such as a bus, compares without those of the kit."""
        assert effects == whole
