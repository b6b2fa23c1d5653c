"""Sockets: links to far-end processes on this machine, and the server that such a process runs.

All links to one address share one connection; every frame on it is preceded by the number of its link.
"""

import contextlib
import itertools
import os
import selectors
import socket
import threading
from collections.abc import Callable
from functools import partial
from struct import Struct

from stratiform.framework.agents.stream import Loop, Stream
from stratiform.framework.base.clock import Clock
from stratiform.framework.base.errors import Invalid, Unreachable
from stratiform.framework.base.threads import Threads
from stratiform.framework.base.transport import Link

NUMBER = Struct(">I")
CONNECT_SECONDS = 4
BACKLOG = 1024

Receive = Callable[[bytes, Callable[[bytes], None]], None]
"""Takes a frame and where to send frames back; never blocks."""


class SocketTransport:
    """Links over Unix sockets (`unix:/path`) and local TCP (`tcp:127.0.0.1:port`), on one selector thread.

    `received` and `closed` are called on that thread and must not block; so a link that closed is opened again
    by somebody else.
    """

    def __init__(self, threads: Threads, clock: Clock) -> None:
        self._clock = clock
        self._loop = Loop("socket transport", threads)
        self._lock = threading.Lock()
        self._connections: dict[str, _Connection] = {}

    def open(self, address: str, received: Callable[[bytes], None], closed: Callable[[str], None]) -> Link:
        """Open a link to `address`, over the connection there is or a new one.

        Raises `Unreachable` if nobody listens there within a few seconds.
        """
        with self._lock:
            connection = self._connections.setdefault(address, _Connection(self._loop, address, self._clock))
        return connection.open(received, closed)

    def close(self) -> None:
        """Close every connection, without telling its links, and end the thread."""
        self._loop.close()


class _Connection:
    """The shared connection to one address; it is made with the first link and closed with the last."""

    def __init__(self, loop: Loop, address: str, clock: Clock) -> None:
        self._loop = loop
        self._address = address
        self._clock = clock
        self._connecting = threading.Lock()
        self._failed: tuple[int, str] = (0, "")
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._links: dict[int, _Link] = {}
        self._stream: Stream | None = None

    def open(self, received: Callable[[bytes], None], closed: Callable[[str], None]) -> "_Link":
        arrived = self._clock.monotonic()
        with self._connecting:
            link = self._add(self._stream, received, closed)
            if link is None and self._failed[0] > arrived:  # while we waited
                raise Unreachable(address=self._address, reason=self._failed[1])
            link = link or self._add(self._connect(), received, closed)
        if link is None:
            raise Unreachable(address=self._address, reason="the connection was closed at once")
        return link

    def drop(self, number: int) -> None:
        with self._lock:
            self._links.pop(number, None)
            if not self._links and self._stream:
                self._stream.close()
                self._stream = None

    def _add(
        self, stream: Stream | None, received: Callable[[bytes], None], closed: Callable[[str], None]
    ) -> "_Link | None":
        with self._lock:
            if stream is None or not stream.alive:
                return None
            self._stream = stream
            number = next(self._numbers)
            self._links[number] = _Link(self, stream, number, received, closed)
            return self._links[number]

    def _connect(self) -> Stream:
        family, where = parse(self._address)
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(CONNECT_SECONDS)
            sock.connect(where)
        except OSError as error:
            sock.close()
            self._failed = (self._clock.monotonic(), str(error))
            raise Unreachable(address=self._address, reason=str(error)) from error
        _without_delay(sock)
        stream: Stream | None = None

        def closed(reason: str) -> None:
            self._lost(stream, reason)

        stream = Stream(self._loop, sock, self._received, closed)
        return stream

    def _received(self, data: bytes) -> None:
        link = self._links.get(NUMBER.unpack_from(data)[0])
        if link:
            link.received(data[NUMBER.size :])

    def _lost(self, stream: Stream | None, reason: str) -> None:
        with self._lock:
            lost = [link for link in self._links.values() if link.stream is stream]
            for link in lost:
                del self._links[link.number]
            if self._stream is stream:
                self._stream = None
        for link in lost:
            link.closed(reason)


class _Link:
    """One link of a shared connection."""

    def __init__(
        self,
        connection: _Connection,
        stream: Stream,
        number: int,
        received: Callable[[bytes], None],
        closed: Callable[[str], None],
    ) -> None:
        self.stream = stream
        self.number = number
        self.received = received
        self.closed = closed
        self._connection = connection

    def send(self, frame: bytes) -> None:
        self.stream.send(NUMBER.pack(self.number) + frame)

    def close(self) -> None:
        self._connection.drop(self.number)


class Server:
    """Listens at an address for a far end. Made by `serve`."""

    def __init__(self, address: str, receive: Receive, threads: Threads) -> None:
        self._receive = receive
        self._listener, self.address = _listen(address)
        self._loop = Loop(f"server of {address}", threads)
        self._loop.call(lambda: self._loop.watch(self._listener, selectors.EVENT_READ, self._accept))

    def retire(self) -> None:
        """Take no more connections, before any frame that is sent from now on arrives; those there are go on."""
        self._loop.call(lambda: self._loop.forget(self._listener))

    def close(self) -> None:
        """Stop listening and close every connection."""
        self._loop.close()
        self._listener.close()

    def _accept(self, events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self._listener.accept()
                _without_delay(sock)
                self._welcome(sock)

    def _welcome(self, sock: socket.socket) -> None:
        def received(data: bytes) -> None:
            self._receive(data[NUMBER.size :], partial(_answer, stream, data[: NUMBER.size]))

        stream = Stream(self._loop, sock, received, lambda reason: None)


def serve(address: str, receive: Receive, threads: Threads) -> Server:
    """Listen at `address` and give every frame to `receive`, on one selector thread.

    A Unix socket may be used by its owner alone; one that nobody serves any more is replaced. Port 0 takes
    any that is free, see `Server.address`. Raises `Unreachable` if the address cannot be listened at.
    """
    return Server(address, receive, threads)


def parse(address: str) -> tuple[int, str | tuple[str, int]]:
    """The socket family of an address and where it is in its words; raises `Invalid`."""
    kind, _, rest = address.partition(":")
    host, _, port = rest.rpartition(":")
    if kind == "unix" and rest:
        return socket.AF_UNIX, rest
    if kind == "tcp" and host and port.isdecimal():
        return socket.AF_INET, (host, int(port))
    raise Invalid(reason=f"An address is unix:/path or tcp:host:port, not {address!r}.")


def _answer(stream: Stream, number: bytes, frame: bytes) -> None:
    stream.send(number + frame)


def _listen(address: str) -> tuple[socket.socket, str]:
    family, where = parse(address)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if isinstance(where, str):
            _remove_stale(where)
            listener.bind(where)
            os.chmod(where, 0o600)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            address = "tcp:{}:{}".format(*listener.getsockname())
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise Unreachable(address=address, reason=str(error)) from error
    return listener, address


def _remove_stale(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            os.unlink(path)


def _without_delay(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
