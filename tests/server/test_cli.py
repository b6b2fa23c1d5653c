"""The command line without any server: its refusals, migrations, and jobs read from a database."""

import json
import stat
from pathlib import Path

import pytest
import sqlalchemy
from click.testing import CliRunner

from stratiform.api.adapters.hypervisor import HypervisorProvider
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.alone import AlreadyRunning, alone
from stratiform.framework.cluster.table import process
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.table import job, stage
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.cli import main
from stratiform.server.console.option import default_data
from stratiform.server.quickstart.home import MARK, Card, Home, NotOurs

NOW = 1_769_853_600_000_000
BLANK = {
    "version": 1,
    "stage": "vm",
    "held": "[]",
    "fair_key": "account-1",
    "priority": 1,
    "ticket": 0,
    "step": "",
    "done": 0,
    "steps": 5,
    "direction": "forward",
    "attempt": 0,
    "epoch": 0,
    "pending": 0,
    "principal": "user-1",
    "request": "request-1",
    "trace": "0" * 31 + "1",
    "payload": "{}",
    "journal": "[]",
}


def run(*words):
    return CliRunner().invoke(main, [str(each) for each in words])


def refusal(*words):
    """What a command says that cannot do what it was asked: one line."""
    done = run(*words)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done.output
    return done.stderr


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A directory with a key ring and an empty database."""
    data = tmp_path_factory.mktemp("migrated") / "data"
    assert run("migrate", "--data", data).exit_code == 0
    return data


@pytest.fixture(scope="module")
def filed(migrated):
    """File a job: a row with what is given, the UUID made of its number."""
    database = Database(Settings(data=migrated).url, bootstrap.world())
    with database.transaction() as tx:
        tx.execute(sqlalchemy.insert(stage).values(name="vm", workers=2, mode="run", clock=0))
        tx.execute(sqlalchemy.insert(stage).values(name="volume", workers=2, mode="pause", clock=0))
        lease = {"version": "", "started": NOW, "heartbeat": NOW, "lease_until": NOW, "draining": False}
        tx.execute(sqlalchemy.insert(process).values(id="process-1", name="server-1", **lease))

    def file(number, kind, state, **given):
        row = {"id": number, "uuid": f"job-{number}", "root": f"job-{number}", "kind": kind, "state": state}
        moment = NOW + number * SECOND
        row |= BLANK | {"created": moment, "changed": moment} | given
        row["journal"] = json.dumps(given.get("journal", []))
        with database.transaction() as tx:
            tx.execute(sqlalchemy.insert(job).values(**row))
        return row["uuid"]

    yield file
    database.close()


@pytest.fixture(scope="module")
def jobs(filed):
    """A machine that is being deployed, with all that it waits for, and two that are over."""
    accept = [[NOW + SECOND, "accept", False, "done"], [NOW + SECOND, "place", False, "done"]]
    accept += [[NOW + 2 * SECOND, "equip", False, "done"]]
    deploy = {"pending": 2, "done": 3, "step": "boot", "lane": "vm/7", "resource": "vm/web", "journal": accept}
    filed(1, "vm.deploy", "waiting", **deploy)
    filed(2, "volume.create", "ready", root="job-1", parent=1, stage="volume", step="plan", steps=3)
    filed(3, "nic.prepare", "running", root="job-1", parent=1, step="lease", owner="process-1", steps=1)
    filed(4, "vm.stop", "blocked", lane="vm/7", step="accept", resource="vm/web")
    filed(5, "vm.reboot", "running", step="send", owner="process-gone")
    filed(6, "vm.start", "waiting", not_before=1 << 52, step="place")
    filed(7, "vm.start", "ready", step="place")
    filed(8, "alien.job", "ready", step="land")
    done = [[NOW + 9 * SECOND, each, False, "done"] for each in ("accept", "place", "equip", "boot", "settle")]
    filed(9, "vm.deploy", "ended", outcome="succeeded", done=5, journal=done)
    undone = [[NOW + 10 * SECOND, "place", False, "failed: no host has room"]]
    undone += [[NOW + 11 * SECOND, "accept", True, "undone"]]
    error = json.dumps({"code": "no_room", "parameters": {}, "text": "no host has room"}, separators=(",", ":"))
    filed(10, "vm.deploy", "ended", outcome="failed", direction="undo", error=error, journal=undone)


def show(data, uuid, *options):
    done = run("job", "show", uuid, "--data", data, *options)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_migrate_makes_a_directory_tables_and_a_key_ring_and_may_be_repeated(migrated):
    assert stat.S_IMODE(migrated.stat().st_mode) == 0o700
    ring = (migrated / "keys.json").read_bytes()
    assert run("migrate", "--data", migrated).exit_code == 0
    assert (migrated / "keys.json").read_bytes() == ring


def test_each_restore_raises_the_generation_and_none_beside_a_server(tmp_path):
    said = [run("migrate", "--data", tmp_path, "--restored").stdout.splitlines()[-1] for _ in range(2)]
    assert said == [f"The database is now in generation {number}." for number in (2, 3)]
    lock = alone(tmp_path / "stratiform.db")
    assert "Stop it first" in run("migrate", "--data", tmp_path, "--restored").stderr
    lock.release()


def test_a_server_without_a_database_a_ring_or_tables_tells_to_migrate(tmp_path):
    assert "stratiform migrate" in refusal("server", "--data", tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "stratiform.db").touch()
    assert "stratiform migrate" in refusal("server", "--data", tmp_path)
    run("migrate", "--data", tmp_path)
    for file in tmp_path.glob("stratiform.db*"):
        file.unlink()
    (tmp_path / "stratiform.db").touch()
    assert "stratiform migrate" in refusal("job", "list", "--data", tmp_path)


def test_what_cannot_be_understood_ends_with_2():
    for words in (["serve"], ["server", "--port", "70000"], ["job", "show"], ["job", "list", "--state", "odd"]):
        assert run(*words).exit_code == 2
    assert run("quickstart", "--hosts", "0").exit_code == 2


def test_jobs_are_listed_newest_first_and_narrowed(migrated, jobs):
    def listed(*options):
        return [each["uuid"] for each in json.loads(run("job", "list", "--data", migrated, "--json", *options).stdout)]

    assert listed() == [f"job-{number}" for number in range(10, 0, -1)]
    assert listed("--limit", 2) == ["job-10", "job-9"]
    assert listed("--state", "blocked") == ["job-4"]
    assert listed("--stage", "volume") == ["job-2"]
    assert listed("--kind", "vm.start") == ["job-7", "job-6"]
    assert listed("--resource", "vm/web") == ["job-4", "job-1"]
    assert listed("--outcome", "failed") == ["job-10"]
    assert listed("--text", "NO HOST") == ["job-10"]
    assert listed("--root", "job-1") == ["job-3", "job-2", "job-1"]
    assert listed("--lane", "vm/7", "--roots-only") == ["job-4", "job-1"]
    assert listed("--after", "job-3") == ["job-2", "job-1"]
    assert listed("--older-than", "1s") == listed("--newer-than", "36500d") == listed()
    assert "there is no job" in refusal("job", "list", "--data", migrated, "--after", "nobody").lower()
    assert "nobody" in refusal("job", "list", "--data", migrated, "--account", "nobody")
    drawn = run("job", "list", "--data", migrated).stdout.splitlines()
    assert drawn[0].split() == ["job", "kind", "state", "steps", "step", "resource", "waits"]
    assert [line.split()[0] for line in drawn[1:]] == listed()


@pytest.mark.parametrize(
    ("uuid", "why"),
    [
        ("job-1", "waits for 2 children"),
        ("job-2", "stage volume is paused"),
        ("job-3", "waits for the answer to lease on server-1"),
        ("job-4", "waits for lane vm/7, held by job job-1 (vm.deploy)"),
        ("job-5", "waits for the answer to send on a server that is gone; another takes it over"),
        ("job-6", "s more"),
        ("job-7", "waits for a worker: place 1 in stage vm"),
        ("job-9", ""),
    ],
)
def test_why_a_job_waits(migrated, jobs, uuid, why):
    told = json.loads(show(migrated, uuid, "--json"))["waits"]
    assert told == why or why == "s more" == told[-6:]
    assert why in show(migrated, uuid)


def test_a_job_is_shown_with_its_steps_and_what_came_of_them(migrated, jobs):
    lines = [line.rstrip() for line in show(migrated, "job-1").splitlines()]
    assert "├── accept: done" in lines
    at = lines.index("├── equip: done")
    assert lines[at + 1].startswith("│   ├── volume.create ready, 0 of 3 steps done")
    assert "│   │   ├── plan: next" in lines
    assert any(line.startswith("│   └── nic.prepare running") for line in lines[at:])
    assert "├── boot: next" in lines
    assert "└── settle" in lines
    assert [each["uuid"] for each in json.loads(show(migrated, "job-1", "--json"))["children"]] == ["job-2", "job-3"]


def test_a_child_tells_its_root_and_an_unknown_kind_its_present_step(migrated, jobs):
    assert "It came of the job job-1." in show(migrated, "job-2")
    assert "land: next" in show(migrated, "job-8")


def test_a_failed_job_tells_why(migrated, jobs):
    told = show(migrated, "job-10")
    assert "vm.deploy failed" in told
    assert "place: failed: no host has room" in told
    assert "accept: undone" in told


def test_watching_ends_with_the_job_and_tells_by_its_exit_code(migrated, jobs):
    good = run("job", "watch", "job-9", "--data", migrated)
    assert good.exit_code == 0
    assert [line.split(maxsplit=3)[3] for line in good.stdout.splitlines()] == [
        *(f"{step}: done" for step in ("accept", "place", "equip", "boot", "settle")),
        "succeeded",
    ]
    bad = run("job", "watch", "job-10", "--data", migrated)
    assert bad.exit_code == 1
    assert bad.stdout.splitlines()[-1].endswith("failed")


def test_an_unknown_job_is_one_line(migrated):
    assert "no job with id nowhere" in refusal("job", "show", "nowhere", "--data", migrated)
    assert "no job with id nowhere" in refusal("job", "watch", "nowhere", "--data", migrated)


class Hypervisor:
    """Notes what it was told to retire."""

    name, order = "Fake", 1

    def __init__(self):
        self.retired = []

    def prepare(self, data):
        raise NotImplementedError

    def route(self, host, data):
        raise NotImplementedError

    def retire(self, data):
        self.retired.append(data)


def test_only_a_directory_that_is_new_empty_or_marked_is_claimed(tmp_path):
    Home(tmp_path / "new" / "deep").claim()
    (tmp_path / "empty").mkdir()
    for _ in range(2):
        Home(tmp_path / "empty").claim()
    assert (tmp_path / "empty" / MARK).is_file()
    with pytest.raises(NotOurs, match="--data"):
        Home(tmp_path).claim()


def test_emptying_retires_the_hosts_and_spares_what_a_link_leads_to(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    home, hypervisor = Home(tmp_path / "home"), Hypervisor()
    home.claim()
    (home.path / "link").symlink_to(precious)
    (home.path / "folder").mkdir()
    (home.path / "folder" / "file").touch()
    home.empty(_providers(hypervisor))
    assert {each.name for each in home.path.iterdir()} == {MARK, "stratiform.db.lock"}
    assert (precious / "file").exists()
    assert hypervisor.retired == [home.path]


def test_nothing_is_emptied_under_a_server_or_without_the_mark(tmp_path):
    home, hypervisor = Home(tmp_path / "home"), Hypervisor()
    home.claim()
    (home.path / "file").touch()
    lock = alone(home.path / "stratiform.db")
    with pytest.raises(AlreadyRunning):
        home.empty(_providers(hypervisor))
    lock.release()
    (home.path / MARK).unlink()
    with pytest.raises(NotOurs):
        home.empty(_providers(hypervisor))
    assert (home.path / "file").exists()
    assert hypervisor.retired == []


def test_a_card_is_kept_for_its_owner_alone(tmp_path):
    home = Home(tmp_path)
    assert home.card() is None
    card = Card(url="http://127.0.0.1:81/client/api", apikey="a", secretkey="s", username="u", password="p")
    home.keep(card)
    assert (home.card(), card.port) == (card, 81)
    assert stat.S_IMODE((tmp_path / "quickstart.json").stat().st_mode) == 0o600


def test_data_lies_where_xdg_says(monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
    assert default_data() == Path("/srv/share/stratiform/quickstart")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert default_data() == Path("/home/somebody/.local/share/stratiform/quickstart")


def _providers(*given: HypervisorProvider) -> list[HypervisorProvider]:
    return [*given]
