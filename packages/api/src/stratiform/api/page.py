"""The commands as a page for people, written from the same literals as everything else."""

from collections.abc import Iterator, Mapping

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import EVERYONE, Parameter
from stratiform.api.principal import Role
from stratiform.api.view import View

HEAD = """\
# Commands

What this cloud can be asked, and nothing else: a command is here when it works, with the parameters that it
honours. The case of a command's name matters, of a parameter's it does not.

Written by `tools/commands_page.py`; do not edit.
"""

ANSWERS = {
    Returns.LIST: "a list of `{object}`",
    Returns.OBJECT: "a `{object}`",
    Returns.SUCCESS: "success",
    Returns.ASYNC: "a job, and from it {result}",
    Returns.ASYNC_CREATE: "the machine's id and a job, and from it {result}",
    Returns.FLAT: "the fields themselves",
}


def render(commands: Mapping[str, Command]) -> str:
    """The page: every command with its parameters and what it refuses, then every view with its fields."""
    views = {each.view.name: each.view for each in commands.values()}
    parts = [HEAD, *map(_command, commands.values()), "## What is answered\n"]
    return "\n".join([*parts, *(_view(view) for _, view in sorted(views.items()))])


def _command(command: Command) -> str:
    return "\n".join(_lines(command))


def _lines(command: Command) -> Iterator[str]:
    example = "&".join(f"{name}={value}" for name, value in (("command", command.name), *command.example.items()))
    result = f"a `{command.object}`" if command.object else "success"
    answer = ANSWERS[command.returns].format(object=command.object, result=result)
    yield f"## {command.name}\n"
    yield f"{command.description} Answers {answer}."
    yield f"Event: `{command.event}`.\n" if command.event else ""
    yield f"```text\n{example}\n```\n"
    if command.parameters:
        yield "| parameter | type | |\n|---|---|---|"
        yield from map(_row, command.parameters)
        yield ""
    if command.refused:
        refused = sorted(f"`{each.name}`{_but(each.harmless)}" for each in command.refused)
        yield f"Refused, because the result would differ from CloudStack's: {', '.join(refused)}.\n"


def _row(parameter: Parameter) -> str:
    kind = f"list of {parameter.items}" if parameter.items else str(parameter.type)
    notes = (" **Required.**" if parameter.required else "") + _only(parameter.roles)
    return f"| `{parameter.name}` | {kind} | {parameter.description}{notes} |"


def _view(view: View) -> str:
    fields = ((each, _only(each.roles)) for each in view.fields)
    rows = (f"| `{each.name}` | {each.type} | {each.description}{only} |" for each, only in fields)
    return "\n".join([f"### {view.name}\n", "| field | type | |\n|---|---|---|", *rows, ""])


def _but(harmless: tuple[str, ...]) -> str:
    return f" (unless {' or '.join(harmless)})" if harmless else ""


def _only(roles: frozenset[Role]) -> str:
    return "" if roles == EVERYONE else f" ({', '.join(sorted(roles))} only)"
