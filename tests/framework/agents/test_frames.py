"""Frames: whatever a stream is cut into, the same frames come out."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.framework.agents.frame import (
    LARGEST,
    LENGTH,
    Act,
    Fate,
    Reply,
    Request,
    Splitter,
    framed,
    pack,
)


@given(st.lists(st.binary(max_size=50)), st.lists(st.integers(1, 20)))
def test_frames_survive_any_cutting(frames, cuts):
    stream, splitter, found = b"".join(map(framed, frames)), Splitter(), []
    for cut in [*cuts, len(stream)]:
        found += splitter.feed(stream[:cut])
        stream = stream[cut:]
    assert found == frames


def test_a_frame_that_is_too_long_is_refused_before_it_is_read():
    with pytest.raises(ValueError, match="at most"):
        list(Splitter().feed(LENGTH.pack(LARGEST + 1)))


def test_requests_and_replies_cross():
    request = Request(act=Act.QUERY, resource="oven-1", command="job/1", epoch=1 << 41, context={"job": "j"})
    assert msgspec.json.decode(pack(request), type=Request) == request
    reply = Reply(act=Act.SEND, resource="oven-1", command="job/1", fate=Fate.FAILED, error={"code": "burnt"})
    assert msgspec.json.decode(pack(reply), type=Reply) == reply


def test_a_newer_senders_fields_are_ignored():
    assert msgspec.json.decode(b'{"act":"probe","resource":"oven-1","colour":"red"}', type=Request).epoch == 0
