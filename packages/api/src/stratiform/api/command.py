"""Commands as data: everything about one that parser, gate, listApis and the docs need, in one literal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stratiform.api.parameter import Parameter, Refused
from stratiform.api.view import SUCCESS, View

READS = ("get", "list", "query", "find")


class Returns(StrEnum):
    """What stands under the wrapper of an answer."""

    LIST = "list"
    """`count` and the objects."""
    OBJECT = "object"
    """One object under its name."""
    SUCCESS = "success"
    """`success`, true."""
    ASYNC = "async"
    """The id of a job; the object, or success, is the job's result."""
    ASYNC_CREATE = "asynccreate"
    """The ids of a job and of the entity that it makes."""
    FLAT = "flat"
    """The fields themselves."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command of the API. It exists in listApis when this literal exists, so the literal comes last.

    Raises `ValueError` when it contradicts itself.
    """

    name: str
    """Exactly as callers spell it."""
    description: str
    parameters: tuple[Parameter, ...]
    returns: Returns
    mutates: bool
    """Whether it changes anything: what a read-only role may not call."""
    settles: bool = False
    """Whether its work is a job that a synchronous answer waits for, for a few seconds at most."""
    event: str | None = None
    """The event that tells of the change; every mutating command has one."""
    view: View = SUCCESS
    object: str | None = None
    """The name that an object, or each of a list, is answered under; None for success and flat answers."""
    kind: str | None = None
    """The kind of entity that it is about, by the engine's name."""
    refused: tuple[Refused, ...] = ()
    wrapper: str | None = None
    """The top-level name of the answer, where it is not the command's name in lower case and `response`."""
    since: str | None = None
    """The release of CloudStack that brought it."""
    example: Mapping[str, str]
    """Parameters of a call that makes sense."""

    def __post_init__(self) -> None:
        """Refuse a literal that says two things at once."""
        names = [each.name for each in self.parameters] + [each.name for each in self.refused]
        faults = {
            "declares a parameter twice": len(set(names)) != len(names),
            "declares a parameter that is not in lower case": any(name != name.lower() for name in names),
            "mutates without an event, or the other way round": self.mutates != bool(self.event),
            "is asynchronous and changes nothing": self.asynchronous and not self.mutates,
            "waits for what it does not do": self.settles and (self.asynchronous or not self.mutates),
            "has a view of objects without a name for them": (self.object is None)
            != (self.view is SUCCESS or self.returns is Returns.FLAT),
        }
        for fault, found in faults.items():
            if found:
                raise ValueError(f"{self.name} {fault}")

    @property
    def asynchronous(self) -> bool:
        """Whether it answers with a job."""
        return self.returns in (Returns.ASYNC, Returns.ASYNC_CREATE)

    @property
    def response(self) -> str:
        """The top-level name of its answer."""
        return self.wrapper or f"{self.name.lower()}response"

    @property
    def method(self) -> str:
        """The HTTP method that suits it; both are accepted."""
        return "GET" if self.name.startswith(READS) else "POST"
