"""Start a quickstart, deploy a machine with the unmodified client `cs`, show both, and stay until Ctrl-C.

`--exit` ends it there; everything else is handed on to `stratiform quickstart`.
"""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from cs import CloudStack, CloudStackException
from rich.console import Console
from rich.table import Table

STRATIFORM = str(Path(sys.executable).with_name("stratiform"))
TIMEOUT = 120
COLUMNS = {
    "name": "name",
    "state": "state",
    "host": "hostname",
    "template": "templatename",
    "offering": "serviceofferingname",
}


def main(arguments: list[str]) -> int:
    """Run it; answer the exit code."""
    passed = [each for each in arguments if each != "--exit"]
    server = subprocess.Popen([STRATIFORM, "quickstart", "--json", *passed], stdout=subprocess.PIPE, text=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        line = server.stdout.readline()
        if not line:
            return server.wait() or 1
        ready = json.loads(line)
        console = Console(width=None if sys.stdout.isatty() else 100)
        console.print(machine(deploy(ready)))
        console.print(hints(ready, passed), highlight=False, markup=False, soft_wrap=True)
        return 0 if len(passed) < len(arguments) else server.wait()
    except CloudStackException as error:
        print(f"No machine could be deployed: {error}. See {STRATIFORM} job list.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        end(server)


def deploy(ready: dict[str, str]) -> dict[str, object]:
    """Deploy a machine and wait until it runs."""
    cloud = CloudStack(
        endpoint=ready["url"], key=ready["apikey"], secret=ready["secretkey"], poll_interval=0.1, job_timeout=TIMEOUT
    )
    zone = cloud.listZones()["zone"][0]
    offering = cloud.listServiceOfferings(name="Small Instance")["serviceoffering"][0]
    template = cloud.listTemplates(templatefilter="featured", zoneid=zone["id"])["template"][0]
    asked = {"zoneid": zone["id"], "serviceofferingid": offering["id"], "templateid": template["id"]}
    return cloud.deployVirtualMachine(**asked, fetch_result=True)["virtualmachine"]


def machine(vm: dict[str, object]) -> Table:
    """The machine as a small table."""
    table = Table(title="A virtual machine, deployed with cs")
    for column in (*COLUMNS, "address"):
        table.add_column(column)
    table.add_row(*(str(vm.get(key, "")) for key in COLUMNS.values()), vm["nic"][0]["ipaddress"])
    return table


def hints(ready: dict[str, str], passed: list[str]) -> str:
    """What a newcomer may try next, in another terminal."""
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--data")
    data = where.parse_known_args(passed)[0].data
    bin = Path(os.path.relpath(STRATIFORM)).parent
    return f"""
In another terminal, in this directory:

  export CLOUDSTACK_ENDPOINT={ready["url"]}
  export CLOUDSTACK_KEY={ready["apikey"]}
  export CLOUDSTACK_SECRET={ready["secretkey"]}
  {bin}/cs listVirtualMachines
  {bin}/cs listHosts type=Routing
  {bin}/stratiform job list{f" --data {shlex.quote(data)}" if data else ""}

Ctrl-C ends it; started again, it goes on where it was."""


def end(server: subprocess.Popen[str]) -> None:
    """End the server that was started here, if it still runs; Ctrl-C may have told it already."""
    if server.poll() is None:
        server.terminate()
    server.wait(30)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
