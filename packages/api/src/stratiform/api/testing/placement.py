"""The contract of placement advisers. Subclass and give the adviser; the kit makes its own clouds."""

import time
from typing import ClassVar

import pytest

from stratiform.api.adapters.placement import CANDIDATES, HostTable, Placement, Ranking, Request
from stratiform.api.testing.cloud import cloud, placed, table, why_not
from stratiform.api.testing.contract import Contract
from stratiform.api.testing.purity import pure

CLOUDS = range(30)
"""Seeds of made-up clouds: from one host to forty, most of them nearly full."""
SLOWEST = 2.0
"""Seconds that 32 requests over 1,000 hosts may take on the slowest machine that runs these tests."""


class PlacementContract(Contract):
    """Purity, room on every host that is named, a reason with figures for each that is not, and speed."""

    protocol: ClassVar[type] = Placement

    @pytest.fixture
    def placement(self) -> Placement:
        """The adviser: the plug-in's to define."""
        raise NotImplementedError("define the fixture `placement`")

    @pytest.fixture
    def adapter(self, placement: Placement) -> object:
        """The adviser."""
        return placement

    @pytest.mark.parametrize("seed", CLOUDS)
    def test_it_only_looks_at_what_it_is_given(self, placement: Placement, seed: int) -> None:
        requests, hosts = cloud(seed)
        with pure(requests, hosts):
            placement.rank(requests, hosts)

    @pytest.mark.parametrize("seed", CLOUDS)
    def test_the_same_question_has_the_same_answer(self, placement: Placement, seed: int) -> None:
        requests, hosts = cloud(seed)
        before = placement.rank(requests, hosts)
        placement.rank(*cloud(seed + 1))
        assert list(before) == list(placement.rank(requests, hosts))

    @pytest.mark.parametrize("seed", CLOUDS)
    def test_the_hosts_it_names_have_room(self, placement: Placement, seed: int) -> None:
        for request, ranking, hosts in told(placement, seed):
            assert len(set(ranking.hosts)) == len(ranking.hosts) <= CANDIDATES
            for host in ranking.hosts:
                assert why_not(request, hosts, hosts.ids.index(host)) == []

    @pytest.mark.parametrize("seed", CLOUDS)
    def test_a_host_without_room_is_refused_with_figures(self, placement: Placement, seed: int) -> None:
        """As in `memory: 2048 MiB needed, 512 MiB free`, for one of the rules that the host fails."""
        for request, ranking, hosts in told(placement, seed):
            for row, host in enumerate(hosts.ids):
                reasons = why_not(request, hosts, row)
                said = ranking.refused.get(host, "")
                assert not reasons or any(all(part in said for part in reason) for reason in reasons), said

    @pytest.mark.parametrize("seed", CLOUDS)
    def test_if_no_host_is_named_every_one_is_refused(self, placement: Placement, seed: int) -> None:
        for _, ranking, hosts in told(placement, seed):
            assert ranking.refused.keys() <= set(hosts.ids) - set(ranking.hosts)
            assert ranking.hosts or ranking.refused.keys() == set(hosts.ids)
            assert all(": " in reason for reason in ranking.refused.values())

    @pytest.mark.parametrize("seed", CLOUDS)
    def test_each_request_counts_on_those_before_it(self, placement: Placement, seed: int) -> None:
        """A batch is answered as its requests would be one by one, each placed on its first host."""
        for request, ranking, hosts in told(placement, seed):
            assert list(placement.rank([request], hosts)) == [ranking]

    def test_a_batch_does_not_overfill_a_host(self, placement: Placement) -> None:
        hosts = table(["only"], cpu=(4000, 0), memory=(4096, 0))
        rankings = placement.rank([Request(vm=f"{n}", cpu=1000, memory=2048) for n in range(3)], hosts)
        assert [list(ranking.hosts) for ranking in rankings] == [["only"], ["only"], []]
        assert "2048" in rankings[2].refused["only"]
        assert "0 MiB" in rankings[2].refused["only"]

    def test_no_request_no_ranking(self, placement: Placement) -> None:
        assert list(placement.rank([], cloud(1)[1])) == []

    def test_no_host_is_an_answer_too(self, placement: Placement) -> None:
        (ranking,) = placement.rank([Request(vm="a", cpu=1, memory=1)], table([], cpu=(1, 0), memory=(1, 0)))
        assert (list(ranking.hosts), dict(ranking.refused)) == ([], {})

    def test_a_thousand_hosts_are_ranked_in_time(self, placement: Placement) -> None:
        requests = [Request(vm=f"{n}", cpu=1000 + n, memory=1024) for n in range(32)]
        hosts = table([f"host-{n}" for n in range(1000)], cpu=(64_000, 1000), memory=(262_144, 1024))
        began = time.perf_counter()
        placement.rank(requests, hosts)
        assert time.perf_counter() - began < SLOWEST


def told(placement: Placement, seed: int) -> list[tuple[Request, Ranking, HostTable]]:
    """Each request with its ranking, and the hosts as they are once those before it were placed."""
    requests, hosts = cloud(seed)
    rankings = placement.rank(requests, hosts)
    assert len(rankings) == len(requests)
    story = []
    for request, ranking in zip(requests, rankings, strict=True):
        story.append((request, ranking, hosts))
        if ranking.hosts:
            hosts = placed(request, hosts, hosts.ids.index(ranking.hosts[0]))
    return story
