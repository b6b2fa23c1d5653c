"""The page that lists the bugs: `python -m tests.planted.page` writes its table anew."""

import re
from itertools import groupby

from tests.planted.bug import ROOT
from tests.planted.bugs import BUGS

PAGE = ROOT / "docs/framework/planted.md"
TABLE = re.compile(r"(?<=<!-- tests/planted/bugs.py -->\n).*?(?=<!-- until here -->)", re.DOTALL)


def table():
    """A table of the bugs: what each would do, where it is planted, and what catches it."""
    lines = ["| bug | what it would do | planted in | caught by |", "|---|---|---|---|"]
    for bug in BUGS:
        where = ", ".join(f"`{file.split('/stratiform/')[1]}`" for file, _ in groupby(edit.file for edit in bug.edits))
        by = "<br>".join(f"`{each}`" for each in bug.caught_by)
        on = " on PostgreSQL" if bug.database == "postgresql" else ""
        lines.append(f"| {bug.name} | {bug.harm} | {where} | {by}{on} |")
    return "\n".join(lines)


def render(text):
    """The page with its table as the bugs are now."""
    return TABLE.sub(lambda _: f"\n{table()}\n\n", text)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text()))
