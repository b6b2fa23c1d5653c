"""The channel to resources: commands go out, answers come later, and a lost answer is asked for, never guessed."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

import msgspec
import structlog

from stratiform.framework import context
from stratiform.framework.agents.abort import Aborted
from stratiform.framework.agents.fate import StaleEpoch
from stratiform.framework.agents.frame import Act, Fate, Reply, Request, pack
from stratiform.framework.agents.message import Message
from stratiform.framework.base import errors
from stratiform.framework.base.transport import Link
from stratiform.framework.base.world import World
from stratiform.framework.jobs.call import Call

log = structlog.get_logger(__name__)

Way = tuple[str, str]
"""A transport, and the address of a far end in its words."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a resource: the payload of a command's job."""

    resource: str
    """UUID of the resource; its lane is named after it."""
    transport: str
    address: str
    """Where the far end is, in the words of the transport."""
    location: str = ""
    """Where the far end finds the resource, in the words of its plug-in."""
    message: Message
    once: bool = False
    """It does harm twice: if it was interrupted, that is reported instead of repeating it."""


class Removed(errors.Error):
    """The resource {resource} was removed before it told what became of {command}. Nobody asks it any more."""

    code = "resource_removed"


@dataclass(eq=False)
class _Pending:
    """A command whose outcome is not recorded yet."""

    call: Call[Command]
    asking: bool
    """Its fate is asked for: it is only sent if the far end never saw it."""
    again: bool = False
    """It is sent although it was begun before, since that was interrupted."""
    aborting: bool = False
    """It is wanted no more: it is never sent, only aborted."""
    unanswered: bool = False
    """An ABORT is on its way: another one would tell the far end nothing new."""
    sent: bool = False
    """Given to a link, now or by somebody before: nobody here knows whether it came."""

    @property
    def way(self) -> Way:
        return self.call.payload.transport, self.call.payload.address

    def frame(self) -> bytes:
        command = self.call.payload
        act = Act.ABORT if self.aborting else Act.QUERY if self.asking else Act.SEND
        request = Request(
            act=act,
            resource=command.resource,
            address=command.location,
            command=self.call.command,
            epoch=self.call.epoch,
            message=command.message if act is Act.SEND else None,
            again=self.again and act is Act.SEND,
            context=context.attributes(self.call.context),
        )
        return pack(request)


@dataclass(eq=False)
class _Open:
    """A link as the channel keeps it; lost before it was kept, it never is."""

    link: Link | None = None
    lost: bool = False


