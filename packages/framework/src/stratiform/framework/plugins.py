"""Plug-ins: everything that is loaded is loaded here, from entry points, in one order, or not at all."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, NoReturn, Protocol, TypeVar, cast

from stevedore.extension import ExtensionManager

from stratiform.framework.base import errors

P = TypeVar("P")

ORDER = 100
"""The number of a plug-in that declares none."""


class Broken(errors.Error):
    """The plug-in {name} for {namespace}, of {distribution}, cannot be loaded: {cause}."""

    code = "plugin_broken"


class Missing(errors.Error):
    """There is no plug-in {name} for {namespace}; installed: {installed}."""

    code = "plugin_missing"


class Ambiguous(errors.Error):
    """Several plug-ins for {namespace} are called {name}: those of {distributions}. Uninstall all but one."""

    code = "plugin_ambiguous"


@dataclass(frozen=True, kw_only=True)
class Loaded(Generic[P]):
    """A plug-in that was loaded: the object its entry point names, and where it comes from."""

    name: str
    order: int
    distribution: str
    version: str
    plugin: P


def load(namespace: str, protocol: Callable[..., P]) -> tuple[Loaded[P], ...]:
    """Every plug-in installed for a namespace, by its declared `order`, then by name.

    Loads all of them or raises `Broken` or `Ambiguous`. `protocol` is the Protocol that each has to have the
    public members of; one with `__call__` stands for factories and classes, `object` for anything.
    """
    found = _Manager(namespace, _installed(namespace))
    loaded = [_loaded(namespace, each.entry_point, each.plugin, protocol) for each in found.extensions]
    return tuple(sorted(loaded, key=lambda each: (each.order, each.name)))


def one(namespace: str, name: str, protocol: Callable[..., P]) -> Loaded[P]:
    """The plug-in of that name; loads no other. Raises `Missing`, which tells what there is, or as `load`."""
    installed = _installed(namespace)
    named = [entry for entry in installed if entry.name == name]
    if not named:
        names = ", ".join(sorted(entry.name for entry in installed)) or "none"
        raise Missing(namespace=namespace, name=name, installed=names)
    (found,) = _Manager(namespace, named).extensions
    return _loaded(namespace, found.entry_point, found.plugin, protocol)


class _Manager(ExtensionManager[object]):
    """stevedore over given entry points.

    Its own search goes through a file in the user's home that forgets distributions and may be stale.
    """

    def __init__(self, namespace: str, entries: list[EntryPoint]) -> None:
        self._entries = entries
        super().__init__(namespace, on_load_failure_callback=_refuse)

    def list_entry_points(self) -> list[EntryPoint]:
        return self._entries


def _installed(namespace: str) -> list[EntryPoint]:
    found = sorted(set(entry_points(group=namespace)), key=lambda entry: entry.name)
    for name, times in Counter(entry.name for entry in found).items():
        if times > 1:
            owners = ", ".join(sorted(_distribution(entry) for entry in found if entry.name == name))
            raise Ambiguous(namespace=namespace, name=name, distributions=owners)
    return found


def _refuse(manager: ExtensionManager[object], entry: EntryPoint, error: BaseException) -> NoReturn:
    cause = f"{type(error).__name__}: {error}"
    named = {"namespace": manager.namespace, "name": entry.name, "distribution": _distribution(entry)}
    raise Broken(**named, cause=cause) from error


def _loaded(namespace: str, entry: EntryPoint, plugin: object, protocol: Callable[..., P]) -> Loaded[P]:
    distribution = _distribution(entry)
    order = getattr(plugin, "order", ORDER)
    cause = _unfit(plugin, _members(protocol)) or ("" if type(order) is int else "its order is not a number")
    if cause:
        raise Broken(namespace=namespace, name=entry.name, distribution=distribution, cause=cause)
    return Loaded(
        name=entry.name,
        order=order,
        distribution=distribution,
        version=entry.dist.version if entry.dist else "",
        plugin=cast(P, plugin),
    )


def _unfit(plugin: object, members: set[str]) -> str:
    lacking = sorted(member for member in members if not hasattr(plugin, member))
    if lacking:
        return f"it lacks {', '.join(lacking)}"
    return "it is a class, not an object" if members - {"__call__"} and isinstance(plugin, type) else ""


def _members(protocol: Callable[..., object]) -> set[str]:
    parts = [part for part in getattr(protocol, "__mro__", ()) if part not in (object, Protocol, Generic)]
    names = {name for part in parts for name in (*vars(part), *vars(part).get("__annotations__", ()))}
    return {name for name in names if name == "__call__" or not name.startswith("_")}


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "an unknown distribution"
