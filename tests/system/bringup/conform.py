"""What an answer must look like, by a slice of what CloudStack's own classes declare (`wire.json`)."""

import json
import re
from pathlib import Path

WIRE = json.loads((Path(__file__).parent / "wire.json").read_text())
COMMANDS, VIEWS = WIRE["commands"], WIRE["views"]
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NUMBERS = ("float", "double", "decimal")
PAGED = {"count"}


class Nonconforming(AssertionError):
    """An answer that CloudStack would not give."""


def check(command, body):
    """What stands inside an answer to a command, once it is found to be as it must."""
    known = COMMANDS[command]
    _is(list(body) == [known["wrapper"]], command, f"its wrapper is {list(body)}, not {known['wrapper']}")
    inner = body[known["wrapper"]]
    match known["answer"]:
        case "async":
            _is(list(inner) == ["jobid"] and UUID.fullmatch(inner["jobid"]), command, f"answers {inner}")
        case "asynccreate":
            _is(list(inner) == ["id", "jobid"], command, f"answers {list(inner)}")
        case "list":
            check_list(command, inner)
        case "success":
            check_success(command, inner)
        case "object" if known["object"] is None or command == "queryAsyncJobResult":
            check_object(command, known["view"], inner)
        case _:
            check_single(command, inner)
    return inner


def check_result(command, result):
    """The result of a job that a command asked for and that succeeded."""
    if COMMANDS[command]["result"] == "success":
        check_success(command, result)
    else:
        check_single(command, result)


def check_list(command, inner):
    """Nothing at all, or the count and the objects."""
    known = COMMANDS[command]
    if inner and list(inner) != ["count"]:
        _is(list(inner) == ["count", known["object"]], command, f"has {list(inner)}")
        _is(type(inner["count"]) is int, command, "counts in something else than numbers")
        for each in inner[known["object"]]:
            check_object(command, known["view"], each)


def check_single(command, inner):
    """One object under its name."""
    known = COMMANDS[command]
    _is(list(inner) == [known["object"]], command, f"has {list(inner)}, not {known['object']}")
    check_object(command, known["view"], inner[known["object"]])


def check_success(command, inner):
    """`success`, a truth."""
    _is(inner.get("success") is True and set(inner) <= {"success", "displaytext"}, command, f"answers {inner}")


def check_object(where, view, row):
    """Every field is one that CloudStack has, with its type, and those that it always tells are told."""
    _is(view in VIEWS, where, f"answers a {view}, which is not in the slice")
    fields = VIEWS[view]["fields"]
    for name, value in row.items():
        _is(name in fields, where, f"{view} has no field {name}")
        _check_value(f"{where}: {view}.{name}", fields[name], value)
    missing = [name for name in VIEWS[view]["always"] if name not in row]
    _is(not missing, where, f"{view} always has {missing}")


def _check_value(where, kind, value):
    if isinstance(kind, list):
        outer, inner = kind
        if outer == "object":
            check_object(where, inner, value)
        elif outer != "any":
            _is(type(value) is list, where, f"is {value!r}, not a list")
            for each in value:
                _check_value(where, ["object", inner] if inner in VIEWS else inner, each)
        return
    right = {
        "string": lambda: type(value) is str,
        "enum": lambda: type(value) is str,
        "date": lambda: type(value) is str and DATE.fullmatch(value),
        "boolean": lambda: type(value) is bool,
        "integer": lambda: type(value) is int and -(1 << 31) <= value < 1 << 31,
        "long": lambda: type(value) is int,
        "map": lambda: type(value) is dict,
        **dict.fromkeys(NUMBERS, lambda: type(value) in (int, float)),
    }.get(kind, lambda: True)
    _is(right(), where, f"is {value!r}, not {kind}")


def _is(holds, where, what):
    if not holds:
        raise Nonconforming(f"{where}: {what}")
