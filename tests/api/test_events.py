"""Events cross a wire, and have names as CloudStack's have."""

import re

import msgspec

from stratiform.api.events import Event, EventName


def test_names_have_cloudstacks_grammar():
    for name in EventName:
        assert re.fullmatch(r"[A-Z]+(\.[A-Z]+)+", name)
        assert name.name == name.value.replace(".", "_")


def test_an_event_crosses_a_wire():
    event = Event(
        id=7,
        number=1,
        at=1,
        kind=EventName.VM_START,
        resource_kind="vm",
        resource="u",
        generation=2,
        payload={"host": "h"},
    )
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
