"""Fakes of an investigator."""

import msgspec
import pytest

from stratiform.api.adapters.investigator import Liveness, Probe, Sight, Vote
from stratiform.api.testing.investigator import InvestigatorContract


class Neighbours:
    name = "neighbours"
    order = 1

    def probes(self, host, peers):
        able = [peer for peer in peers if peer.connected and peer.uuid != host.uuid]
        return [Probe(target=host.uuid, via=peer.uuid, question="ping") for peer in able]

    def judge(self, host, answers):
        seen = [answer.sight for probe, answer in answers.items() if probe.target == host.uuid]
        if Sight.ALIVE in seen:
            return Vote(liveness=Liveness.UP, evidence=("A neighbour saw it.",))
        if seen.count(Sight.SILENT) >= 2:
            return Vote(liveness=Liveness.DOWN, evidence=("Two neighbours found it silent.",))
        return Vote(liveness=Liveness.UNKNOWN)


class TestRight(InvestigatorContract):
    kind = Neighbours

    @pytest.fixture
    def investigator(self):
        return self.kind()


class SilenceIsDeath(Neighbours):
    def judge(self, host, answers):
        vote = super().judge(host, answers)
        if vote.liveness is Liveness.UNKNOWN:
            return Vote(liveness=Liveness.DOWN, evidence=("Nobody saw it.",))
        return vote


class TestSilenceIsDeath(TestRight):
    kind = SilenceIsDeath
    caught_by = {"test_without_evidence_nothing_is_known", "test_another_hosts_answer_is_no_evidence"}


class TheMajorityDecides(Neighbours):
    def judge(self, host, answers):
        seen = [answer.sight for answer in answers.values()]
        if seen.count(Sight.SILENT) > seen.count(Sight.ALIVE):
            return Vote(liveness=Liveness.DOWN, evidence=("Most found it silent.",))
        return super().judge(host, answers)


class TestTheMajorityDecides(TestRight):
    kind = TheMajorityDecides
    caught_by = {"test_one_who_saw_it_alive_rules_out_death"}


class TheFirstDecides(Neighbours):
    def judge(self, host, answers):
        for probe, answer in answers.items():
            if probe.target == host.uuid and answer.sight is not Sight.UNASKED:
                liveness = Liveness.UP if answer.sight is Sight.ALIVE else Liveness.DOWN
                return Vote(liveness=liveness, evidence=("The first said so.",))
        return Vote(liveness=Liveness.UNKNOWN)


class TestTheFirstDecides(TestRight):
    kind = TheFirstDecides
    caught_by = {"test_the_order_of_answers_does_not_matter", "test_one_who_saw_it_alive_rules_out_death"}


class AsksAnyone(Neighbours):
    def probes(self, host, peers):
        return [Probe(target=host.uuid, via=peer.uuid, question="ping") for peer in peers]


class TestAsksAnyone(TestRight):
    kind = AsksAnyone
    caught_by = {"test_it_asks_about_the_host_through_connected_peers"}


class AsksTheHostItself(Neighbours):
    def probes(self, host, peers):
        return [*super().probes(host, peers), Probe(target=host.uuid, via=host.uuid, question="ping")]


class TestAsksTheHostItself(TestRight):
    kind = AsksTheHostItself
    caught_by = {"test_it_never_asks_through_the_host_itself"}


class BelievesWithoutSaying(Neighbours):
    def judge(self, host, answers):
        return msgspec.structs.replace(super().judge(host, answers), evidence=())


class TestBelievesWithoutSaying(TestRight):
    kind = BelievesWithoutSaying
    caught_by = {"test_a_belief_has_evidence"}


class Trusts(Neighbours):
    def judge(self, host, answers):
        if any(answer.sight is not Sight.UNASKED for answer in answers.values()):
            return Vote(liveness=Liveness.UP, evidence=("Somebody answered.",))
        return Vote(liveness=Liveness.UNKNOWN)


class TestTrusts(TestRight):
    kind = Trusts
    caught_by = {"test_nobody_lives_who_was_not_seen"}


class SleepsOnIt(Neighbours):
    def judge(self, host, answers):
        import time

        time.sleep(0)
        return super().judge(host, answers)


class TestSleepsOnIt(TestRight):
    kind = SleepsOnIt
    caught_by = {"test_it_only_looks_at_what_it_is_given"}
