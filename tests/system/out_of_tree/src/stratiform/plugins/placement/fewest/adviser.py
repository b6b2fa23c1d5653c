"""Ranks hosts by how few virtual machines live there."""

from collections.abc import Sequence

from stratiform.api.adapters.placement import CANDIDATES, HostTable, Ranking, Request


class Fewest:
    """Fewest virtual machines first, then by id."""

    name = "fewest"
    order = 500

    def rank(self, requests: Sequence[Request], hosts: HostTable) -> Sequence[Ranking]:
        """One ranking for each request, each taking those before it to be on their first host."""
        cpu = [total - used for total, used in zip(hosts.cpu_total, hosts.cpu_used, strict=True)]
        memory = [total - used for total, used in zip(hosts.memory_total, hosts.memory_used, strict=True)]
        vms = list(hosts.vms)
        rankings = []
        for request in requests:
            refused = {}
            fit = []
            for row, host in enumerate(hosts.ids):
                if host in request.avoid:
                    refused[host] = "avoid: another host needed"
                elif cpu[row] < request.cpu:
                    refused[host] = f"cpu: {request.cpu} MHz needed, {cpu[row]} MHz free"
                elif memory[row] < request.memory:
                    refused[host] = f"memory: {request.memory} MiB needed, {memory[row]} MiB free"
                else:
                    fit.append((vms[row], host, row))
            best = sorted(fit)[:CANDIDATES]
            rankings.append(Ranking(hosts=[host for _, host, _ in best], refused=refused))
            for _, _, row in best[:1]:
                cpu[row] -= request.cpu
                memory[row] -= request.memory
                vms[row] += 1
        return rankings


fewest = Fewest()
