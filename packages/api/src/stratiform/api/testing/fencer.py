"""The contract of fencers. Subclass, give a fencer, what sees if a host is down, and a host that stays up."""

from collections.abc import Callable
from typing import ClassVar

import msgspec
import pytest

from stratiform.api.adapters.fencer import Fencer, NotFenced
from stratiform.api.spec import HostSpec
from stratiform.api.testing.contract import Contract, crosses, explained


class FencerContract(Contract):
    """A proof means that the host is down; without one there is an error; and no other host is touched."""

    protocol: ClassVar[type] = Fencer

    @pytest.fixture
    def fencer(self) -> Fencer:
        """The fencer: the plug-in's to define."""
        raise NotImplementedError("define the fixture `fencer`")

    @pytest.fixture
    def down(self) -> Callable[[HostSpec], bool]:
        """Whether a host is down, found out without the fencer: the plug-in's to define."""
        raise NotImplementedError("define the fixture `down`")

    @pytest.fixture
    def host(self) -> HostSpec:
        """A host that runs, and that the fencer can take down."""
        return HostSpec(
            uuid="5f0e0f5c-0000-7000-8000-000000000001",
            name="host-1.example",
            url="test://host-1",
            hypervisor="Simulator",
            zone="zone",
            pod="pod",
            cluster="cluster",
        )

    @pytest.fixture
    def neighbour(self, host: HostSpec) -> HostSpec:
        """Another such host."""
        return msgspec.structs.replace(
            host, uuid="5f0e0f5c-0000-7000-8000-000000000002", name="host-2.example", url="test://host-2"
        )

    @pytest.fixture
    def stubborn(self, host: HostSpec) -> HostSpec:
        """A host whose power the fencer cannot cut, for example because its device does not answer."""
        return msgspec.structs.replace(
            host, uuid="5f0e0f5c-0000-7000-8000-000000000003", name="host-3.example", url="test://stubborn"
        )

    @pytest.fixture
    def adapter(self, fencer: Fencer) -> object:
        """The fencer."""
        return fencer

    def test_a_proof_means_that_the_host_is_down(
        self, fencer: Fencer, host: HostSpec, down: Callable[[HostSpec], bool]
    ) -> None:
        assert not down(host)
        fencer.fence(host)
        assert down(host)

    def test_a_proof_says_of_whom_how_and_why(self, fencer: Fencer, host: HostSpec) -> None:
        proof = fencer.fence(host)
        assert proof.host == host.uuid
        assert proof.method.strip()
        assert proof.evidence.strip()
        crosses(proof)

    def test_twice_is_once(self, fencer: Fencer, host: HostSpec, down: Callable[[HostSpec], bool]) -> None:
        assert fencer.fence(host).host == fencer.fence(host).host
        assert down(host)

    def test_a_neighbour_does_not_notice(
        self, fencer: Fencer, host: HostSpec, neighbour: HostSpec, down: Callable[[HostSpec], bool]
    ) -> None:
        fencer.fence(host)
        assert not down(neighbour)

    def test_what_cannot_be_seen_is_not_proved(self, fencer: Fencer, stubborn: HostSpec) -> None:
        with pytest.raises(NotFenced) as raised:
            fencer.fence(stubborn)
        explained(raised.value, stubborn.name)

    def test_a_failure_stays_one(self, fencer: Fencer, stubborn: HostSpec) -> None:
        for _ in range(3):
            with pytest.raises(NotFenced):
                fencer.fence(stubborn)

    def test_a_failure_does_not_hinder_the_next(
        self, fencer: Fencer, stubborn: HostSpec, host: HostSpec, down: Callable[[HostSpec], bool]
    ) -> None:
        with pytest.raises(NotFenced):
            fencer.fence(stubborn)
        fencer.fence(host)
        assert down(host)
