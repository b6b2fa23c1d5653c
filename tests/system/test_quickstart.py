"""`stratiform quickstart` as newcomers, scripts and accidents use it."""

import json
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cs import CloudStack
from tests.system.running import ON_EACH_DATABASE, STRATIFORM, Running
from tests.system.truth import wait_until

from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.place import Place
from stratiform.plugins.hypervisor.simulator.provider import simulator

TOOL = Path(__file__).parents[2] / "tools/quickstart.py"
SECONDS = 50


def client(cloud):
    return CloudStack(
        endpoint=cloud.url, key=cloud.apikey, secret=cloud.secretkey, poll_interval=0.05, job_timeout=SECONDS
    )


def deploy(cloud):
    cs = client(cloud)
    asked = {
        "zoneid": cs.listZones()["zone"][0]["id"],
        "serviceofferingid": cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]["id"],
        "templateid": cs.listTemplates(templatefilter="featured")["template"][0]["id"],
    }
    return cs.deployVirtualMachine(**asked, fetch_result=True)["virtualmachine"]


def run(*words, **options):
    """Run one command line of ours to its end."""
    return subprocess.run([STRATIFORM, *map(str, words)], capture_output=True, text=True, timeout=SECONDS, **options)


def refused(*words):
    """What a command says that cannot do what it was asked: one line, no traceback."""
    done = run(*words)
    assert (done.returncode, done.stdout) == (1, "")
    *_, said = done.stderr.splitlines()
    assert said.startswith("Error: ")
    assert "Traceback" not in done.stderr
    return said


def check_whole(cloud, hosts):
    """Everything that a quickstart makes is there, once, and works."""
    cs = client(cloud)
    (zone,) = cs.listZones()["zone"]
    assert (zone["name"], zone["networktype"], zone["allocationstate"]) == ("quickstart", "Advanced", "Enabled")
    homes = {each["name"]: each["clustername"] for each in cs.listHosts(type="Routing", fetch_list=True)}
    assert homes == {f"host-{number}": f"cluster-{2 - number % 2}" for number in range(1, hosts + 1)}
    assert sorted(each["name"] for each in cs.listClusters()["cluster"]) == ["cluster-1", "cluster-2"]
    pools = sorted((each["name"], each["state"]) for each in cs.listStoragePools()["storagepool"])
    assert pools == [("primary-1", "Up"), ("primary-2", "Up")]
    assert [each["name"] for each in cs.listNetworks()["network"]] == ["quickstart"]
    assert "tiny" in [each["name"] for each in cs.listTemplates(templatefilter="featured")["template"]]
    assert deploy(cloud)["state"] == "Running"


@pytest.fixture
def running(tmp_path, postgresql_url):
    """A quickstart that the test starts itself."""
    made = Running(tmp_path / "data", database=postgresql_url)
    yield made
    made.close()


@ON_EACH_DATABASE
def test_json_is_one_line_and_the_same_when_it_is_started_again(quickstart):
    cloud = quickstart(hosts=4)
    assert list(cloud.ready) == ["url", "apikey", "secretkey", "username", "password"]
    assert cloud.url.startswith("http://127.0.0.1:")
    assert cloud.url.endswith("/client/api")
    check_whole(cloud, 4)
    first = cloud.ready
    kept = cloud.data / "quickstart.json"
    assert json.loads(kept.read_text()) == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    process = cloud.process
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == ""
    assert process.wait(SECONDS) == 0
    assert Place(cloud.data).serves(), "the simulator ended with the server"
    assert cloud.restart().ready == first
    assert len(client(cloud).listVirtualMachines()["virtualmachine"]) == 1
    assert cloud.stop() == 0


@ON_EACH_DATABASE
def test_what_operators_changed_stays_and_hosts_are_added(quickstart):
    cloud = quickstart(hosts=2)
    cloud.kill9()
    cloud.options[0] = "--hosts=5"
    check_whole(cloud.restart(), 5)
    cloud.kill9()
    cloud.options[0] = "--hosts=1"
    cloud.restart()
    assert len(client(cloud).listHosts(type="Routing")["host"]) == 5


@ON_EACH_DATABASE
@pytest.mark.parametrize("moments", [(0, 0.1, 0.2, 0.4), (0.05, 0.8, 1.6), (1.2, 0.3, 2.4)], ids=str)
def test_killed_at_any_moment_it_goes_on(running, moments):
    for moment in moments:
        before = len(running.progress())
        running.spawn()
        wait_until(lambda before=before: "Database" in running.progress()[before:])
        time.sleep(moment)  # the moment of death, not a wait for a state
        running.kill9()
    check_whole(running.restart(), 4)


def test_ended_before_it_is_ready_it_says_that_it_goes_on(running):
    process = running.spawn()
    wait_until(lambda: "Simulator" in running.progress())
    process.terminate()
    assert process.wait(SECONDS) in (0, 1)
    if process.returncode:
        assert "goes on where it was" in running.progress()
    check_whole(running.restart(), 4)


