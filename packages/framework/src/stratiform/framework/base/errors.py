"""Errors with a stable code and named parameters; the class's docstring is its English text."""

import inspect
from collections.abc import Mapping
from typing import ClassVar


class Error(Exception):
    """Something went wrong: {reason}."""

    code: ClassVar[str] = "error"

    def __init__(self, **parameters: object) -> None:
        super().__init__(parameters)
        self.parameters: Mapping[str, object] = parameters

    def __str__(self) -> str:
        """The docstring of the class with the parameters filled in."""
        text = " ".join(inspect.getdoc(type(self)).split()) if type(self).__doc__ else self.code  # type: ignore[union-attr]
        try:
            return text.format(**self.parameters)
        except (KeyError, IndexError):
            return f"{text} {dict(self.parameters)}"


class Internal(Error):
    """An internal error occurred ({reason}). The log has the details under this request's id."""

    code = "internal"


class Invalid(Error):
    """{reason}"""

    code = "invalid"


class NotFound(Error):
    """There is no {kind} with {key} {value}."""

    code = "not_found"


class Conflict(Error):
    """{kind} {id} is {state}, which does not allow {action}."""

    code = "conflict"


class Denied(Error):
    """{who} may not {action}."""

    code = "denied"


class Unreachable(Error):
    """{address} does not answer: {reason}."""

    code = "unreachable"


class Overloaded(Error):
    """No more is accepted now: {reason}. Try again later."""

    code = "overloaded"


class Again(Error):
    """Not now: {reason}. The work is tried again by itself."""

    code = "again"


def describe(error: BaseException) -> dict[str, object]:
    """An error as data: its code, its parameters and its English text; what is not ours becomes `internal`."""
    if not isinstance(error, Error):
        error = Internal(reason=type(error).__name__)
    return {"code": error.code, "parameters": dict(error.parameters), "text": str(error)}


class Reported(Error):
    """{text}"""

    code = "reported"


def restore(described: Mapping[str, object]) -> Error:
    """The error that `describe` told of; a code that this process does not know becomes `Reported` with its text."""
    code = str(described.get("code"))
    parameters = described.get("parameters")
    for kind in _kinds(Error):
        if kind.code == code and isinstance(parameters, Mapping):
            return kind(**parameters)
    return Reported(text=str(described.get("text", code)), code=code)


def _kinds(kind: type[Error]) -> list[type[Error]]:
    return [kind, *(deep for child in kind.__subclasses__() for deep in _kinds(child))]