class Channel:
    """Sends commands over links that are opened when needed, and reopened when lost.

    After a link was lost, or a command came from a dead process, the far end is asked what became of the command
    before it is sent again; the far end refuses what carries an older epoch. Nothing here blocks: each link is
    opened on a thread of its own, so that an address that does not answer delays nobody else.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._links: dict[Way, _Open] = {}
        self._opening: set[Way] = set()
        self._closed = False
        self._pending: dict[str, _Pending] = {}
        self._probes: dict[Way, dict[str, bytes]] = {}
        self.told: Callable[[Call[Command], Reply], None] = lambda call, reply: None
        """Is told of each answer to a command."""
        self._seen: dict[str, int] = {}
        self._heard: dict[str, int] = {}

    def send(self, call: Call[Command]) -> None:
        """Send a command for the first time; `call` is answered when its outcome is known."""
        self._add(_Pending(call, asking=False))

    def ask(self, call: Call[Command]) -> None:
        """Ask what became of a command; it is sent if the far end never saw it, and never will be otherwise."""
        self._add(_Pending(call, asking=True, sent=True))

    def abort(self, call: Call[Command]) -> None:
        """Ask for the early end of a command, over this link and every later one until its outcome is known.

        What no link was given yet fails with `Aborted` at once. Anything else is answered as the far end says it
        ended; while that is silent nothing is known, and nothing assumed. May be called again and again: whoever
        said that the command runs is asked once more.
        """
        with self._lock:
            pending = self._pending.get(call.command)
            unsent = pending is not None and not pending.sent
            if unsent:
                del self._pending[call.command]
        if unsent:
            call.fail(Aborted(command=call.command))
        elif pending is None or not pending.unanswered:
            self._add(_Pending(call, asking=True, aborting=True, unanswered=True, sent=True))

    def probe(self, resource: str, transport: str, address: str, location: str = "") -> None:
        """Ask a resource whether it lives, now or once its link is open; `seen` tells when it last answered."""
        frame = pack(Request(act=Act.PROBE, resource=resource, address=location, command="probe"))
        with self._lock:
            open = self._links.get((transport, address))
            if open is None:
                self._probes.setdefault((transport, address), {})[resource] = frame
        if open is not None:
            _send(open, frame)

    def seen(self) -> dict[str, int]:
        """When each resource last answered, in µs of UTC, since this process began."""
        return self._seen

    def heard(self) -> dict[str, int]:
        """When each resource last answered, by the monotonic clock, since this process began."""
        return self._heard

    def tend(self, wanted: frozenset[Way] = frozenset()) -> None:
        """Begin to open the links that commands or the caller want and that are not open."""
        with self._lock:
            missing = wanted | {each.way for each in self._pending.values()}
        for way in sorted(missing):
            self._reach(way)

    def waited_for(self) -> frozenset[str]:
        """UUIDs of the resources whose commands have no outcome yet."""
        with self._lock:
            return frozenset(each.call.payload.resource for each in self._pending.values())

    def dismiss(self, resources: Collection[str]) -> None:
        """Fail the commands to resources that are gone: nobody will ever tell what became of them."""
        with self._lock:
            gone = [each for each in self._pending.values() if each.call.payload.resource in resources]
            for each in gone:
                del self._pending[each.call.command]
        for each in gone:
            each.call.fail(Removed(resource=each.call.payload.resource, command=each.call.command))

    def close(self) -> None:
        """Close every link; commands in flight are asked for by whoever takes them over."""
        with self._lock:
            self._closed = True
            links, self._links = list(self._links.values()), {}
        for open in links:
            _close(open)

    def _add(self, pending: _Pending) -> None:
        frame = pending.frame()  # before it is kept: what cannot be written must never be sent later
        with self._lock:
            earlier = self._pending.get(pending.call.command, pending)
            if earlier.aborting and not pending.aborting:
                pending.aborting = pending.unanswered = True
                frame = pending.frame()
            self._pending[pending.call.command] = pending
            open = self._links.get(pending.way)
            pending.sent = pending.sent or earlier.sent or open is not None
        if open is None:
            self._reach(pending.way)
        else:
            _send(open, frame)

    def _reach(self, way: Way) -> None:
        with self._lock:
            if self._closed or way in self._links or way in self._opening:
                return
            self._opening.add(way)
        self._world.threads.start(f"open {way[1]}", partial(self._open, way))

    def _open(self, way: Way) -> None:
        open = _Open()
        try:
            open.link = self._link(way, open)
        except errors.Error as error:
            log.info("a far end cannot be reached yet", address=way[1], reason=str(error))
        except Exception:
            log.exception("a far end cannot be reached", address=way[1])
        with self._lock:
            self._opening.discard(way)
            if open.link is None or open.lost or self._closed:
                frames = []
            else:
                self._links[way] = open
                frames = self._frames(way)
            closed = self._closed
        for frame in frames:
            _send(open, frame)
        if closed:
            _close(open)

    def _frames(self, way: Way) -> list[bytes]:
        """What a new link is told; from now on nobody knows whether it came."""
        there = [each for each in self._pending.values() if each.way == way]
        for each in there:
            each.sent = True
        return [*(each.frame() for each in there), *self._probes.pop(way, {}).values()]

    def _link(self, way: Way, open: _Open) -> Link:
        transport, address = way
        if transport not in self._world.transports:
            known = ", ".join(sorted(self._world.transports)) or "none"
            raise errors.Unreachable(address=address, reason=f"no transport {transport} here, only {known}")

        def closed(reason: str) -> None:
            log.warning("a link was lost", address=address, reason=reason)
            with self._lock:
                open.lost = True
                if self._links.get(way) is open:
                    del self._links[way]
                for each in self._pending.values():
                    each.asking = each.asking or each.way == way

        return self._world.transports[transport].open(address, self._received, closed)

    def _received(self, frame: bytes) -> None:
        """Take a frame; raises nothing, for the thread is the transport's."""
        try:
            self._take(msgspec.json.decode(frame, type=Reply))
        except Exception:
            log.exception("a frame could not be taken", frame=frame[:200])

    def _take(self, reply: Reply) -> None:
        self._seen[reply.resource] = self._world.clock.now()
        self._heard[reply.resource] = self._world.clock.monotonic()
        if reply.act is Act.PROBE:
            return
        with self._lock:
            pending = self._pending.get(reply.command)
            if pending is None or (reply.fate is Fate.REFUSED and reply.epoch < pending.call.epoch):
                return
            if reply.fate in (Fate.DONE, Fate.FAILED, Fate.INTERRUPTED, Fate.REFUSED):
                del self._pending[reply.command]
            if reply.act is Act.ABORT:
                pending.unanswered = False
        self.told(pending.call, reply)
        self._settle(pending, reply)

    def _settle(self, pending: _Pending, reply: Reply) -> None:
        call = pending.call
        match reply.fate:
            case Fate.DONE:
                call.answer(reply.answer)
            case Fate.FAILED:
                call.fail(errors.restore(reply.error or {}))
            case Fate.INTERRUPTED:
                self._interrupted(pending, reply)
            case Fate.REFUSED:
                self._refused(call, reply)
            case Fate.UNKNOWN:
                self._add(replace(pending, asking=False, again=False))
            case Fate.RUNNING:
                pass  # its answer comes when it ends

    def _interrupted(self, pending: _Pending, reply: Reply) -> None:
        """Unknown is not failed: what may happen twice is carried out again, anything else is reported."""
        call = pending.call
        log.warning("a command was interrupted", once=call.payload.once, **context.attributes(call.context))
        if call.payload.once:
            call.fail(errors.restore(reply.error or {}))
        else:
            self._add(replace(pending, asking=False, again=True))

    def _refused(self, call: Call[Command], reply: Reply) -> None:
        """A stale epoch: somebody else has the command now. A SEND that was not understood was not carried out."""
        code = (reply.error or {}).get("code")
        log.warning("a command was refused", code=code, **context.attributes(call.context))
        if reply.act is Act.SEND and code != StaleEpoch.code:
            call.fail(errors.restore(reply.error or {}))


def _send(open: _Open, frame: bytes) -> None:
    """Send over a link; a frame that is lost with it is asked for, like one that was lost on its way."""
    try:
        if open.link is not None:
            open.link.send(frame)
    except Exception:
        log.exception("a frame was lost")


def _close(open: _Open) -> None:
    if open.link is not None:
        open.link.close()
