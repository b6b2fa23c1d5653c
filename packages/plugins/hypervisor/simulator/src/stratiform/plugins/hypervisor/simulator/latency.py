"""Latency: distributions of how long a verb takes, drawn from a seed."""

from random import Random

import msgspec

from stratiform.plugins.hypervisor.simulator.state import State


class Constant(msgspec.Struct, frozen=True, tag="constant"):
    """Always the same."""

    microseconds: int


class Uniform(msgspec.Struct, frozen=True, tag="uniform"):
    """Anything between, equally likely."""

    low: int
    high: int


class Normal(msgspec.Struct, frozen=True, tag="normal"):
    """Around a mean; what would be below zero is zero."""

    mean: int
    deviation: int


class Lognormal(msgspec.Struct, frozen=True, tag="lognormal"):
    """Half of all below the median, with a long tail: what most real latencies look like."""

    median: int
    sigma: float
    """Of the logarithm; 0.5 is a usual tail, 1.5 a bad one."""


class Exponential(msgspec.Struct, frozen=True, tag="exponential"):
    """Without memory."""

    mean: int


Distribution = Constant | Uniform | Normal | Lognormal | Exponential
"""All in microseconds."""

INSTANT = Constant(0)
ANY = "*"


def draw(distribution: Distribution, source: Random) -> int:
    """Microseconds, never below zero."""
    match distribution:
        case Constant(microseconds):
            drawn = float(microseconds)
        case Uniform(low, high):
            drawn = source.uniform(low, high)
        case Normal(mean, deviation):
            drawn = source.gauss(mean, deviation)
        case Lognormal(median, sigma):
            drawn = median * source.lognormvariate(0, sigma)
        case Exponential(mean):
            drawn = source.expovariate(1 / mean) if mean else 0.0
    return max(0, round(drawn))


class Latencies:
    """How long each verb takes where no rule says otherwise: nothing, until it is told."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_verb = dict(state.rows(_latency, "SELECT verb, distribution FROM latency"))

    def put(self, verb: str, distribution: Distribution) -> None:
        """Let a verb take time, from now on; `*` is every verb that has none of its own."""
        self._by_verb[verb] = distribution
        data = msgspec.json.encode(distribution)
        self._state.change("INSERT OR REPLACE INTO latency (verb, distribution) VALUES (?, ?)", verb, data)

    def of(self, verb: str) -> Distribution:
        """How long a verb takes."""
        return self._by_verb.get(verb) or self._by_verb.get(ANY) or INSTANT


def _latency(verb: str, data: bytes) -> tuple[str, Distribution]:
    return verb, msgspec.json.decode(data, type=Distribution)
