"""Serving over HTTP by waitress: its limits, its queue as numbers, and an end that loses no answer."""

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from waitress import create_server, wasyncore  # type: ignore[import-untyped]  # it has no types
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.task import ErrorTask, WSGITask  # type: ignore[import-untyped]
from waitress.trigger import trigger  # type: ignore[import-untyped]

from stratiform.framework.base.errors import Error, Internal
from stratiform.server.app import SECURITY, App
from stratiform.server.dispatch import Reply
from stratiform.server.errors import NotHttp, TooLarge
from stratiform.server.request import BODY_LIMIT, Asked

HEADER_LIMIT = 16 * 1024
"""Bytes of a request's line and headers; a longer question is sent as a form."""
BACKLOG = 1024
"""Connections that the system keeps for us while we are busy."""
CONNECTIONS = 800
"""Open at once: an idle one costs no thread, but a file descriptor, of which a process commonly has 1,024."""
IDLE_SECONDS = 30
"""After which a connection that says nothing is closed."""
PAUSE = 0.01
TOO_LARGE = {
    413: TooLarge(what="the bytes of a form", limit=BODY_LIMIT),
    431: TooLarge(what="the bytes of a request's line and headers", limit=HEADER_LIMIT),
}
"""What waitress refuses by itself for its size, by its status."""

Refuse = Callable[[Exception, Asked], Reply]
"""Tells in the API's words what is no request of the API."""


@dataclass(frozen=True, kw_only=True)
class HttpQueue:
    """The HTTP queue, which is waitress's own, as it stands now."""

    waiting: int
    """Requests that no thread has taken up."""
    busy: int
    """Threads that answer a request."""
    threads: int


class Serving:
    """An application that listens from the beginning and is served while `run` runs. On port 0 it takes any.

    `refuse` puts into words what waitress refuses by itself; `once` ends each connection after its first answer.
    """

    def __init__(
        self, app: App, host: str, port: int, threads: int = 8, *, refuse: Refuse | None = None, once: bool = False
    ) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # `queue` tells how many wait
        self.app = app
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._threads = threads
        self._server = create_server(
            app,
            sockets=[socket.create_server((host, port), family=family, backlog=BACKLOG)],
            threads=threads,
            backlog=BACKLOG,
            max_request_header_size=HEADER_LIMIT,
            max_request_body_size=2 * BODY_LIMIT,  # beyond ours, we refuse in the API's words
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=IDLE_SECONDS // 3,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        self._server.channel_class = _OnceChannel if once else _Channel
        self._server.refuse = refuse
        self._dispatcher = self._server.task_dispatcher

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return str(self._server.effective_host)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.effective_port)

    @property
    def queue(self) -> HttpQueue:
        """The queue of requests."""
        with self._dispatcher.lock:
            waiting, busy = len(self._dispatcher.queue), self._dispatcher.active_count
        return HttpQueue(waiting=waiting, busy=busy, threads=self._threads)

    def run(self) -> None:
        """Serve until `stop`, which another thread calls."""
        self._server.run()

    def stop(self, timeout: float = 5) -> None:
        """Take no more connections, answer what has arrived, at most for `timeout` seconds, and end `run`."""
        until = time.monotonic() + timeout
        self._server.trigger.pull_trigger(lambda: wasyncore.dispatcher.close(self._server))
        while (self.queue.waiting or self.queue.busy) and time.monotonic() < until:
            time.sleep(PAUSE)
        self._dispatcher.shutdown(timeout=max(0, until - time.monotonic()))
        self._server.trigger.pull_trigger(self._flush)
        while len(self._server._map) > 1 and time.monotonic() < until:
            time.sleep(PAUSE)
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._server._map, ignore_all=True))

    def close(self) -> None:
        """Give the port back without having served."""
        wasyncore.close_all(self._server._map, ignore_all=True)
        self._dispatcher.shutdown()

    def _flush(self) -> None:
        for each in list(self._server._map.values()):
            if not isinstance(each, trigger):
                each.close_when_flushed = True


class _Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to what waitress itself cannot take."""

    def execute(self) -> None:
        refuse: Refuse | None = self.channel.server.refuse
        if refuse is None:
            super().execute()
            return
        reply = refuse(_error(self.request.error), Asked(query=_query(self.request)))
        self.status = reply.status
        headers = {"Content-Type": reply.content_type, **SECURITY, **reply.headers}
        self.response_headers += headers.items()
        self.set_close_on_finish()
        self.content_length = len(reply.body)
        self.write(reply.body)


class _Once(WSGITask):  # type: ignore[misc]
    """A request whose answer is its connection's last."""

    def execute(self) -> None:
        self.set_close_on_finish()
        super().execute()


class _Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = _Refusal


class _OnceChannel(_Channel):
    task_class = _Once


def _error(refused: object) -> Error:
    status, reason = int(getattr(refused, "code", 500)), str(getattr(refused, "body", ""))
    return TOO_LARGE.get(status) or (NotHttp(reason=reason) if status != 500 else Internal(reason=reason))


def _query(request: object) -> str:
    """As much of the query as was read before waitress gave up."""
    begun, line = getattr(request, "header_plus", b""), getattr(request, "first_line", b"")
    address: bytes = (begun or line).partition(b"\r\n")[0].partition(b" ")[2]
    return address.partition(b" ")[0].partition(b"?")[2].decode("latin-1")
