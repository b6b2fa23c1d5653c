"""A real process is killed at any moment, again and again: every order ends exactly once, nothing is forgotten."""

import importlib.util
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy

from stratiform.framework.cluster.membership import Membership
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.table import job as job_table

PROGRAM = Path(__file__).with_name("program.py")
KILLS = 10
ORDERS = 60


@pytest.fixture
def program():
    spec = importlib.util.spec_from_file_location("program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def filing(database, program):
    """An engine that only files orders, and is not a member."""
    return Kernel(
        world=database.world,
        database=database,
        registry=program.REGISTRY,
        membership=Membership(database, database.world, "filing"),
    )


@pytest.fixture
def run(database, tmp_path):
    """Start the program on the test's database; it is killed at the end."""
    folder = tmp_path / "loaves"
    folder.mkdir()
    with ExitStack() as stack:

        def running():
            command = [sys.executable, str(PROGRAM), database.url, str(folder)]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout.readline() == b"working\n"
            return process

        yield running


def test_every_order_ends_exactly_once_however_often_the_process_is_killed(
    database, program, filing, run, tmp_path, until, lanes_are_right
):
    with database.transaction() as tx:
        tx.execute(sqlalchemy.text("CREATE TABLE sold (job text)"))
    filed = []

    def file(count):
        with filing.transaction() as work:
            for _ in range(count):
                loaf = program.Loaf(number=len(filed) % 7, burns=len(filed) % 5 == 4)
                filed.append(work.submit(program.ORDER, loaf, fair_key=f"{len(filed) % 3}").uuid)

    dice = random.Random(7)
    together = 2 if database.dialect == "postgresql" else 1
    processes = [run() for _ in range(together)]
    for _ in range(KILLS):
        file(ORDERS // KILLS)
        time.sleep(dice.uniform(0, 0.3))
        victim = processes.pop(0)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        lanes_are_right()
        processes.append(run())

    def rows():
        with database.reading() as connection:
            return connection.execute(sqlalchemy.select(job_table)).mappings().all()

    until(lambda: all(row["state"] == "ended" for row in rows()), 50)
    lanes_are_right()
    outcomes = {row["uuid"]: row["outcome"] for row in rows()}
    burnt = {uuid for place, uuid in enumerate(filed) if place % 5 == 4}
    assert {uuid for uuid in filed if outcomes[uuid] == "failed"} == burnt
    assert len(outcomes) == 3 * ORDERS
    with database.reading() as connection:
        sold = Counter(connection.execute(sqlalchemy.text("SELECT job FROM sold")).scalars())
    assert set(sold.values()) == {1}  # each sale and each undo exactly once
    assert {uuid for uuid in filed if uuid in sold} == {*filed} - burnt
    assert {uuid for uuid in filed if f"-{uuid}" in sold} == burnt
    baked = {path.name for path in (tmp_path / "loaves").iterdir()} - {"begun"}
    assert baked == {row["uuid"] for row in rows() if row["kind"] == "bake" and row["outcome"] == "succeeded"}
    begun = [line.split() for line in (tmp_path / "loaves" / "begun").read_text().splitlines()]
    assert len({(job, epoch) for job, epoch in begun}) == len(begun)  # under one epoch an effect is begun once
    for job in baked:
        epochs = [int(epoch) for each, epoch in begun if each == job]
        assert epochs == sorted(epochs)
