"""What the hosts of a table have left, while one call places its requests."""

from collections.abc import Iterable, Iterator
from operator import sub

from stratiform.api.adapters.placement import HostTable, Request


class Load:
    """The free capacity of each row of a table; `placed` lists the rows that changed, oldest first."""

    def __init__(self, hosts: HostTable) -> None:
        self.hosts = hosts
        self.vms = list(hosts.vms)
        self.placed: list[int] = []
        self._cpu = list(map(sub, hosts.cpu_total, hosts.cpu_used))
        self._memory = list(map(sub, hosts.memory_total, hosts.memory_used))

    def place(self, row: int, request: Request) -> None:
        """Take the request's capacity from a row."""
        self._cpu[row] -= request.cpu
        self._memory[row] -= request.memory
        self.vms[row] += 1
        self.placed.append(row)

    def shares(self, rows: Iterable[int], cpu: int, memory: int) -> Iterator[tuple[int, float | str]]:
        """For each row the share in use once that much more is placed there, or why it does not fit.

        The share is the larger of processor's and memory's. One loop for all rows: here the time goes.
        """
        cpu_free, memory_free = self._cpu, self._memory
        cpu_total, memory_total = self.hosts.cpu_total, self.hosts.memory_total
        for row in rows:
            if cpu_free[row] < cpu:
                yield row, f"cpu: {cpu} MHz needed, {cpu_free[row]} MHz free"
            elif memory_free[row] < memory:
                yield row, f"memory: {memory} MiB needed, {memory_free[row]} MiB free"
            else:
                cpu_left = (cpu_free[row] - cpu) / (cpu_total[row] or 1)
                memory_left = (memory_free[row] - memory) / (memory_total[row] or 1)
                yield row, 1 - (cpu_left if cpu_left < memory_left else memory_left)
