"""The channel to resources: commands go out, answers come later, and a lost answer is asked for, never guessed."""

import threading
from dataclasses import dataclass

import msgspec
import structlog

from stratiform.framework import context
from stratiform.framework.agents.frame import Act, Fate, Reply, Request, pack
from stratiform.framework.agents.message import Message
from stratiform.framework.base import errors
from stratiform.framework.base.transport import Link
from stratiform.framework.base.world import World
from stratiform.framework.jobs.call import Call

log = structlog.get_logger(__name__)


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


@dataclass(eq=False)
class _Pending:
    """A command whose outcome is not recorded yet."""

    call: Call[Command]
    asking: bool
    """Its fate is asked for: it is only sent if the far end never saw it."""


class Channel:
    """Sends commands over links that are opened when needed, and reopened when lost.

    After a link was lost, or a command came from a dead process, the far end is asked what became of the command
    before it is sent again; the far end refuses what carries an older epoch. Nothing here blocks but `open`, which
    only `tend` calls, on the kernel's loop.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._links: dict[tuple[str, str], Link] = {}
        self._pending: dict[str, _Pending] = {}
        self._seen: dict[str, int] = {}

    def send(self, call: Call[Command]) -> None:
        """Send a command for the first time; `call` is answered when its outcome is known."""
        self._add(call, asking=False)

    def ask(self, call: Call[Command]) -> None:
        """Ask what became of a command; it is sent if the far end never saw it, and never will be otherwise."""
        self._add(call, asking=True)

    def probe(self, resource: str, transport: str, address: str, location: str = "") -> None:
        """Ask a resource whether it lives; `seen` tells when it last answered anything."""
        link = self._links.get((transport, address))
        if link is not None:
            link.send(pack(Request(act=Act.PROBE, resource=resource, address=location, command="probe")))

    def seen(self) -> dict[str, int]:
        """When each resource last answered, by the world's clock, since this process began."""
        return self._seen

    def tend(self, wanted: frozenset[tuple[str, str]] = frozenset()) -> None:
        """Open the links that commands or the caller want and that are not open; ask for what was in flight."""
        with self._lock:
            wanted |= {_where(each.call.payload) for each in self._pending.values()}
            missing = wanted - set(self._links)
        for transport, address in sorted(missing):
            try:
                self._open(transport, address)
            except errors.Error as error:
                log.info("a far end cannot be reached yet", address=address, reason=str(error))

    def close(self) -> None:
        """Close every link; commands in flight are asked for by whoever takes them over."""
        with self._lock:
            links, self._links = list(self._links.values()), {}
        for link in links:
            link.close()

    def _add(self, call: Call[Command], *, asking: bool) -> None:
        pending = _Pending(call, asking)
        with self._lock:
            self._pending[call.command] = pending
            link = self._links.get(_where(call.payload))
        if link is not None:
            self._transmit(link, pending)

    def _transmit(self, link: Link, pending: _Pending) -> None:
        call, command = pending.call, pending.call.payload
        request = Request(
            act=Act.QUERY if pending.asking else Act.SEND,
            resource=command.resource,
            address=command.location,
            command=call.command,
            epoch=call.epoch,
            message=None if pending.asking else command.message,
            context=context.attributes(call.context),
        )
        link.send(pack(request))

    def _open(self, transport: str, address: str) -> None:
        way = (transport, address)
        if transport not in self._world.transports:
            known = ", ".join(sorted(self._world.transports)) or "none"
            raise errors.Unreachable(address=address, reason=f"no transport {transport} here, only {known}")

        def closed(reason: str) -> None:
            log.warning("a link was lost", address=address, reason=reason)
            with self._lock:
                self._links.pop(way, None)
                for each in self._pending.values():
                    each.asking = each.asking or _where(each.call.payload) == way

        link = self._world.transports[transport].open(address, self._received, closed)
        with self._lock:
            self._links[way] = link
            waiting = [each for each in self._pending.values() if _where(each.call.payload) == way]
        for each in waiting:
            self._transmit(link, each)

    def _received(self, frame: bytes) -> None:
        reply = msgspec.json.decode(frame, type=Reply)
        self._seen[reply.resource] = self._world.clock.now()
        if reply.act is Act.PROBE:
            return
        with self._lock:
            pending = self._pending.get(reply.command)
            if pending is None or (reply.epoch and reply.epoch < pending.call.epoch and reply.fate is Fate.REFUSED):
                return
            if reply.fate in (Fate.DONE, Fate.FAILED, Fate.REFUSED):
                del self._pending[reply.command]
        self._settle(pending, reply)

    def _settle(self, pending: _Pending, reply: Reply) -> None:
        call = pending.call
        match reply.fate:
            case Fate.DONE:
                call.answer(reply.answer)
            case Fate.FAILED:
                call.fail(errors.restore(reply.error or {}))
            case Fate.REFUSED:
                log.warning("a command was refused: its epoch is stale", **context.attributes(call.context))
            case Fate.UNKNOWN:
                pending.asking = False
                with self._lock:
                    link = self._links.get(_where(call.payload))
                if link is not None:
                    self._transmit(link, pending)
            case Fate.RUNNING:
                pass  # its answer comes when it ends


def _where(command: Command) -> tuple[str, str]:
    return command.transport, command.address
