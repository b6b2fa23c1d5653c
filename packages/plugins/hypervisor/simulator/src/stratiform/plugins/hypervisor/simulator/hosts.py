"""The simulated hosts: each comes to be by being named, and is up until told otherwise."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.framework.agents.message import Message, verbs
from stratiform.framework.base.errors import Invalid, NotFound
from stratiform.plugins.hypervisor.simulator.host import UP, Host
from stratiform.plugins.hypervisor.simulator.shape import Shapes
from stratiform.plugins.hypervisor.simulator.state import State
from stratiform.plugins.hypervisor.simulator.storage import Storage


class Ambiguous(Invalid):
    """Several simulated hosts have the URL {url}. Name one by its UUID: {uuids}."""

    code = "ambiguous_host"


class Condition(StrEnum):
    """What is the matter with a host."""

    UP = UP
    CRASHED = "crashed"
    """It lost its power: nothing runs, nothing is answered."""
    HUNG = "hung"
    """It takes everything and answers nothing until it is restored; its virtual machines go on running.

    What was aborted meanwhile is not done then.
    """
    PARTITIONED = "partitioned"
    """What is sent to it or by it is lost; its virtual machines go on running."""


@dataclass
class Known:
    """A host that was named."""

    uuid: str
    url: str
    host: Host
    storage: Storage
    verbs: Mapping[str, Callable[[Message], object]]
    condition: Condition = Condition.UP
    held: list[Callable[[], None]] = field(default_factory=list)
    """What waits until the host hangs no more."""


class Hosts:
    """Every host that was named, kept in the state file."""

    def __init__(self, state: State, shapes: Shapes) -> None:
        self._state = state
        self._shapes = shapes
        self._known: dict[str, Known] = {}
        for uuid, url, condition in state.rows(_row, "SELECT uuid, url, condition FROM host"):
            self._known[uuid] = self._make(uuid, url, condition)

    def __iter__(self) -> Iterator[Known]:
        return iter(list(self._known.values()))

    def find(self, uuid: str) -> Known | None:
        """The host of this UUID, if it was named; on any thread."""
        return self._known.get(uuid)

    def named(self, name: str) -> Known:
        """The host of this UUID or URL; raises `NotFound`, or `Ambiguous` where hosts of several zones share it."""
        if name in self._known:
            return self._known[name]
        found = [known for known in self if known.url == name]
        if not found:
            raise NotFound(kind="simulated host", key="UUID or URL", value=name)
        if len(found) > 1:
            raise Ambiguous(url=name, uuids=", ".join(known.uuid for known in found))
        return found[0]

    def meet(self, uuid: str, url: str) -> Known:
        """The host of this UUID, which is there from now on."""
        known = self._known.get(uuid)
        if known is None:
            known = self._known[uuid] = self._make(uuid, url, Condition.UP)
        elif not url or known.url == url:
            return known
        known.url = url
        self._state.change("INSERT OR REPLACE INTO host VALUES (?, ?, ?)", uuid, url, known.condition)
        return known

    def put(self, known: Known, condition: Condition) -> None:
        """Bring a host into a condition, and remember it."""
        known.condition = condition
        self._state.change("UPDATE host SET condition = ? WHERE uuid = ?", condition, known.uuid)

    def _make(self, uuid: str, url: str, condition: Condition) -> Known:
        host = Host(self._state, uuid, lambda: self._shapes.of(uuid, known.url))
        storage = Storage(self._state, uuid)
        understood = {**verbs(Hypervisor, host), **verbs(PrimaryStorage, storage)}
        known = Known(uuid=uuid, url=url, host=host, storage=storage, verbs=understood, condition=condition)
        return known


def _row(uuid: str, url: str, condition: str) -> tuple[str, str, Condition]:
    return uuid, url, Condition(condition)
