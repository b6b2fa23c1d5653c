"""The far end of a link: carries commands out, each once, and tells what became of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
from msgspec.structs import replace

from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.commandlog import CommandLog
from stratiform.framework.agents.fate import (
    ABANDONED,
    Entry,
    Outcome,
    StaleEpoch,
    Verdict,
    ended,
    interrupted,
    judge,
)
from stratiform.framework.agents.frame import VERSION, Act, Fate, Reply, Request, pack
from stratiform.framework.base.clock import SECOND, Clock
from stratiform.framework.base.errors import Invalid, describe
from stratiform.framework.telemetry.logs import get_logger

log = get_logger(__name__)

Answer = Callable[[Reply], None]
"""Takes a reply to whoever asked; never blocks."""

End = Callable[[Outcome], None]
"""Says how a command ended; called once, on the clerk's thread."""

Perform = Callable[[Request, End], None]
"""Begins to carry out a SEND that is durably logged. Called on the clerk's thread; never blocks."""

Stop = Callable[[Request], None]
"""Told by an ABORT that a command is wanted no more: one that was not performed yet never is.

Whoever performs it may end it as `ABANDONED`, if it had no effect and will have none, or let it end as it ends. Called
on the clerk's thread, perhaps more than once; never blocks.
"""

KEEP_FOR = 3 * 24 * 3600 * SECOND
KEEP_AT_MOST = 100_000
PRUNE_EVERY = 1000
"""Commands that end between two prunings of the log."""


@dataclass
class _Running:
    entry: Entry
    asked: Request
    answer: Answer


def no_facts(request: Request) -> Mapping[str, object]:
    """Nothing to tell beyond being alive."""
    return {}


def unstopped(request: Request) -> None:
    """Whatever was begun runs on."""


def unwatched(request: Request, verdict: Verdict) -> None:
    """Nobody wants to know."""


class FarEnd:
    """Carries out each command once, whoever asks how often over how many links.

    A command is logged, durably, before it is performed, and its outcome before it is told, to the newest
    link that asked by SEND or QUERY. One that was running when an earlier process ended is told as
    interrupted: whoever asks decides whether it may be sent again. PROBE is answered past every queue, and ABORT
    waits for no command. What ended is forgotten after `KEEP_FOR`, or sooner when it is beyond the newest
    `KEEP_AT_MOST`.
    """

    def __init__(
        self,
        clerk: Clerk,
        clock: Clock,
        perform: Perform,
        log: CommandLog,
        *,
        stop: Stop = unstopped,
        facts: Callable[[Request], Mapping[str, object]] = no_facts,
        watch: Callable[[Request, Verdict], None] = unwatched,
    ) -> None:
        """`watch` is told of every judged request, on the clerk's thread, before anything is done."""
        self._clerk = clerk
        self._clock = clock
        self._perform = perform
        self._stop = stop
        self._log = log
        self._facts = facts
        self._watch = watch
        self._running: dict[tuple[str, str], _Running] = {}
        self._begun: list[Request] = []
        self._unsent: list[tuple[Answer, Reply]] = []
        self._unpruned = 0
        clerk.after_turn(self._settle)
        clerk.post(self._recover)

    def receive(self, frame: bytes, reply: Callable[[bytes], None]) -> None:
        """Take a frame from a link; `reply` takes frames back and is kept as long as the command runs.

        Never blocks, raises nothing. What is not a request is logged and dropped.
        """
        try:
            request = msgspec.json.decode(frame, type=Request)
        except msgspec.DecodeError as error:
            log.warning("not a request", reason=str(error))
            return

        def answer(answered: Reply) -> None:
            reply(pack(answered))

        if request.act is Act.PROBE:
            self.probe(request, answer)
        else:
            self._clerk.post(partial(self.take, request, answer))

    def close(self) -> None:
        """End; a command that runs is not waited for, and its outcome is not logged."""
        self._clerk.close()

    def probe(self, request: Request, answer: Answer) -> None:
        """Answer a PROBE, on whatever thread this is."""
        answer(_reply(request, Fate.DONE, self._facts(request)))

    def take(self, request: Request, answer: Answer) -> None:
        """Take a SEND, QUERY or ABORT; on the clerk's thread only."""
        if request.v != VERSION or (request.act is Act.SEND and request.message is None):
            wrong = Invalid(reason=f"A request has version {VERSION}, and a SEND has a message.")
            self._unsent.append((answer, _reply(request, Fate.REFUSED, error=describe(wrong))))
            return
        key = (request.resource, request.command)
        running = self._running.get(key)
        known = running.entry if running else self._log.read(*key)
        verdict = judge(known, request, self._clock.now())
        self._watch(request, verdict)
        if verdict.entry:
            self._log.write(verdict.entry)
        entry = verdict.entry or known
        assert entry is not None
        if verdict.fate is Fate.RUNNING and request.epoch >= entry.epoch:
            self._running[key] = _Running(entry, request, answer)
        if verdict.begin:
            self._begun.append(request)
        elif verdict.fate is Fate.RUNNING and request.act is Act.ABORT:
            entry = self._abort(request) or entry
            self._unsent.append((answer, _told(request, entry.fate, entry)))
        elif verdict.fate is not Fate.RUNNING or request.act is Act.QUERY:
            self._unsent.append((answer, _told(request, verdict.fate, entry)))

    def _abort(self, request: Request) -> Entry | None:
        """Ask for the end of a command that runs, or is just about to; what is known of it then."""
        key = (request.resource, request.command)
        waiting = [each for each in self._begun if (each.resource, each.command) == key]
        self._begun = [each for each in self._begun if each not in waiting]
        self._stop(request)
        for each in waiting:
            self._end(each, ABANDONED)
        return self._log.read(*key)

    def _end(self, request: Request, outcome: Outcome) -> None:
        running = self._running.pop((request.resource, request.command), None)
        if running is None:
            return
        entry = ended(running.entry, outcome, self._clock.now())
        self._log.write(entry)
        asked = replace(running.asked, act=Act.SEND)
        if entry.fate is not Fate.UNKNOWN:
            self._unsent.append((running.answer, _told(asked, entry.fate, entry)))
        self._unpruned += 1
        log.debug("ended", command=request.command, fate=entry.fate, error=entry.error, **request.context)

    def _settle(self) -> None:
        if self._unpruned >= PRUNE_EVERY:
            self._unpruned = 0
            self._log.prune(self._clock.now() - KEEP_FOR, KEEP_AT_MOST)
        self._log.sync()
        while self._begun or self._unsent:
            unsent, self._unsent = self._unsent, []
            for answer, reply in unsent:
                answer(reply)
            begun, self._begun = self._begun, []
            for request in begun:
                log.debug("begun", command=request.command, resource=request.resource, **request.context)
                self._perform(request, partial(self._end, request))
            self._log.sync()

    def _recover(self) -> None:
        for entry in self._log.running():
            self._log.write(ended(entry, interrupted(entry.command), self._clock.now()))


def _told(request: Request, fate: Fate, entry: Entry) -> Reply:
    if fate is Fate.REFUSED:
        stale = StaleEpoch(command=request.command, epoch=request.epoch, known=entry.epoch)
        return _reply(request, fate, error=describe(stale))
    return _reply(request, fate, entry.answer, entry.error)


def _reply(
    request: Request, fate: Fate, answer: object = None, error: dict[str, object] | None = None
) -> Reply:
    return Reply(
        act=request.act,
        resource=request.resource,
        command=request.command,
        epoch=request.epoch,
        fate=fate,
        answer=answer,
        error=error,
    )
