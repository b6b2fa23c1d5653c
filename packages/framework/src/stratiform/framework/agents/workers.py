"""Workers: carry out verbs that block, on threads that are bounded for each resource."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from stratiform.framework import context
from stratiform.framework.agents import abort
from stratiform.framework.agents.abort import Abort
from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.commandlog import CommandLog
from stratiform.framework.agents.farend import End, FarEnd
from stratiform.framework.agents.fate import ABANDONED, Outcome, done, failed
from stratiform.framework.agents.frame import Request
from stratiform.framework.agents.message import UnknownVerb, verbs
from stratiform.framework.base.clock import Clock
from stratiform.framework.base.errors import Error
from stratiform.framework.base.threads import Threads
from stratiform.framework.telemetry.logs import get_logger

log = get_logger(__name__)

Resolve = Callable[[str, str, str], object]
"""The effector for a resource: given its UUID, its address and the name of the Protocol that is asked for."""

EACH = 4
"""Threads that one resource may hold."""


@dataclass
class _Lane:
    waiting: deque[tuple[Request, End]] = field(default_factory=deque)
    running: dict[str, Abort] = field(default_factory=dict)
    """By command."""
    threads: int = 0


class Workers:
    """Performs commands by calling the verbs of effectors; a resource that hangs holds its own threads only.

    Commands of one resource begin in the order they came, up to `each` at a time. A thread ends when its
    resource has nothing more to do. A verb learns by `abort.current` that it is to end early.
    """

    def __init__(
        self, clerk: Clerk, resolve: Resolve, protocols: Sequence[type], threads: Threads, *, each: int = EACH
    ) -> None:
        self._clerk = clerk
        self._resolve = resolve
        self._protocols = {protocol.__name__: protocol for protocol in protocols}
        self._threads = threads
        self._each = each
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}

    def __call__(self, request: Request, end: End) -> None:
        """Have the command carried out; `end` is called on the clerk's thread."""
        with self._lock:
            lane = self._lanes.setdefault(request.resource, _Lane())
            lane.waiting.append((request, end))
            if lane.threads == self._each:
                return
            lane.threads += 1
        self._threads.start(f"worker of {request.resource}", partial(self._work, request.resource, lane))

    def stop(self, request: Request) -> None:
        """Drop a command that waits; of one that runs, let the verb know, on a thread of its own."""
        with self._lock:
            lane = self._lanes.get(request.resource, _Lane())
            waiting = [each for each in lane.waiting if each[0].command == request.command]
            for each in waiting:
                lane.waiting.remove(each)
            running = lane.running.get(request.command)
        for _, end in waiting:
            end(ABANDONED)
        if running:
            self._threads.start(f"abort at {request.resource}", running.ask)

    def _work(self, resource: str, lane: _Lane) -> None:
        while True:
            with self._lock:
                if not lane.waiting:
                    lane.threads -= 1
                    if not lane.threads:
                        del self._lanes[resource]
                    return
                request, end = lane.waiting.popleft()
                aborting = lane.running[request.command] = Abort(request.command)
            outcome = self._carry_out(request, aborting)
            with self._lock:
                del lane.running[request.command]
            self._clerk.post(partial(end, outcome))

    def _carry_out(self, request: Request, aborting: Abort) -> Outcome:
        named = _context(request)
        with context.use(named) if named else nullcontext(), abort.use(aborting):
            try:
                aborting.check()
                return done(self._call(request))
            except Error as error:
                log.info("command failed", command=request.command, reason=str(error))
                return failed(error)
            except Exception as error:
                log.exception("command broke", command=request.command)
                return failed(error)

    def _call(self, request: Request) -> object:
        message = request.message
        assert message is not None
        name = message.verb.partition(".")[0]
        protocol = self._protocols.get(name)
        known = verbs(protocol, self._resolve(request.resource, request.address, name)) if protocol else {}
        if message.verb not in known:
            understood = ", ".join(known or self._protocols)
            raise UnknownVerb(verb=message.verb, version=message.version, known=understood)
        return known[message.verb](message)


def far_end(
    resolve: Resolve,
    protocols: Sequence[type],
    log: CommandLog,
    threads: Threads,
    clock: Clock,
    *,
    each: int = EACH,
) -> FarEnd:
    """A far end for effectors whose verbs block, with a clerk and workers of its own."""
    clerk = Clerk("far end", threads, clock)
    workers = Workers(clerk, resolve, protocols, threads, each=each)
    return FarEnd(clerk, clock, workers, log, stop=workers.stop)


def _context(request: Request) -> context.Context | None:
    try:
        return context.Context(**request.context)
    except (Error, TypeError):
        return None
