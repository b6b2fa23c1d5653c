"""The fencer adapter: makes sure that a host runs nothing any more, and proves it."""

from typing import ClassVar, Protocol

from stratiform.api.spec import HostSpec, Spec
from stratiform.framework.base.errors import Error


class NotFenced(Error):
    """Nothing proves that host {name} is down: {reason}. Try again, or switch it off by hand and say so."""

    code = "not_fenced"


class Proof(Spec, frozen=True, kw_only=True):
    """The host ran nothing when this was made; its virtual machines may be started elsewhere."""

    host: str
    """UUID of the host."""
    method: str
    """How, for example `ipmi power off`."""
    evidence: str
    """What was seen afterwards, for people, for example `chassis power is off`."""


class Fencer(Protocol):
    """Takes the power or the disks of one host away, on a lane of its own (`bmc/ID`).

    Runs at the far end of a channel: it sees no database and calls nobody.
    """

    VERSION: ClassVar[int] = 1

    def fence(self, host: HostSpec) -> Proof:
        """Return once it was seen that the host runs nothing; may be called twice, and touches no other host.

        Raises `NotFenced` if that could not be seen, even if everything was tried: unknown is not a proof.
        """
