"""Sockets: one connection for all links of an address, frames in order, and nobody is left waiting."""

import itertools
import os
import queue
import signal
import socket
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from stratiform.framework.agents.frame import LARGEST, framed
from stratiform.framework.agents.socket import NUMBER, SocketTransport, parse, serve
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.errors import Invalid, Unreachable
from stratiform.framework.base.threads import SystemThreads

SECONDS = 20
SERVER = """
import sys, threading
from stratiform.framework.agents.socket import serve
from stratiform.framework.base.threads import SystemThreads
serve(sys.argv[1], lambda frame, reply: reply(frame), SystemThreads())
print("listening", flush=True)
threading.Event().wait()
"""


def echo(frame, reply):
    reply(frame)


@pytest.fixture
def transport():
    made = SocketTransport(SystemThreads(), SystemClock())
    yield made
    made.close()


@pytest.fixture(params=["unix", "tcp"])
def address(request, tmp_path):
    return f"unix:{tmp_path}/s" if request.param == "unix" else "tcp:127.0.0.1:0"


@pytest.fixture
def listen():
    """Serve an address until the test has ended."""
    servers = []

    def listening(address, receive=echo):
        servers.append(serve(address, receive, SystemThreads()))
        return servers[-1]

    yield listening
    for server in servers:
        server.close()


class Ear:
    """What one link was told."""

    def __init__(self, transport, address):
        self.heard, self.ends = queue.SimpleQueue(), queue.SimpleQueue()
        self.link = transport.open(address, self.heard.put, self.ends.put)

    def hear(self):
        return self.heard.get(timeout=SECONDS)


def test_frames_go_there_and_back_in_order(transport, listen, address):
    ear = Ear(transport, listen(address).address)
    frames = [f"loaf {number}".encode() for number in range(2000)]
    for frame in frames:
        ear.link.send(frame)
    assert [ear.hear() for _ in frames] == frames


def test_a_large_frame_arrives_whole(transport, listen, address):
    ear = Ear(transport, listen(address).address)
    large = os.urandom(1 << 20) * 15
    ear.link.send(large)
    ear.link.send(b"small")
    assert ear.hear() == large
    assert ear.hear() == b"small"


def test_each_link_hears_its_own_answers(transport, listen, address):
    where = listen(address).address
    ears = [Ear(transport, where) for _ in range(1000)]
    for number, ear in enumerate(ears):
        ear.link.send(f"{number}".encode())
    assert [ear.hear() for ear in ears] == [f"{number}".encode() for number in range(1000)]
    assert all(ear.heard.empty() for ear in ears)


