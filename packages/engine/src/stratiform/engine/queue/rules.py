"""How one job is told: its place, what came of it, its steps and the commands that it sent."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from stratiform.api import resource
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.inspect import Facts, Line
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.state import Direction, State


def queued(facts: Facts) -> Mapping[str, object]:
    """The place in the queue, or who holds the lane that is waited for."""
    wait = facts.waits_for
    if wait is not None and wait.reason is inspect.Reason.WORKER and wait.count is not None:
        return {"position": wait.count}
    if wait is not None and wait.holders:
        return {"holder": [{"id": each.uuid, "kind": each.kind} for each in wait.holders]}
    return {}


def below(facts: Facts, tree: Sequence[Facts]) -> list[Facts]:
    """The job and all that came of it."""
    found, known = [], {facts.uuid}
    for each in tree:  # parents come before their children
        if each.uuid in known or each.parent in known:
            known.add(each.uuid)
            found.append(each)
    return found


def line(line: Line) -> Mapping[str, object]:
    """A line of the journal."""
    return {"created": line.at, "step": line.step, "undo": line.undone, "text": line.text}


def timeline(facts: Facts, registry: Registry) -> Iterator[Mapping[str, object]]:
    """Each step as far as it came; of a kind that is not known here, those that the journal tells of."""
    kind = registry.jobs.get((facts.kind, facts.version))
    told = [line.step for line in facts.journal if line.step]
    names = [each.name for each in kind.steps] if kind else [*dict.fromkeys([*told, *filter(None, [facts.step])])]
    ends = {line.step: line for line in facts.journal if line.text in ("done", "undone")}
    before = facts.created
    for name in names:
        row: dict[str, object] = {"name": name, "state": _standing(facts, name, ends)}
        if name in ends:
            row |= {"ended": ends[name].at, "milliseconds": max(0, ends[name].at - before) // 1000}
            before = max(before, ends[name].at)
        yield row


def _standing(facts: Facts, name: str, ends: Mapping[str, Line]) -> str:
    if name == facts.step and facts.state is not State.ENDED:
        return "undoing" if facts.direction is Direction.UNDO else "next"
    if name in ends:
        return ends[name].text
    return "failed" if any(each.step == name and each.text.startswith("failed") for each in facts.journal) else "open"


class _Message(msgspec.Struct):
    verb: str


class _Carried(msgspec.Struct):
    message: _Message


def command(facts: Facts, payload: str) -> Mapping[str, object]:
    """A command that a job sent, by its own job and payload."""
    kind, _, uuid = (facts.resource or "").partition("/")
    row: dict[str, object] = {
        "id": facts.uuid,
        "name": msgspec.json.decode(payload, type=_Carried).message.verb,
        "resourcetype": resource.name(kind),
        "resourceid": uuid,
        "state": str(facts.state),
        "created": facts.created,
        "changed": facts.changed,
    }
    if facts.outcome is not None:
        row["outcome"] = str(facts.outcome)
    if facts.error is not None:
        row["errortext"] = str(facts.error.get("text"))
    return row
