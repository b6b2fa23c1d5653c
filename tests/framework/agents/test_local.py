"""Local links: the same frames, on another thread."""

import queue
import threading
from typing import Protocol

import msgspec
import pytest

from stratiform.framework.agents.commandlog import MemoryLog
from stratiform.framework.agents.frame import Act, Reply, Request, pack
from stratiform.framework.agents.local import LocalTransport
from stratiform.framework.agents.message import answer, message
from stratiform.framework.agents.workers import far_end
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.threads import SystemThreads


class Oven(Protocol):
    def bake(self, loaf: str) -> str: ...


class Baker:
    def bake(self, loaf):
        return f"warm {loaf}"


@pytest.fixture
def transport():
    end = far_end(lambda *given: Baker(), [Oven], MemoryLog(), SystemThreads(), SystemClock())
    made = LocalTransport(end, SystemThreads(), SystemClock())
    yield made
    made.close()
    end.close()


def test_a_command_goes_there_and_its_answer_comes_back_on_another_thread(transport):
    told = queue.SimpleQueue()
    link = transport.open("anywhere", lambda frame: told.put((frame, threading.current_thread())), told.put)
    link.send(pack(Request(act=Act.SEND, resource="oven-1", command="1", message=message(Oven.bake, "roll"))))
    frame, thread = told.get(timeout=20)
    assert answer(Oven.bake, msgspec.json.decode(frame, type=Reply).answer) == "warm roll"
    assert thread is not threading.current_thread()


def test_a_probes_answer_comes_back_on_another_thread_too(transport):
    told = queue.SimpleQueue()
    link = transport.open("", lambda frame: told.put(threading.current_thread()), told.put)
    link.send(pack(Request(act=Act.PROBE, resource="oven-1")))
    assert told.get(timeout=20) is not threading.current_thread()


def test_a_closed_link_is_told_nothing(transport):
    told, other = queue.SimpleQueue(), queue.SimpleQueue()
    closed = transport.open("", told.put, told.put)
    closed.send(pack(Request(act=Act.SEND, resource="o", command="1", message=message(Oven.bake, "roll"))))
    closed.close()
    closed.send(pack(Request(act=Act.PROBE, resource="o")))
    transport.open("", other.put, other.put).send(pack(Request(act=Act.QUERY, resource="o", command="2")))
    assert msgspec.json.decode(other.get(timeout=20), type=Reply).command == "2"
    assert told.empty()
