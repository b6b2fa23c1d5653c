"""Every option that a package declares, found by reading its modules."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from stratiform.framework.base import errors
from stratiform.framework.config.option import Option

Any_ = Option[bool] | Option[int] | Option[float] | Option[str]
"""An option of any kind."""

APART = frozenset({"testing", "versions"})
"""Folders of test equipment and migrations, which production neither imports nor configures."""


class DeclaredTwice(errors.Error):
    """The option {name} is declared in {first} and again in {second}."""

    code = "option_declared_twice"


def options(package: ModuleType) -> tuple[Any_, ...]:
    """The options declared in a package and below it, by name.

    Imports every module there except test equipment. Raises `DeclaredTwice` if two options share a name; one
    option imported elsewhere is still one.
    """
    found: dict[str, tuple[Any_, str]] = {}
    for module in _modules(package):
        for value in vars(module).values():
            if isinstance(value, Option):
                first, where = found.setdefault(value.name, (value, module.__name__))
                if first is not value:
                    raise DeclaredTwice(name=value.name, first=where, second=module.__name__)
    return tuple(option for _, (option, _) in sorted(found.items()))


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for entry in pkgutil.iter_modules(getattr(package, "__path__", ())):
        if entry.name not in APART:
            yield from _modules(importlib.import_module(f"{package.__name__}.{entry.name}"))
