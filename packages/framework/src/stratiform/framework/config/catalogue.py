"""Every option that a package declares, found by reading its modules."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from stratiform.framework.base import errors
from stratiform.framework.config.option import Option

Any_ = Option[bool] | Option[int] | Option[float] | Option[str]
"""An option of any kind."""

APART = frozenset({"testing", "versions", "otel", "__main__"})
"""Test equipment, migrations, what is loaded only where it is wanted, and programs: none of it has options."""


class DeclaredTwice(errors.Error):
    """The option {name} is declared in {first} and again in {second}."""

    code = "option_declared_twice"


@dataclass(frozen=True)
class Declared:
    """An option and a module that has it."""

    option: Any_
    module: str


def options(package: ModuleType) -> tuple[Any_, ...]:
    """The options declared in a package and below it, by name. Raises `DeclaredTwice` as `declared` does."""
    return tuple(each.option for each in declared(package))


def declared(package: ModuleType) -> tuple[Declared, ...]:
    """The options declared in a package and below it, by name, each with the first module that has it.

    Imports every module there except test equipment. Raises `DeclaredTwice` if two options share a name; one
    option imported elsewhere is still one.
    """
    found: dict[str, Declared] = {}
    for module in _modules(package):
        for value in vars(module).values():
            if isinstance(value, Option):
                first = found.setdefault(value.name, Declared(value, module.__name__))
                if first.option is not value:
                    raise DeclaredTwice(name=value.name, first=first.module, second=module.__name__)
    return tuple(each for _, each in sorted(found.items()))


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for entry in pkgutil.iter_modules(getattr(package, "__path__", ())):
        if entry.name not in APART:
            yield from _modules(importlib.import_module(f"{package.__name__}.{entry.name}"))
