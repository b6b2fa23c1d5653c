"""What steps and effects are given besides their job: values of the program, found by their type."""

from collections.abc import Iterable
from typing import TypeVar

from stratiform.framework.base.errors import Error

T = TypeVar("T")


class NotProvided(Error):
    """This program provides no {kind} for its steps. Give one to the kernel."""

    code = "not_provided"


class Provided:
    """Values by their exact type, so that a step needs no global and a test can provide its own."""

    def __init__(self, values: Iterable[object] = ()) -> None:
        self._values = {type(value): value for value in values}

    def the(self, kind: type[T]) -> T:
        """The value of this type. Raises `NotProvided`."""
        value = self._values.get(kind)
        if not isinstance(value, kind):
            raise NotProvided(kind=kind.__name__)
        return value
