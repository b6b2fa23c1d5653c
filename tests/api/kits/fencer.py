"""Fakes of a fencer."""

import pytest

from stratiform.api.adapters.fencer import NotFenced, Proof
from stratiform.api.testing.fencer import FencerContract


class Switch:
    """Cuts the power of hosts whose device answers."""

    def __init__(self):
        self.off = set()

    def fence(self, host):
        if host.url == "test://stubborn":
            raise NotFenced(name=host.name, reason="its device does not answer")
        self.off.add(host.uuid)
        return Proof(host=host.uuid, method="switch", evidence="the switch is off")


class TestRight(FencerContract):
    kind = Switch

    @pytest.fixture
    def fencer(self):
        return self.kind()

    @pytest.fixture
    def down(self, fencer):
        return lambda host: host.uuid in fencer.off


class Hopes(Switch):
    def fence(self, host):
        try:
            return super().fence(host)
        except NotFenced:
            return Proof(host=host.uuid, method="switch", evidence="it was asked to")


class TestHopes(TestRight):
    kind = Hopes
    caught_by = {"test_what_cannot_be_seen_is_not_proved"}


class GivesInTheSecondTime(Switch):
    tries = 0

    def fence(self, host):
        self.tries += 1
        if self.tries > 1:
            return Proof(host=host.uuid, method="switch", evidence="it was asked to before")
        return super().fence(host)


class TestGivesInTheSecondTime(TestRight):
    kind = GivesInTheSecondTime
    caught_by = {"test_a_failure_stays_one", "test_a_failure_does_not_hinder_the_next"}


class CutsTheRack(Switch):
    def fence(self, host):
        proof = super().fence(host)
        self.off |= {host.uuid[:-1] + str(number) for number in range(5)}
        return proof


class TestCutsTheRack(TestRight):
    kind = CutsTheRack
    caught_by = {"test_a_neighbour_does_not_notice"}


class Toggles(Switch):
    def fence(self, host):
        was = host.uuid in self.off
        proof = super().fence(host)
        if was:
            self.off.discard(host.uuid)
        return proof


class TestToggles(TestRight):
    kind = Toggles
    caught_by = {"test_twice_is_once"}


class ProvesAnotherHost(Switch):
    def fence(self, host):
        super().fence(host)
        return Proof(host=host.name, method="switch", evidence="")


class TestProvesAnotherHost(TestRight):
    kind = ProvesAnotherHost
    caught_by = {"test_a_proof_says_of_whom_how_and_why"}
