"""Jobs drawn as a tree: each with its steps, below the step that they came of."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.inspect import Facts
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.state import Direction, State
from stratiform.server.console import ledger
from stratiform.server.console.ledger import Told

STYLES = {
    "succeeded": "green",
    "failed": "red",
    "cancelled": "red strike",
    "running": "yellow",
    "waiting": "cyan",
    "blocked": "magenta",
    "held": "black on yellow",
}


def draw(top: Facts, family: Sequence[Facts], registry: Registry, now: int) -> Tree:
    """The tree below one job of a family."""
    tree = Tree(headline(top, now))
    _grow(tree, top, family, registry, now)
    return tree


def headline(entry: Facts, now: int) -> Text:
    """A job in one line."""
    state = entry.outcome or entry.state
    took = ((ledger.last(entry) if entry.outcome else now) - entry.created) / SECOND
    progress = "" if entry.outcome else f", {entry.done} of {entry.steps} steps done"
    asked = (_asked(entry), "bold red")
    line = Text.assemble((entry.kind, "bold"), " ", (state, STYLES.get(state, "")), asked, f"{progress}, {took:.2f} s")
    line.append(f"  {entry.uuid}", "dim")
    if entry.resource:
        line.append(f"  {entry.resource}", "dim")
    reason = ledger.waits(entry, now)
    return line.append(f"\n{reason}", "cyan") if reason else line


def _asked(entry: Facts) -> str:
    """What an operator asked for that has not come about."""
    if entry.outcome is not None or entry.state is State.HELD:
        return ""
    return ", to be cancelled" if entry.cancel is not None else ", to be held" if entry.hold is not None else ""


def journal(entry: Facts) -> Table:
    """What a job noted, oldest first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("time", "step", "what"):
        table.add_column(name, overflow="fold")
    for line in entry.journal:
        said = f"undo: {line.text}" if line.undone and line.text != "undone" else line.text
        table.add_row(moment(line.at), line.step, said)
    return table


def story(told: Sequence[Told]) -> Table:
    """Everything that is told of a family of jobs, in order of time."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("time", "who", "what"):
        table.add_column(name, overflow="fold")
    for each in told:
        table.add_row(moment(each.at), Text(each.source), Text(each.text))
    return table


def moment(at: int) -> str:
    """A time of day, UTC, to the millisecond."""
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%H:%M:%S.%f")[:-3]


def _grow(branch: Tree, entry: Facts, family: Sequence[Facts], registry: Registry, now: int) -> None:
    children = [each for each in family if each.parent == entry.uuid]
    last = {line.step: line.text for line in entry.journal}
    for step in ledger.declared(entry, registry) or [*dict.fromkeys([*last, entry.step])]:
        twig = branch.add(_step(entry, step, last.get(step, "")))
        for child in [each for each in children if _spawned_by(entry, each) == step]:
            children.remove(child)
            _grow(twig.add(headline(child, now)), child, family, registry, now)
    for child in children:
        _grow(branch.add(headline(child, now)), child, family, registry, now)


def _step(entry: Facts, step: str, said: str) -> Text:
    if step == entry.step and entry.state is not State.ENDED:
        return Text(f"{step}: being undone" if entry.direction == Direction.UNDO else f"{step}: next", "yellow")
    style = {"done": "green", "": "dim"}.get(said, "red")
    return Text(f"{step}: {said}" if said else step, style)


def _spawned_by(parent: Facts, child: Facts) -> str | None:
    """The step that filed a child: the last that ended before the child did, for none ends while it waits."""
    if child.state is not State.ENDED:
        return parent.journal[-1].step if parent.journal else None
    over = ledger.last(child)
    return next((line.step for line in reversed(parent.journal) if line.at <= over), None)