def test_fresh_begins_anew_where_a_quickstart_was(quickstart):
    cloud = quickstart(hosts=4)
    deploy(cloud)
    first = cloud.ready
    assert "Another process" in refused("quickstart", "--fresh", f"--data={cloud.data}")
    cloud.stop()
    cloud.options.append("--fresh")
    cloud.restart()
    assert cloud.apikey != first["apikey"]
    assert client(cloud).listVirtualMachines() == {}
    with SimulatorClient(cloud.data) as control:
        assert len(control.inventory().hosts) == 4
        assert not any(each.vms for each in control.inventory().hosts)


def test_fresh_empties_no_database_server(tmp_path):
    nobodys = "--database=postgresql+psycopg://nobody@localhost:1/none"
    assert "--fresh" in refused("quickstart", f"--data={tmp_path / 'data'}", nobodys, "--fresh")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("fresh", [[], ["--fresh"]], ids=["plain", "fresh"])
def test_a_directory_of_somebody_else_is_refused_and_left_alone(tmp_path, fresh):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "--data" in refused("quickstart", f"--data={tmp_path}", *fresh)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


@ON_EACH_DATABASE
def test_a_second_one_on_the_same_data_is_refused_by_the_first_ones_pid(quickstart):
    cloud = quickstart(hosts=1)
    assert f"({cloud.process.pid})" in refused("quickstart", "--port=0", *cloud.where())


def test_a_port_that_is_taken_is_refused_if_it_was_asked_for(running):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "--port" in refused("quickstart", f"--port={port}", f"--data={running.data}")


@ON_EACH_DATABASE
def test_jobs_are_looked_at_beside_the_server(quickstart):
    cloud = quickstart(hosts=2)
    machine = deploy(cloud)
    where = cloud.where()
    (job,) = json.loads(run("job", "list", *where, "--kind=vm.deploy", "--json").stdout)
    assert (job["resource"], job["outcome"]) == (f"vm/{machine['id']}", "succeeded")
    assert job["uuid"] in run("job", "list", *where, f"--resource=vm/{machine['id']}").stdout

    tree = json.loads(run("job", "show", job["uuid"], *where, "--json").stdout)
    assert [line["text"] for line in tree["journal"]] == ["done"] * tree["steps"]
    assert {"volume.create", "nic.prepare"} <= {each["kind"] for each in tree["children"]}
    shown = run("job", "show", job["uuid"], *where).stdout
    assert "vm.deploy succeeded" in shown
    assert "└── settle: done" in shown

    for some in (job, tree["children"][0]):
        watched = run("job", "watch", some["uuid"], *where)
        assert watched.returncode == 0
        assert watched.stdout.splitlines()[-1].endswith(f"{job['uuid']} succeeded")


def test_a_job_is_watched_until_it_ends_and_why_it_waits_is_told(quickstart):
    cloud = quickstart(hosts=1)
    (host,) = client(cloud).listHosts(type="Routing")["host"]
    where = cloud.where()
    machine = deploy(cloud)
    with SimulatorClient(cloud.data) as control:
        control.hang(host["id"])
        filed = client(cloud).rebootVirtualMachine(id=machine["id"])["jobid"]
        watching = subprocess.Popen([STRATIFORM, "job", "watch", filed, *where], stdout=subprocess.PIPE, text=True)

        def waits_for_the_host():
            said = run("job", "show", filed, *where).stdout
            return "on quickstart" in said and said

        assert "waits for 1 child" in wait_until(waits_for_the_host)
        assert watching.poll() is None
        control.restore(host["id"])
    assert watching.communicate(timeout=SECONDS)[0].splitlines()[-1].endswith(f"{filed} succeeded")
    assert watching.returncode == 0


def test_a_server_runs_on_what_was_migrated(tmp_path):
    data = tmp_path / "server"
    assert "stratiform migrate" in refused("server", f"--data={data}", "--port=0")
    assert run("migrate", f"--data={data}").returncode == 0
    command = [STRATIFORM, "server", f"--data={data}", "--port=0", "--json-logs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            assert url.endswith("/client/api")
            assert "Another process" in refused("server", f"--data={data}", "--port=0")
            assert run("migrate", f"--data={data}").returncode == 0
            server.terminate()
            assert server.wait(SECONDS) == 0
        finally:
            server.kill()
            simulator.retire(data)


def test_the_tool_deploys_a_machine_with_cs_and_ends(tmp_path):
    command = [sys.executable, TOOL, f"--data={tmp_path / 'data'}", "--port=0", "--exit"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, done.stderr
        assert "Running" in done.stdout
        assert "CLOUDSTACK_KEY" in done.stdout
        with Path(tmp_path / "data" / "stratiform.db.lock").open() as lock:
            assert not Path(f"/proc/{lock.read().strip()}").exists()
    finally:
        simulator.retire(tmp_path / "data")
