"""Serving over HTTP by waitress: its limits, its queue as numbers, and an end that loses no answer."""

import socket
import time
from dataclasses import dataclass

from waitress import create_server, wasyncore  # type: ignore[import-untyped]  # it has no types
from waitress.trigger import trigger  # type: ignore[import-untyped]

from stratiform.server.app import App
from stratiform.server.request import BODY_LIMIT

HEADER_LIMIT = 16 * 1024
"""Bytes of a request's line and headers; a longer question is sent as a form."""
BACKLOG = 1024
"""Connections that the system keeps for us while we are busy."""
PAUSE = 0.01


@dataclass(frozen=True, kw_only=True)
class HttpQueue:
    """The HTTP queue, which is waitress's own, as it stands now."""

    waiting: int
    """Requests that no thread has taken up."""
    busy: int
    """Threads that answer a request."""
    threads: int


class Serving:
    """An application that listens from the beginning and is served while `run` runs. On port 0 it takes any."""

    def __init__(self, app: App, host: str, port: int, threads: int = 8) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._threads = threads
        self._server = create_server(
            app,
            sockets=[socket.create_server((host, port), family=family, backlog=BACKLOG)],
            threads=threads,
            backlog=BACKLOG,
            max_request_header_size=HEADER_LIMIT,
            max_request_body_size=2 * BODY_LIMIT,  # beyond ours, we refuse in the API's words
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
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
