"""Streams: any number of connected sockets, read and written by one selector thread."""

import contextlib
import selectors
import socket
from collections import deque
from collections.abc import Callable

from stratiform.framework.agents.frame import Splitter, framed
from stratiform.framework.base.threads import Threads
from stratiform.framework.telemetry.logs import get_logger

log = get_logger(__name__)

READ = 1 << 18
"""Bytes read at once; the others wait meanwhile."""
WRITE = 1 << 18
"""Bytes gathered for one write."""


class Loop:
    """The selector thread. Whatever it calls must not block; what raises is logged and hurts nobody else."""

    def __init__(self, name: str, threads: Threads) -> None:
        self._selector = selectors.DefaultSelector()
        self._actions: deque[Callable[[], None]] = deque()
        self._rung = False
        self._open = True
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, self._hear)
        self._thread = threads.start(name, self._run)

    def call(self, action: Callable[[], None]) -> None:
        """Call `action` on the selector thread soon; may be called by any thread."""
        self._actions.append(action)
        if not self._rung:
            self._rung = True
            with contextlib.suppress(OSError):  # full: it will be heard anyway; closed: there is nobody
                self._bell.send(b"!")

    def watch(self, sock: socket.socket, events: int, call: Callable[[int], None]) -> None:
        """Call `call(events)` whenever the socket is ready; on the selector thread only."""
        if sock.fileno() in self._selector.get_map():
            self._selector.modify(sock, events, call)
        else:
            self._selector.register(sock, events, call)

    def forget(self, sock: socket.socket) -> None:
        """Watch the socket no more and close it; on the selector thread only."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)
        sock.close()

    def close(self, timeout: float = 5) -> None:
        """Close every socket and end the thread."""
        self._open = False
        self.call(lambda: None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while self._open:
            for key, events in self._selector.select():
                _guarded(key.data, events)
        self._carry_out()  # what was sent before the end still goes out if it can
        for key in list(self._selector.get_map().values()):
            self.forget(key.fileobj)  # type: ignore[arg-type]
        self._bell.close()
        self._selector.close()

    def _hear(self, events: int) -> None:
        self._ear.recv(4096)
        self._rung = False
        self._carry_out()

    def _carry_out(self) -> None:
        while self._actions:
            _guarded(self._actions.popleft())


class Stream:
    """One connected socket that carries frames both ways."""

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        received: Callable[[bytes], None],
        closed: Callable[[str], None],
    ) -> None:
        """`received` and `closed` are called on the selector thread; `closed` once, unless we close."""
        sock.setblocking(False)
        self._loop = loop
        self._socket = sock
        self._received = received
        self._closed = closed
        self._splitter = Splitter()
        self._out: deque[bytes] = deque()
        self._rest = b""
        self._flushing = False
        self._writing = False
        self._open = True
        loop.call(lambda: loop.watch(sock, selectors.EVENT_READ, self._ready))

    @property
    def alive(self) -> bool:
        """Whether it is open as far as is known; false before `closed` is called."""
        return self._open

    def send(self, frame: bytes) -> None:
        """Queue a frame; never blocks, and after the end does nothing."""
        if self._open:
            self._out.append(framed(frame))
            if not self._flushing:
                self._flushing = True
                self._loop.call(self._flush)

    def close(self) -> None:
        """Close without telling `closed`; what is queued is written if it goes at once."""
        self._loop.call(self._finish)

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        if events & selectors.EVENT_READ and self._open:
            self._read()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ)
            if not data:
                return self._end("the other side closed the connection")
            for frame in self._splitter.feed(data):
                _guarded(self._received, frame)
        except BlockingIOError:
            pass
        except (OSError, ValueError) as error:
            self._end(str(error))
        return None

    def _flush(self) -> None:
        self._flushing = False
        try:
            while self._open and (self._rest or self._out):
                data = self._rest or self._gather()
                self._rest = data[self._socket.send(data) :]
        except BlockingIOError:
            self._rest = data
        except OSError as error:
            return self._end(str(error))
        if self._open and self._writing != bool(self._rest):
            self._writing = bool(self._rest)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._writing else 0)
            self._loop.watch(self._socket, events, self._ready)
        return None

    def _gather(self) -> bytes:
        parts, size = [], 0
        while self._out and size < WRITE:
            parts.append(self._out.popleft())
            size += len(parts[-1])
        return b"".join(parts)

    def _finish(self) -> None:
        if self._open:
            self._flush()
        if self._open:
            self._open = False
            self._loop.forget(self._socket)

    def _end(self, reason: str) -> None:
        if self._open:
            self._open = False
            self._loop.forget(self._socket)
            _guarded(self._closed, reason)


def _guarded(call: Callable[..., None], *arguments: object) -> None:
    try:
        call(*arguments)
    except Exception:
        log.exception("a callback of the selector thread broke")
