"""The simulator's command line: `--data DIR` is the simulator, `--data DIR control …` steers it."""

import argparse
import sys
from pathlib import Path

import msgspec

from stratiform.framework.base.errors import Error
from stratiform.plugins.hypervisor.simulator import process
from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.rule import Rule


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; answers its exit status."""
    given = _parser().parse_args(arguments)
    try:
        if given.command is None:
            process.run(given.data, given.seed, detach=given.detach)
            return 0
        with SimulatorClient(given.data) as client:
            for line in _control(client, given):
                print(line)
        return 0
    except (Error, msgspec.DecodeError) as error:
        print(error, file=sys.stderr)
        return 1


def _control(client: SimulatorClient, given: argparse.Namespace) -> list[str]:
    match given.do:
        case "hosts":
            hosts = client.inventory().hosts
            return [f"{each.uuid}  {each.condition:<11} {len(each.vms):>4} VMs  {each.url}" for each in hosts]
        case "vms":
            return [f"{vm.uuid}  {vm.name}  {h.uuid}" for h in client.inventory().hosts for vm in h.vms]
        case "rules":
            return [msgspec.json.encode(rule).decode() for rule in client.rules()]
        case "journal":
            entries = client.journal(given.host, given.since, given.limit)
            return [msgspec.json.encode(entry).decode() for entry in entries]
        case "add":
            return [str(client.add_rule(msgspec.json.decode(given.rule, type=Rule)))]
        case "remove":
            client.remove_rule(given.rule)
        case "shutdown":
            client.shutdown()
        case verb:
            {
                "crash": client.crash,
                "hang": client.hang,
                "partition": client.partition,
                "restore": client.restore,
            }[verb](given.host)
    return []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {process.PACKAGE}", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the directory it serves")
    parser.add_argument("--seed", type=int, default=0, help="what chance is drawn from")
    parser.add_argument("--detach", action="store_true", help="return once it listens")
    control = parser.add_subparsers(dest="command").add_parser("control", help="steer the one that runs")
    verbs = control.add_subparsers(dest="do", required=True)
    for name, text in (
        ("hosts", "list the hosts that were named"),
        ("vms", "list the virtual machines that run"),
        ("rules", "list the rules"),
        ("shutdown", "end the simulator; what it keeps stays"),
    ):
        verbs.add_parser(name, help=text)
    journal = verbs.add_parser("journal", help="list what hosts were told")
    journal.add_argument("--host", default="", help="UUID of one host")
    journal.add_argument("--since", type=int, default=0, help="after this entry")
    journal.add_argument("--limit", type=int, default=1000, help="at most so many")
    verbs.add_parser("add", help="add a rule").add_argument("rule", help='as {"verb": …, "action": …}')
    verbs.add_parser("remove", help="remove a rule").add_argument("rule", type=int, help="its id")
    for name, text in (
        ("crash", "cut a host's power"),
        ("hang", "let a host answer nothing"),
        ("partition", "lose what is sent to a host or by it"),
        ("restore", "bring a host up again"),
    ):
        verbs.add_parser(name, help=text).add_argument("host", help="UUID or URL")
    return parser


if __name__ == "__main__":
    sys.exit(main())
