"""Rules and latencies, without a process."""

from random import Random
from statistics import mean, median

import pytest

from stratiform.plugins.hypervisor.simulator.latency import (
    Constant,
    Exponential,
    Latencies,
    Lognormal,
    Normal,
    Uniform,
    draw,
)
from stratiform.plugins.hypervisor.simulator.rule import Action, Rule, Rules, Target, fits, specificity
from stratiform.plugins.hypervisor.simulator.state import State

START = Target(
    host=("host-1", "http://h1.invalid"), verb="Hypervisor.start", subject=("vm-1", "i-2-1-VM.1")
)


@pytest.fixture
def state():
    made = State(":memory:")
    yield made
    made.close()


@pytest.mark.parametrize(
    "rule",
    [
        Rule(),
        Rule(host="host-1"),
        Rule(host="http://h1.*"),
        Rule(verb="*.start"),
        Rule(subject="vm-?"),
        Rule(subject="i-2-*"),
        Rule(host="host-[0-9]", verb="Hypervisor.start", subject="vm-1"),
    ],
)
def test_a_rule_fits_what_it_names(rule):
    assert fits(rule, START)


@pytest.mark.parametrize("rule", [Rule(host="host"), Rule(verb="start"), Rule(host="host-1", subject="vm-2")])
def test_a_rule_fits_nothing_else(rule):
    assert not fits(rule, START)


def test_rules_from_the_least_to_the_most_specific():
    ordered = [
        Rule(id=9),
        Rule(host="host-*"),
        Rule(verb="Hypervisor.*"),
        Rule(host="host-1"),
        Rule(host="host-*", verb="Hypervisor.*"),
        Rule(host="host-1", verb="Hypervisor.*"),
        Rule(host="host-1", verb="Hypervisor.start"),
        Rule(host="host-1", verb="Hypervisor.start", id=1),
        Rule(host="*1", verb="H*", subject="v*"),
    ]
    assert sorted(ordered, key=specificity) == ordered


def test_where_chance_passes_a_rule_by_the_next_one_happens(state):
    rules = Rules(state)
    rules.add(Rule(action=Action.FAIL))
    never = rules.add(Rule(host="host-1", action=Action.HANG, probability=0.0, count=1))
    assert rules.pick(START, Random(1)).action is Action.FAIL
    assert [rule.count for rule in rules.list() if rule.id == never] == [1]


def test_a_thousand_rules_for_a_thousand_hosts_do_not_meet(state):
    rules = Rules(state)
    for number in range(1000):
        rules.add(Rule(host=f"host-{number}", action=Action.FAIL))
    assert rules.pick(START, Random(1)).host == "host-1"
    rules.remove(rules.pick(START, Random(1)).id)
    assert rules.pick(START, Random(1)) is None
    assert [rule.host for rule in Rules(state).list()] == [rule.host for rule in rules.list()]


@pytest.mark.parametrize(
    ("distribution", "middle"),
    [
        (Constant(1000), 1000),
        (Uniform(0, 2000), 1000),
        (Normal(1000, 300), 1000),
        (Lognormal(1000, 0.5), 1000),
        (Exponential(1000), 693),
    ],
)
def test_a_distribution_has_its_middle_and_repeats_itself(distribution, middle):
    drawn = [draw(distribution, Random(f"seed/{number}")) for number in range(2000)]
    assert middle * 0.9 <= median(drawn) <= middle * 1.1
    assert drawn == [draw(distribution, Random(f"seed/{number}")) for number in range(2000)]
    assert min(drawn) >= 0


def test_nothing_takes_less_than_no_time():
    assert mean(draw(Normal(0, 100), Random(number)) for number in range(100)) > 0
    assert draw(Exponential(0), Random(1)) == 0


def test_a_verb_without_a_latency_of_its_own_has_the_common_one(state):
    latencies = Latencies(state)
    assert latencies.of("Hypervisor.start") == Constant(0)
    latencies.put("*", Constant(5))
    latencies.put("Hypervisor.start", Uniform(1, 2))
    for kept in (latencies, Latencies(state)):
        assert (kept.of("Hypervisor.start"), kept.of("Hypervisor.stop")) == (Uniform(1, 2), Constant(5))
