"""What becomes of a command: the one place with the rules by which a far end carries each out once."""

from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from stratiform.framework.agents.abort import Aborted
from stratiform.framework.agents.frame import Act, Fate, Request
from stratiform.framework.base.errors import Error, describe


class StaleEpoch(Error):
    """Command {command} came with epoch {epoch} after {known}. Somebody else has it now: leave it to him."""

    code = "stale_epoch"


class Interrupted(Error):
    """What carried out {command} was ended meanwhile. Look whether it took effect: it is not known."""

    code = "interrupted"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the far end knows of one command."""

    resource: str
    command: str
    epoch: int
    """The highest that anybody asked with."""
    fate: Fate
    """UNKNOWN is a tombstone: it was asked about before it came."""
    answer: object = None
    error: dict[str, object] | None = None
    """What went wrong; of one that runs again, that it was interrupted before."""
    at: int
    """Microseconds of UTC when it last changed."""
    aborted: bool = False
    """It runs and is wanted no more: however it ends, it is never begun again."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How carrying out a command ended."""

    fate: Fate
    answer: object = None
    error: dict[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What to do with a request."""

    entry: Entry | None
    """What is known from now on, if that changed; it is written down before anything is done."""
    fate: Fate
    """What to tell."""
    begin: bool = False
    """The command is to be carried out now."""


ABANDONED = Outcome(fate=Fate.UNKNOWN)
"""It was begun, and it is certain that it had no effect and will have none."""


def done(answer: object) -> Outcome:
    """The verb returned `answer`."""
    return Outcome(fate=Fate.DONE, answer=msgspec.to_builtins(answer))


def failed(error: BaseException) -> Outcome:
    """The verb raised `error`; a parameter that cannot cross a wire becomes its text."""
    return Outcome(fate=Fate.FAILED, error=msgspec.to_builtins(describe(error), enc_hook=str))


def interrupted(command: str) -> Outcome:
    """Nobody is left who could tell how it ended."""
    return Outcome(fate=Fate.INTERRUPTED, error=describe(Interrupted(command=command)))


def judge(known: Entry | None, request: Request, now: int) -> Verdict:
    """What to do with a SEND, a QUERY or an ABORT, given what is known of its command.

    A command is begun once, or `again` after it was interrupted. A SEND or ABORT with a lower epoch than anybody
    asked with is refused; so a QUERY that finds nothing also settles that an older owner's SEND, still on its way,
    will never be carried out. After an ABORT no SEND will be, whatever its epoch.
    """
    if known and request.act is not Act.QUERY and request.epoch < known.epoch:
        return Verdict(entry=None, fate=Fate.REFUSED)
    entry = known or _tombstone(request, now)
    if request.epoch > entry.epoch:
        entry = replace(entry, epoch=request.epoch)
    open = entry.fate is Fate.UNKNOWN or (entry.fate is Fate.INTERRUPTED and request.again)
    begin = request.act is Act.SEND and open
    if begin:
        entry = replace(entry, fate=Fate.RUNNING, at=now)
    if request.act is Act.ABORT:
        entry = _unwanted(entry, now)
    return Verdict(entry=None if entry is known else entry, fate=entry.fate, begin=begin)


def ended(known: Entry, outcome: Outcome, now: int) -> Entry:
    """What is known of a running command after it ended: no more than is known of how it was interrupted before."""
    if known.error and (outcome.fate is Fate.UNKNOWN or (outcome.error or {}).get("code") == Aborted.code):
        outcome = interrupted(known.command)
    entry = replace(known, fate=outcome.fate, answer=outcome.answer, error=outcome.error, at=now, aborted=False)
    return _unwanted(entry, now) if known.aborted else entry


def _unwanted(entry: Entry, now: int) -> Entry:
    """The same when nobody wants the command any more: what is open to be begun is closed.

    Only what surely had no effect was aborted; of what was interrupted nobody knows, and that is what failed.
    """
    match entry.fate:
        case Fate.UNKNOWN:
            error = describe(Aborted(command=entry.command))
            return replace(entry, fate=Fate.FAILED, error=error, at=now)
        case Fate.INTERRUPTED:
            return replace(entry, fate=Fate.FAILED, at=now)
        case Fate.RUNNING if not entry.aborted:
            return replace(entry, aborted=True)
    return entry


def _tombstone(request: Request, now: int) -> Entry:
    return Entry(
        resource=request.resource, command=request.command, epoch=request.epoch, fate=Fate.UNKNOWN, at=now
    )
