"""Made-up clouds for the contract of placement: what is asked of them, and what each host can take."""

import random
from collections.abc import Sequence
from dataclasses import replace

from stratiform.api.adapters.placement import HostTable, Request


def table(ids: Sequence[str], cpu: tuple[int, int], memory: tuple[int, int]) -> HostTable:
    """Hosts that are all alike: (total, used) of MHz and of MiB."""
    count = len(ids)
    return HostTable(
        ids=list(ids),
        pods=["pod"] * count,
        clusters=["cluster"] * count,
        cpu_total=[cpu[0]] * count,
        cpu_used=[cpu[1]] * count,
        memory_total=[memory[0]] * count,
        memory_used=[memory[1]] * count,
        vms=[0] * count,
    )


def cloud(seed: int) -> tuple[list[Request], HostTable]:
    """A made-up cloud and what is asked of it; the same for the same seed."""
    source = random.Random(seed)
    ids = [f"host-{number:02}" for number in range(source.choice([1, 3, 12, 40]))]
    source.shuffle(ids)
    hosts = replace(
        table(ids, cpu=(8000, 0), memory=(8192, 0)),
        cpu_used=[source.randrange(0, 8001, 500) for _ in ids],
        memory_used=[source.randrange(0, 8193, 512) for _ in ids],
        vms=[source.randrange(9) for _ in ids],
    )
    requests = [
        Request(
            vm=f"vm-{number}",
            cpu=source.choice([500, 1000, 4000]),
            memory=source.choice([512, 2048, 6144]),
            avoid=frozenset(host for host in ids if source.random() < 0.1),
        )
        for number in range(12)
    ]
    return requests, hosts


def placed(request: Request, hosts: HostTable, row: int) -> HostTable:
    """The hosts once a request is on one of them."""

    def more(column: Sequence[int], amount: int) -> list[int]:
        return [value + amount * (index == row) for index, value in enumerate(column)]

    return replace(
        hosts,
        cpu_used=more(hosts.cpu_used, request.cpu),
        memory_used=more(hosts.memory_used, request.memory),
        vms=more(hosts.vms, 1),
    )


def why_not(request: Request, hosts: HostTable, row: int) -> list[tuple[str, ...]]:
    """The rules that a host fails, each as the words that its reason must have."""
    cpu = hosts.cpu_total[row] - hosts.cpu_used[row]
    memory = hosts.memory_total[row] - hosts.memory_used[row]
    failed: list[tuple[str, ...]] = []
    if hosts.ids[row] in request.avoid:
        failed.append(("avoid: ",))
    if cpu < request.cpu:
        failed.append(("cpu: ", f"{request.cpu} MHz", f"{cpu} MHz"))
    if memory < request.memory:
        failed.append(("memory: ", f"{request.memory} MiB", f"{memory} MiB"))
    return failed
