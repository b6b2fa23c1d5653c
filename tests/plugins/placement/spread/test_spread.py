"""The three policies keep the contract of placement, and each chooses as its name says."""

from dataclasses import replace

import pytest

from stratiform.api.adapters.placement import CANDIDATES, HostTable, Placement, Request
from stratiform.api.testing.cloud import table
from stratiform.api.testing.placement import PlacementContract
from stratiform.framework import plugins
from stratiform.plugins.placement.spread.policy import FirstFit, Pack, Spread, firstfit, pack, spread


class TestSpread(PlacementContract):
    @pytest.fixture
    def placement(self):
        return Spread()


class TestFirstFit(PlacementContract):
    @pytest.fixture
    def placement(self):
        return FirstFit()


class TestPack(PlacementContract):
    @pytest.fixture
    def placement(self):
        return Pack()


SMALL = Request(vm="vm", cpu=100, memory=100)


def hosts(**columns: tuple[int, int, int]) -> HostTable:
    """By id: MHz used of 1,000, MiB used of 1,000, and virtual machines."""
    cpu, memory, vms = zip(*columns.values(), strict=True)
    alike = table(list(columns), cpu=(1000, 0), memory=(1000, 0))
    return replace(alike, cpu_used=cpu, memory_used=memory, vms=vms)


def chosen(policy: Placement, request: Request, **columns: tuple[int, int, int]) -> list[str]:
    return list(policy.rank([request], hosts(**columns))[0].hosts)


def test_spread_takes_the_host_whose_scarcer_resource_is_least_in_use():
    assert chosen(Spread(), SMALL, a=(500, 100, 1), b=(100, 600, 1), c=(400, 400, 1)) == ["c", "a", "b"]


def test_spread_counts_what_the_request_itself_takes():
    memory_heavy = Request(vm="vm", cpu=0, memory=500)
    assert chosen(Spread(), memory_heavy, a=(600, 0, 1), b=(0, 200, 1)) == ["a", "b"]


def test_spread_breaks_ties_by_virtual_machines_then_by_id():
    assert chosen(Spread(), SMALL, b=(0, 0, 1), c=(0, 0, 0), a=(0, 0, 1)) == ["c", "a", "b"]


def test_pack_takes_the_fullest_that_fits():
    fullness = {"a": (500, 0, 1), "b": (0, 0, 5), "c": (950, 0, 9), "d": (0, 900, 1)}
    assert chosen(Pack(), SMALL, **fullness) == ["d", "a", "b"]


def test_pack_breaks_ties_by_virtual_machines_then_by_id():
    assert chosen(Pack(), SMALL, b=(0, 0, 1), c=(0, 0, 2), a=(0, 0, 1)) == ["c", "a", "b"]


def test_firstfit_keeps_the_order_of_the_table():
    assert chosen(FirstFit(), SMALL, b=(900, 0, 1), c=(950, 0, 1), a=(0, 0, 1)) == ["b", "a"]


@pytest.mark.parametrize(("policy", "targets"), [(Spread, "abab"), (Pack, "aabb"), (FirstFit, "aabb")])
def test_a_batch_goes_where_the_policy_says(policy, targets):
    half = Request(vm="vm", cpu=500, memory=10)
    rankings = policy().rank([half] * 4, hosts(a=(0, 0, 0), b=(0, 0, 0)))
    assert [ranking.hosts[0] for ranking in rankings] == list(targets)


def test_a_refusal_that_an_earlier_request_of_another_size_changed_is_told_anew():
    large, small = Request(vm="a", cpu=2000, memory=1), Request(vm="b", cpu=300, memory=1)
    rankings = Spread().rank([large, small, large], hosts(a=(0, 0, 0)))
    assert [ranking.refused.get("a") for ranking in rankings] == [
        "cpu: 2000 MHz needed, 1000 MHz free",
        None,
        "cpu: 2000 MHz needed, 700 MHz free",
    ]


def test_the_best_are_named_and_no_more():
    alike = table([f"{number:03}" for number in range(100)], cpu=(1000, 0), memory=(1000, 0))
    (ranking,) = Spread().rank([replace(SMALL, avoid=frozenset({"000", "002", "strange"}))], alike)
    assert ranking.hosts == ["001", "003", "004", "005", "006", "007", "008", "009"]
    assert len(ranking.hosts) == CANDIDATES
    assert ranking.refused.keys() == {"000", "002"}


def test_a_host_without_any_capacity_takes_only_what_needs_none():
    nothing = table(["a"], cpu=(0, 0), memory=(0, 0))
    none, some = Request(vm="a", cpu=0, memory=0), Request(vm="b", cpu=1, memory=0)
    assert [list(ranking.hosts) for ranking in Spread().rank([none, some], nothing)] == [["a"], []]


def test_a_host_that_is_overfull_is_refused_with_what_it_lacks():
    (ranking,) = Spread().rank([SMALL], hosts(a=(1200, 0, 3)))
    assert ranking.refused == {"a": "cpu: 100 MHz needed, -200 MHz free"}


def test_they_are_loaded_by_their_names():
    found = [(loaded.name, loaded.plugin) for loaded in plugins.load("stratiform.placement", Placement)]
    assert [(name, plugin) for name, plugin in found if plugin in (spread, firstfit, pack)] == [
        ("spread", spread),
        ("firstfit", firstfit),
        ("pack", pack),
    ]
