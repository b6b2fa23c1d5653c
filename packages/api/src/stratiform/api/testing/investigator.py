"""The contract of investigators. Subclass and give the investigator; the kit makes hosts and answers."""

import random
from collections.abc import Sequence
from typing import ClassVar

import pytest

from stratiform.api.adapters.investigator import Answer, HostView, Investigator, Liveness, Probe, Sight
from stratiform.api.testing.contract import Contract, crosses
from stratiform.api.testing.purity import pure

SITES = range(25)
"""Seeds of made-up sites: none to six peers, connected or not, with and without shared storage."""


class InvestigatorContract(Contract):
    """Purity, questions only through those who can answer, and no death without evidence."""

    protocol: ClassVar[type] = Investigator

    @pytest.fixture
    def investigator(self) -> Investigator:
        """The investigator: the plug-in's to define."""
        raise NotImplementedError("define the fixture `investigator`")

    @pytest.fixture
    def adapter(self, investigator: Investigator) -> object:
        """The investigator."""
        return investigator

    @pytest.mark.parametrize("seed", SITES)
    def test_it_only_looks_at_what_it_is_given(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        with pure(host, peers):
            probes = investigator.probes(host, peers)
        answers = answered(probes, seed)
        with pure(host, answers):
            investigator.judge(host, answers)

    @pytest.mark.parametrize("seed", SITES)
    def test_the_same_question_has_the_same_answer(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        probes = list(investigator.probes(host, peers))
        vote = investigator.judge(host, answered(probes, seed))
        investigator.probes(*site(seed + 1))
        assert list(investigator.probes(host, peers)) == probes
        assert investigator.judge(host, answered(probes, seed)) == vote

    @pytest.mark.parametrize("seed", SITES)
    def test_it_asks_about_the_host_through_connected_peers(
        self, investigator: Investigator, seed: int
    ) -> None:
        host, peers = site(seed)
        probes = investigator.probes(host, peers)
        assert {probe.target for probe in probes} <= {host.uuid}
        assert {probe.via for probe in probes} <= {"", *(peer.uuid for peer in peers if peer.connected)}
        assert len(set(probes)) == len(probes)
        for probe in probes:
            assert probe.question
            crosses(probe)

    @pytest.mark.parametrize("seed", SITES)
    def test_it_never_asks_through_the_host_itself(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        assert host.uuid not in {probe.via for probe in investigator.probes(host, [*peers, host])}

    @pytest.mark.parametrize("seed", SITES)
    def test_without_evidence_nothing_is_known(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        probes = investigator.probes(host, peers)
        unasked = {probe: Answer(sight=Sight.UNASKED) for probe in probes}
        assert investigator.judge(host, {}).liveness is Liveness.UNKNOWN
        assert investigator.judge(host, unasked).liveness is Liveness.UNKNOWN

    @pytest.mark.parametrize("seed", SITES)
    def test_one_who_saw_it_alive_rules_out_death(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        probes = investigator.probes(host, peers)
        for witness in probes:
            answers = {probe: Answer(sight=Sight.SILENT) for probe in probes}
            answers[witness] = Answer(sight=Sight.ALIVE)
            assert investigator.judge(host, answers).liveness is not Liveness.DOWN

    @pytest.mark.parametrize("seed", SITES)
    def test_nobody_lives_who_was_not_seen(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        silence = {probe: Answer(sight=Sight.SILENT) for probe in investigator.probes(host, peers)}
        assert investigator.judge(host, silence).liveness is not Liveness.UP

    @pytest.mark.parametrize("seed", SITES)
    def test_a_belief_has_evidence(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        vote = investigator.judge(host, answered(investigator.probes(host, peers), seed))
        assert vote.evidence or vote.liveness is Liveness.UNKNOWN
        assert all(sentence.strip() for sentence in vote.evidence)
        crosses(vote)

    @pytest.mark.parametrize("seed", SITES)
    def test_the_order_of_answers_does_not_matter(self, investigator: Investigator, seed: int) -> None:
        host, peers = site(seed)
        answers = answered(investigator.probes(host, peers), seed)
        backwards = dict(reversed(answers.items()))
        assert investigator.judge(host, answers).liveness is investigator.judge(host, backwards).liveness

    @pytest.mark.parametrize("sight", Sight)
    def test_another_hosts_answer_is_no_evidence(self, investigator: Investigator, sight: Sight) -> None:
        host, peers = site(1)
        strange = {Probe(target=peer.uuid, question="ping"): Answer(sight=sight) for peer in peers}
        assert investigator.judge(host, strange).liveness is Liveness.UNKNOWN


def site(seed: int) -> tuple[HostView, list[HostView]]:
    """A host that is silent and its peers; the same for the same seed."""
    source = random.Random(seed)
    views = [
        HostView(
            uuid=f"host-{number}",
            name=f"host-{number}.example",
            hypervisor="Simulator",
            zone="zone",
            pod="pod",
            cluster=f"cluster-{source.randrange(2)}",
            pools=tuple(pool for pool in ("pool-a", "pool-b") if source.random() < 0.6),
            connected=bool(number) and source.random() < 0.7,
            silent=source.randrange(300_000_000) if not number else 0,
        )
        for number in range(source.randrange(7) + 1 + (seed == 1))
    ]
    return views[0], views[1:]


def answered(probes: Sequence[Probe], seed: int) -> dict[Probe, Answer]:
    """Answers to probes, any of the three; the same for the same seed."""
    source = random.Random(seed)
    return {probe: Answer(sight=source.choice(list(Sight)), detail="made up") for probe in probes}
