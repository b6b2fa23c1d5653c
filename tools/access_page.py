"""Write docs/plugins/who-may-do-what.md: two tenants, a sub-domain, and every command there is."""

import pathlib
from collections.abc import Iterator, Mapping

from stratiform.api import registry
from stratiform.api.command import Command
from stratiform.api.principal import Principal, Role
from stratiform.plugins.access.static.access import static
from stratiform.plugins.access.static.visibility import KINDS, Belongs

PAGE = pathlib.Path(__file__).parents[1] / "docs/plugins/who-may-do-what.md"

CALLERS = {
    "root": Principal(user="root", account="root", role=Role.ADMIN, scope="root/"),
    "resource": Principal(user="resource", account="resource", role=Role.RESOURCE_ADMIN, scope="root/"),
    "sales admin": Principal(user="sales-admin", account="sales-admin", role=Role.DOMAIN_ADMIN, scope="root/sales/"),
    "ann": Principal(user="ann-1", account="ann", role=Role.USER, scope="root/sales/"),
    "bob": Principal(user="bob-1", account="bob", role=Role.USER, scope="root/sales/"),
    "east admin": Principal(user="east-admin", account="east-admin", role=Role.DOMAIN_ADMIN, scope="root/sales/east/"),
    "carol": Principal(user="carol-1", account="carol", role=Role.USER, scope="root/sales/east/"),
    "dave": Principal(user="dave-1", account="dave", role=Role.USER, scope="root/shop/"),
}
ANN = CALLERS["ann"]
SUBJECTS: Mapping[str, Mapping[str, object]] = {
    "user": {"id": ANN.user, "owner": ANN.account, "scope": ANN.scope},
    "account": {"id": ANN.account, "owner": ANN.account, "scope": ANN.scope},
    "domain": {"id": "sales", "owner": None, "scope": ANN.scope},
}
"""What each kind's entity is that the table asks about, where it is not simply something of Ann's."""

ABOUT = {"listAsyncJobs": "job", "queryAsyncJobResult": "job", "listEvents": "event"}
"""The kinds of what commands are about that do not say so themselves."""

YES, GONE, NO = "yes", "not there", "no"

HEAD = """\
# Who may do what

There are two tenants, `sales` with a domain `east` inside it, and `shop`. Ann and Bob have an account each in `sales`,
Carol in `east`, Dave in `shop`; `sales` and `east` have an administrator each, and the root domain one of everything
and one of the hardware. Each row asks about something that is Ann's (or, of a kind that nobody owns, something there is
for everyone): **yes** means that the caller sees it in the list or may do it, **not there** that the command may be
called and answers as if there were no such thing, **no** that the command is not granted to the caller at all (432).
A command that is about nothing that exists yet says only whether it is granted.

Written by `tools/access_page.py` from the access plug-in `static`; do not edit.
"""


def render() -> str:
    """The page."""
    return "\n".join([HEAD, *_lines(), ""])


def _lines() -> Iterator[str]:
    yield f"| command | about | {' | '.join(CALLERS)} |"
    yield "|---" * (len(CALLERS) + 2) + "|"
    for name, command in registry.collect().items():
        kind = ABOUT.get(name) or (command.kind if _names_one(command) else None)
        cells = [outcome(who, name, kind) for who in CALLERS.values()]
        yield f"| {name} | {(kind or '').replace('_', ' ')} | {' | '.join(cells)} |"


def outcome(who: Principal, command: str, kind: str | None) -> str:
    """What becomes of a call about something of Ann's."""
    if not static.may_call(who, command):
        return NO
    if kind is None:
        return YES
    return YES if static.may_use(who, command, kind, subject(kind)) else GONE


def subject(kind: str) -> Mapping[str, object]:
    """The entity of a kind that the table asks about."""
    if kind in SUBJECTS:
        return SUBJECTS[kind]
    owned = KINDS.get(kind) in (Belongs.ACCOUNT, Belongs.LENT)
    return {"id": kind, "owner": ANN.account if owned else None, "scope": ANN.scope if owned else None}


def _names_one(command: Command) -> bool:
    if command.kind is None:
        return False
    return not command.mutates or any(each.kind == command.kind and each.required for each in command.parameters)


if __name__ == "__main__":
    PAGE.write_text(render())
