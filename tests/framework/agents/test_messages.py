"""Messages: what a Protocol declares crosses a process, and what does not fit it is refused in words."""

from typing import ClassVar, Protocol

import msgspec
import pytest

from stratiform.framework.agents.message import BadMessage, UnknownVerb, answer, message, verbs


class Loaf(msgspec.Struct, frozen=True):
    grain: str
    grams: int


class Oven(Protocol):
    VERSION: ClassVar[int] = 3

    def bake(self, loaf: Loaf, minutes: int = 40) -> Loaf: ...

    def clean(self) -> None: ...


class Baker:
    """An oven that remembers what it was told."""

    def __init__(self):
        self.baked = []

    def bake(self, loaf, minutes=40):
        self.baked.append((loaf, minutes))
        return Loaf(loaf.grain, loaf.grams - minutes)

    def clean(self):
        self.baked.clear()


RYE = Loaf("rye", 1000)


def crossed(value):
    """The message as it arrives in another process."""
    return msgspec.json.decode(msgspec.json.encode(value), type=type(value))


def test_a_verb_is_called_with_what_was_said():
    baker = Baker()
    sent = crossed(message(Oven.bake, RYE, minutes=50))
    assert verbs(Oven, baker)[sent.verb](sent) == Loaf("rye", 950)
    assert baker.baked == [(RYE, 50)]


def test_what_is_not_said_is_the_protocols_default():
    baker = Baker()
    sent = crossed(message(Oven.bake, RYE))
    verbs(Oven, baker)[sent.verb](sent)
    assert baker.baked == [(RYE, 40)]


def test_an_answer_becomes_what_the_verb_returns():
    assert answer(Oven.bake, {"grain": "rye", "grams": 5}) == Loaf("rye", 5)
    assert answer(Oven.clean, None) is None


def test_a_message_says_its_verb_and_the_protocols_version():
    sent = message(Oven.clean)
    assert (sent.verb, sent.version) == ("Oven.clean", 3)


def test_another_version_is_refused():
    sent = msgspec.structs.replace(message(Oven.clean), version=2)
    with pytest.raises(UnknownVerb, match=r"Oven\.clean version 2.*version 3"):
        verbs(Oven, Baker())[sent.verb](sent)


@pytest.mark.parametrize("body", [b"{}", b'{"loaf": 7}', b'{"loaf": {"grain": "rye", "grams": 1}, "steam": 1}'])
def test_arguments_that_do_not_fit_are_refused(body):
    sent = msgspec.structs.replace(message(Oven.bake, RYE), body=msgspec.Raw(body))
    with pytest.raises(BadMessage, match=r"Oven\.bake"):
        verbs(Oven, Baker())[sent.verb](sent)
