"""An option: a typed constant beside the code that reads it."""

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from stratiform.framework.base import errors

V = TypeVar("V", bound=bool | int | float | str)
N = TypeVar("N", int, float)

Check = Callable[[V], str | None]
"""Says what is wrong with a value, or None."""

_TRUTHS = {"true": True, "false": False}


class BadValue(errors.Error):
    """{name} cannot be {value!r}: {reason}."""

    code = "bad_value"


@dataclass(frozen=True)
class Option(Generic[V]):
    """Something that an operator may set; its values have the type of its default.

    The types are bool, int, float, str and enumerations of texts. `scopes` are the kinds of places it can be
    set for, `unit` says what a number counts; `category`, `group` and `subgroup` what it is shown with. Raises
    `BadValue` if its own default does not pass its check.
    """

    name: str
    default: V
    description: str
    _: KW_ONLY
    unit: str | None = None
    scopes: tuple[str, ...] = ("global",)
    category: str = "Advanced"
    group: str = "Miscellaneous"
    subgroup: str = "Others"
    check: Check[V] | None = None

    def __post_init__(self) -> None:
        """Hold the default to what is asked of every value."""
        self.validate(self.default)

    @property
    def kind(self) -> type[V]:
        """The type of its values."""
        return type(self.default)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that an enumeration allows; empty for any other kind."""
        return tuple(map(str, self.kind)) if issubclass(self.kind, StrEnum) else ()

    def validate(self, value: V) -> V:
        """The value itself. Raises `BadValue` if it has another type or its check finds fault."""
        if type(value) is not self.kind:
            raise BadValue(name=self.name, value=value, reason=f"it is not {_article(self)}")
        reason = self.check(value) if self.check else None
        if reason:
            raise BadValue(name=self.name, value=value, reason=reason)
        return value

    def parse(self, text: str) -> V:
        """The value that `text` means. Raises `BadValue`."""
        return self.validate(self._read(text))

    def text(self, value: V) -> str:
        """The value as `parse` reads it."""
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _read(self, text: str) -> V:
        try:
            value: object = _TRUTHS[text.strip().lower()] if self.kind is bool else self.kind(text)
        except (KeyError, ValueError):
            raise BadValue(name=self.name, value=text, reason=f"it is not {_article(self)}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise BadValue(name=self.name, value=text, reason="it is not finite")
        return value  # type: ignore[return-value]  # the kind is V's, which mypy cannot see


def between(lowest: N, highest: N) -> Check[N]:
    """A check that a number lies within bounds, both included."""
    return lambda value: None if lowest <= value <= highest else f"it is not between {lowest} and {highest}"


def at_least(lowest: N) -> Check[N]:
    """A check that a number is not too small."""
    return lambda value: None if value >= lowest else f"it is less than {lowest}"


def _article(option: Option[V]) -> str:
    if option.choices:
        return f"one of {', '.join(option.choices)}"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[option.kind]
