"""What every contract kit is made of: its base class, deviations with a reason, what every error says."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

import msgspec
import pytest

from stratiform.framework.base.errors import Error

Test = TypeVar("Test", bound=Callable[..., object])
REASON = "__deviates__"


def deviates(reason: str) -> Callable[[Test], Test]:
    """Mark a test that replaces one of the contract's, with the reason why that promise cannot be kept."""
    if not reason.strip():
        raise ValueError("a deviation from a contract needs a reason")

    def mark(test: Test) -> Test:
        setattr(test, REASON, reason)
        return test

    return mark


class Contract:
    """A kit of tests for one adapter. Subclass it as `Test…`, define its fixtures, and leave its tests alone.

    A subclass that replaces one of its tests without `@deviates("why")` cannot be defined: TypeError.
    """

    protocol: ClassVar[type]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, definitions in _tests(cls).items():
            if len(definitions) > 1 and not hasattr(definitions[0], REASON):
                raise TypeError(f"{cls.__name__} replaces {name} of its contract: say why with @deviates")

    @classmethod
    def deviations(cls) -> Mapping[str, str]:
        """The tests that were replaced, each with its reason."""
        found = {name: getattr(test, REASON, "") for name, (test, *_) in _tests(cls).items()}
        return {name: reason for name, reason in found.items() if reason}

    @pytest.fixture
    def adapter(self) -> object:
        """The adapter, whatever its kit calls it."""
        raise NotImplementedError("each kit says what its adapter is")

    def test_its_methods_are_called_as_the_protocol_says(self, adapter: object) -> None:
        """Calls come by name, from any process: parameters have the Protocol's names and defaults."""
        for name, declared in inspect.getmembers(self.protocol, inspect.isfunction):
            if name.startswith("_"):
                continue
            method = getattr(adapter, name, None)
            assert callable(method), f"there is no method {name}"
            wanted = list(inspect.signature(declared).parameters.values())[1:]
            had = inspect.signature(method).parameters
            for parameter in wanted:
                assert parameter.name in had, f"{name} has no parameter {parameter.name}"
                assert had[parameter.name].default == parameter.default, f"{name}: another default"
            extra = set(had) - {parameter.name for parameter in wanted}
            needed = [each for each in extra if had[each].default is inspect.Parameter.empty]
            assert not needed, f"{name} wants {needed}, which nobody gives"

    def test_it_says_its_name_and_order(self, adapter: object) -> None:
        """Adapters that are chosen by name have one, and a number to be sorted by."""
        if "name" in inspect.get_annotations(self.protocol):
            assert re.fullmatch(r"\w[\w.-]*", str(getattr(adapter, "name", "")))
        if "order" in inspect.get_annotations(self.protocol):
            assert isinstance(getattr(adapter, "order", None), int)


def explained(error: Error, *subjects: str) -> None:
    """Assert that an error has its own code, names its subjects, and says in a second sentence what to do."""
    text = str(error)
    assert error.code != Error.code, f"{type(error).__name__} has no code of its own"
    assert not [subject for subject in subjects if subject not in text], f"does not name {subjects}: {text}"
    assert re.search(r"[.!?] \S.*[.!?]$", text), f"has no second sentence that says what to do: {text}"


def crosses(value: object) -> None:
    """Assert that a value is the same after a trip over a wire."""
    assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


def _tests(cls: type) -> dict[str, list[object]]:
    kits = [vars(base) for base in cls.__mro__ if issubclass(base, Contract)]
    names = {name for kit in kits for name in kit if name.startswith("test_")}
    return {name: [vars(base)[name] for base in cls.__mro__ if name in vars(base)] for name in sorted(names)}
