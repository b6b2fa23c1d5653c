"""Every command that a package declares, found by reading its modules."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType

from stratiform.api import commands
from stratiform.api.command import Command
from stratiform.framework.base.errors import Error


class DeclaredTwice(Error):
    """The command {name} is declared in {first} and again in {second}."""

    code = "command_declared_twice"


def collect(*packages: ModuleType) -> Mapping[str, Command]:
    """The commands declared in packages and below them, by name, in its order.

    Without packages: the product's own. Imports every module there. Raises `DeclaredTwice` if two commands
    share a name; one command imported elsewhere is still one.
    """
    found: dict[str, tuple[Command, str]] = {}
    for package in packages or (commands,):
        for module in _modules(package):
            for value in vars(module).values():
                if isinstance(value, Command):
                    first, where = found.setdefault(value.name, (value, module.__name__))
                    if first is not value:
                        raise DeclaredTwice(name=value.name, first=where, second=module.__name__)
    return {name: command for name, (command, _) in sorted(found.items())}


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for entry in pkgutil.iter_modules(getattr(package, "__path__", ())):
        yield from _modules(importlib.import_module(f"{package.__name__}.{entry.name}"))
