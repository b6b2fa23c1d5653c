"""Fakes of a placement adviser."""

import contextlib
import pathlib
import socket
from dataclasses import replace

import pytest

from stratiform.api.adapters.placement import CANDIDATES, Ranking
from stratiform.api.testing.cloud import placed, why_not
from stratiform.api.testing.placement import PlacementContract


class First:
    name = "first"
    order = 1

    def rank(self, requests, hosts):
        rankings = []
        for request in requests:
            rankings.append(self.one(request, hosts))
            if rankings[-1].hosts:
                hosts = placed(request, hosts, hosts.ids.index(rankings[-1].hosts[0]))
        return rankings

    def one(self, request, hosts):
        rules = {host: why_not(request, hosts, row) for row, host in enumerate(hosts.ids)}
        fit = [host for host, failed in rules.items() if not failed]
        refused = {host: self.text(failed[0]) for host, failed in rules.items() if failed}
        return Ranking(hosts=fit[:CANDIDATES], refused=refused)

    def text(self, rule):
        return rule[0] + " needed, ".join(rule[1:]) + " free"


class TestRight(PlacementContract):
    kind = First

    @pytest.fixture
    def placement(self):
        return self.kind()


class Forgets(First):
    def rank(self, requests, hosts):
        return [self.one(request, hosts) for request in requests]


class TestForgets(TestRight):
    kind = Forgets
    caught_by = {"test_a_batch_does_not_overfill_a_host", "test_the_hosts_it_names_have_room"}


class Reads(First):
    def rank(self, requests, hosts):
        pathlib.Path("/etc/hostname").exists()
        pathlib.Path("/dev/null").read_bytes()
        return super().rank(requests, hosts)


class TestReads(TestRight):
    kind = Reads
    caught_by = {"test_it_only_looks_at_what_it_is_given"}


class AsksTheNetworkInSecret(First):
    def rank(self, requests, hosts):
        with contextlib.suppress(Exception):
            socket.create_connection(("127.0.0.1", 1), timeout=0.1).close()
        return super().rank(requests, hosts)


class TestAsksTheNetworkInSecret(TestRight):
    kind = AsksTheNetworkInSecret
    caught_by = {"test_it_only_looks_at_what_it_is_given"}


class WritesIntoTheTable(First):
    def rank(self, requests, hosts):
        if hosts.ids:
            hosts.vms[0] += 1
        return super().rank(requests, hosts)


class TestWritesIntoTheTable(TestRight):
    kind = WritesIntoTheTable
    caught_by = {"test_it_only_looks_at_what_it_is_given"}


class TakesTurns(First):
    turn = 0

    def one(self, request, hosts):
        self.turn += 1
        ranking = super().one(request, hosts)
        turn = self.turn % (len(ranking.hosts) or 1)
        return replace(ranking, hosts=[*ranking.hosts[turn:], *ranking.hosts[:turn]])


class TestTakesTurns(TestRight):
    kind = TakesTurns
    caught_by = {"test_the_same_question_has_the_same_answer", "test_each_request_counts_on_those_before_it"}


class SaysOnlyNo(First):
    def text(self, rule):
        return "insufficient capacity"


class TestSaysOnlyNo(TestRight):
    kind = SaysOnlyNo
    caught_by = {"test_a_host_without_room_is_refused_with_figures"}


class IgnoresAvoid(First):
    def one(self, request, hosts):
        return super().one(replace(request, avoid=frozenset()), hosts)


class TestIgnoresAvoid(TestRight):
    kind = IgnoresAvoid
    caught_by = {"test_the_hosts_it_names_have_room"}


class NamesEveryHost(First):
    def one(self, request, hosts):
        ranking = super().one(request, hosts)
        return replace(ranking, hosts=[host for host in hosts.ids if host not in ranking.refused])


class TestNamesEveryHost(TestRight):
    kind = NamesEveryHost
    caught_by = {"test_the_hosts_it_names_have_room"}


class RefusesInSilence(First):
    def one(self, request, hosts):
        return replace(super().one(request, hosts), refused={})


class TestRefusesInSilence(TestRight):
    kind = RefusesInSilence
    caught_by = {
        "test_if_no_host_is_named_every_one_is_refused",
        "test_a_host_without_room_is_refused_with_figures",
    }