def test_a_thousand_links_that_open_at_once_share_one_connection(transport, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/s")
        listener.listen(1000)
        with ThreadPoolExecutor(32) as threads:
            opened = list(threads.map(lambda _: Ear(transport, f"unix:{tmp_path}/s"), range(1000)))
        assert len(opened) == 1000
        listener.accept()[0].close()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
        assert all(ear.ends.get(timeout=SECONDS) for ear in opened)


def test_the_connection_ends_with_its_last_link(transport, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/s")
        listener.listen()
        ears = [Ear(transport, f"unix:{tmp_path}/s") for _ in range(3)]
        accepted, _ = listener.accept()
        accepted.settimeout(SECONDS)
        for ear in ears:
            ear.link.send(b"last")
            ear.link.close()
        assert b"".join(iter(lambda: accepted.recv(100), b"")).count(b"last") == 3
        accepted.close()
        assert all(ear.ends.empty() for ear in ears)
        again = Ear(transport, f"unix:{tmp_path}/s")
        listener.accept()[0].close()
        assert again.ends.get(timeout=SECONDS)


@pytest.mark.parametrize("nowhere", ["unix:{}/nobody", "tcp:127.0.0.1:1"])
def test_nobody_there_is_an_error_that_says_where(transport, tmp_path, nowhere):
    address = nowhere.format(tmp_path)
    with pytest.raises(Unreachable, match=address):
        transport.open(address, print, print)


def test_who_waited_for_a_connection_that_failed_fails_with_it(tmp_path, monkeypatch):
    """A hundred links to an address that does not answer cost one time-out, not a hundred."""
    attempts, late = itertools.count(), threading.Event()

    class Dead(socket.socket):
        def connect(self, where):
            next(attempts)
            assert late.wait(SECONDS)
            raise TimeoutError("timed out")

    started = threading.Semaphore(0)

    class Counted(SystemClock):
        def monotonic(self):
            started.release()
            return super().monotonic()

    monkeypatch.setattr(socket, "socket", Dead)
    transport = SocketTransport(SystemThreads(), Counted())
    with ThreadPoolExecutor(20) as threads:
        opening = [threads.submit(transport.open, f"unix:{tmp_path}/s", print, print) for _ in range(20)]
        for _ in opening:
            assert started.acquire(timeout=SECONDS)
        late.set()
        assert all(isinstance(each.exception(SECONDS), Unreachable) for each in opening)
    assert next(attempts) == 1
    transport.close()


def test_the_end_of_a_process_is_told_to_every_link_and_it_may_come_back(transport, tmp_path):
    address, run = f"unix:{tmp_path}/s", [sys.executable, "-c", SERVER]
    for _ in range(2):
        with subprocess.Popen([*run, address], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline()
            ears = [Ear(transport, address) for _ in range(3)]
            ears[0].link.send(b"roll")
            assert ears[0].hear() == b"roll"
            os.kill(process.pid, signal.SIGKILL)
            assert all(ear.ends.get(timeout=SECONDS) for ear in ears)
        ears[0].link.send(b"lost")
        assert ears[0].ends.empty()


def test_sending_never_waits_for_who_does_not_read(transport, listen, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/deaf")
        listener.listen()
        deaf = Ear(transport, f"unix:{tmp_path}/deaf")
        for _ in range(100):
            deaf.link.send(bytes(1 << 20))
        other = Ear(transport, listen(f"unix:{tmp_path}/s").address)
        other.link.send(b"roll")
        assert other.hear() == b"roll"


def test_nothing_is_lost_on_the_way_to_who_reads_slowly(transport, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/slow")
        listener.listen()
        ear = Ear(transport, f"unix:{tmp_path}/slow")
        slow, _ = listener.accept()
        slow.settimeout(SECONDS)
        frames = [bytes([number % 256]) * (number * 37 % 90_000) for number in range(1000)]
        for frame in frames:
            ear.link.send(frame)
        wanted = b"".join(framed(NUMBER.pack(1) + frame) for frame in frames)
        read = bytearray()
        while len(read) < len(wanted):
            read += slow.recv(1 + len(read) % 50_000)
        assert read == wanted
        slow.close()
        ear.ends.get(timeout=SECONDS)


def test_a_callback_that_breaks_hurts_nobody_else(transport, listen, tmp_path):
    where = listen(f"unix:{tmp_path}/s").address
    broken = transport.open(where, lambda frame: 1 / 0, print)
    ear = Ear(transport, where)
    broken.send(b"roll")
    ear.link.send(b"bread")
    assert ear.hear() == b"bread"


def test_a_far_end_that_breaks_on_a_frame_goes_on(transport, listen, tmp_path):
    def moody(frame, reply):
        reply(b"%d" % (1 // len(frame)))

    ear = Ear(transport, listen(f"unix:{tmp_path}/s", moody).address)
    ear.link.send(b"")
    ear.link.send(b"x")
    assert ear.hear() == b"1"


def test_a_frame_that_is_too_long_ends_its_connection_and_no_other(transport, listen, tmp_path):
    where = listen(f"unix:{tmp_path}/s").address
    with socket.socket(socket.AF_UNIX) as hostile:
        hostile.connect(f"{tmp_path}/s")
        hostile.settimeout(SECONDS)
        hostile.sendall((LARGEST + 1).to_bytes(4, "big"))
        assert hostile.recv(1) == b""
    ear = Ear(transport, where)
    ear.link.send(b"roll")
    assert ear.hear() == b"roll"


def test_the_number_of_a_link_goes_before_every_frame(listen, tmp_path):
    """The stream as another implementation would write it."""
    listen(f"unix:{tmp_path}/s")
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(f"{tmp_path}/s")
        plain.settimeout(SECONDS)
        whole = framed(NUMBER.pack(7) + b"roll")
        plain.sendall(whole)
        assert plain.recv(len(whole), socket.MSG_WAITALL) == whole


def test_a_unix_socket_is_its_owners_alone(listen, tmp_path):
    listen(f"unix:{tmp_path}/s")
    assert stat.S_IMODE(os.stat(f"{tmp_path}/s").st_mode) == 0o600


def test_a_socket_that_nobody_serves_any_more_is_replaced_and_one_that_is_served_is_not(
    transport, listen, tmp_path
):
    where = f"unix:{tmp_path}/s"
    listen(where).close()
    listen(where)
    with pytest.raises(Unreachable, match=where):
        serve(where, echo, SystemThreads())
    ear = Ear(transport, where)
    ear.link.send(b"roll")
    assert ear.hear() == b"roll"


def test_a_server_that_retires_serves_whom_it_has_and_nobody_else(transport, listen, address):
    server = listen(address)
    ear = Ear(transport, server.address)
    ear.link.send(b"roll")
    assert ear.hear() == b"roll"
    server.retire()
    ear.link.send(b"bread")
    assert ear.hear() == b"bread"
    other = SocketTransport(SystemThreads(), SystemClock())
    with pytest.raises(Unreachable):
        other.open(server.address, print, print)
    other.close()


@pytest.mark.parametrize("wrong", ["", "unix:", "http://127.0.0.1", "tcp:127.0.0.1", "tcp:80"])
def test_what_is_no_address_is_refused(wrong):
    with pytest.raises(Invalid):
        parse(wrong)
