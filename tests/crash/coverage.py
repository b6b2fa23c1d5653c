"""What was tried of what there is, as a table."""

import re
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import DATABASES
from tests.engine.jobs.operations import ALL

PAGE = Path(__file__).parents[2] / "docs/framework/crashes.md"
TABLE = re.compile(r"(?<=<!-- what the session found -->\n).*?(?=<!-- until here -->)", re.DOTALL)
HEAD = ["operation", *(f"{each}: covered / existing" for each in DATABASES), "pairs", "killed", "runs", "wrong"]


class Coverage:
    """Of each operation and database: its points, and those at which a process died."""

    def __init__(self, seed):
        self.seed = seed
        self.points = {}
        self.killed, self.wrong = Counter(), Counter()
        self.whole = False

    @contextmanager
    def of(self, act):
        """While something of the operation is tried: whatever is lost, doubled or leaked counts."""
        try:
            yield
        except AssertionError:
            self.wrong[act.name] += 1
            raise

    def add(self, act, dialect, exploration):
        """An operation was tried on a database."""
        self.points[act.name, dialect] = exploration

    def table(self):
        """A line for each operation, and one for all."""
        rows = [self._row(act.name) for act in ALL]
        total = [sum(column) for column in zip(*(numbers for _, numbers in rows), strict=True)]
        lines = [HEAD, ["---"] * len(HEAD)]
        lines += [_line(name, numbers) for name, numbers in rows if any(numbers)] + [_line("all", total)]
        return "\n".join(f"| {' | '.join(each)} |" for each in lines)

    def keep(self):
        """Put the table into the page if everything was tried; whether it was."""
        everything = self.whole and len(self.points) == len(ALL) * len(DATABASES)
        if everything and not self.wrong:
            text = PAGE.read_text()
            PAGE.write_text(TABLE.sub(lambda _: f"\n{self.table()}\n\n", text))
            return True
        return False

    def _row(self, name):
        found = [self.points.get((name, each)) for each in DATABASES]
        covered = [number for each in found for number in ((len(each.died), len(each.existing)) if each else (0, 0))]
        pairs = sum(len(each.pairs) for each in found if each)
        runs = sum(each.runs for each in found if each) + self.killed[name]
        return name, [*covered, pairs, self.killed[name], runs, self.wrong[name]]


def _line(name, numbers):
    *covered, pairs, killed, runs, wrong = map(str, numbers)
    both = [f"{died} / {there}" for died, there in zip(covered[::2], covered[1::2], strict=True)]
    return [name, *both, pairs, killed, runs, wrong]
