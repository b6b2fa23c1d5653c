"""Fakes of a host's network."""

import pytest

from stratiform.api.adapters.network import Applied
from stratiform.api.testing.host_network import HostNetworkContract


class Host:
    def __init__(self):
        self.docs = {}

    def apply(self, doc):
        if doc.version >= self.version(doc):
            self.docs[doc.network] = doc
        return self.applied(self.docs[doc.network])

    def version(self, doc):
        return self.docs[doc.network].version if doc.network in self.docs else 0

    def applied(self, doc):
        macs = tuple(sorted(port.nic.mac for port in doc.ports))
        return Applied(network=doc.network, version=doc.version, macs=macs)


class TestRight(HostNetworkContract):
    kind = Host

    @pytest.fixture
    def host_network(self):
        return self.kind()


class ObeysTheLast(Host):
    def version(self, doc):
        return 0


class TestObeysTheLast(TestRight):
    kind = ObeysTheLast
    caught_by = {"test_an_older_document_changes_nothing", "test_the_newest_document_wins_in_any_order"}


class OnlyAdds(Host):
    def __init__(self):
        super().__init__()
        self.plugged = {}

    def apply(self, doc):
        applied = super().apply(doc)
        plugged = self.plugged.setdefault(doc.network, set())
        plugged.update(applied.macs)
        return Applied(network=applied.network, version=applied.version, macs=tuple(sorted(plugged)))


class TestOnlyAdds(TestRight):
    kind = OnlyAdds
    caught_by = {"test_what_is_not_in_the_newer_document_is_gone"}


class OneVersionForAll(Host):
    newest = 0

    def version(self, doc):
        self.newest = max(self.newest, doc.version)
        return self.newest if doc.network in self.docs else 0

    def applied(self, doc):
        self.docs = {doc.network: doc}
        return super().applied(doc)


class TestOneVersionForAll(TestRight):
    kind = OneVersionForAll
    caught_by = {"test_networks_do_not_touch_each_other"}


class ForgetsWhatWasTakenAway(Host):
    def apply(self, doc):
        applied = super().apply(doc)
        if not applied.macs:
            del self.docs[doc.network]
        return applied


class TestForgetsWhatWasTakenAway(TestRight):
    kind = ForgetsWhatWasTakenAway
    caught_by = {
        "test_a_network_that_was_taken_away_does_not_come_back",
    }


class AddsAgain(Host):
    def apply(self, doc):
        again = doc.network in self.docs and doc.version == self.version(doc)
        applied = super().apply(doc)
        return Applied(network=doc.network, version=applied.version, macs=applied.macs * (1 + again))


class TestAddsAgain(TestRight):
    kind = AddsAgain
    caught_by = {"test_twice_is_once"}
