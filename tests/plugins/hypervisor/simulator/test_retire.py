"""Retiring the simulator of a directory: it ends, and its hosts are gone."""

from pathlib import Path

from stratiform.plugins.hypervisor.simulator.place import Place
from stratiform.plugins.hypervisor.simulator.provider import simulator


def test_it_ends_and_its_hosts_are_gone(serve, data, client, make):
    server = serve()
    server.create(make.volume())
    server.start(make.vm(volumes=(make.volume(),)))
    simulator.retire(data)
    assert not Place(data).serves()
    assert {each.name for each in data.iterdir()} <= {"simulator.log", "simulator.lock", "simulator.start.lock"}
    serve()
    assert client.inventory().hosts == ()
    assert client.inventory().volumes == ()


def test_where_there_is_none_nothing_is_done_however_often(data):
    simulator.retire(data)
    assert not data.exists()
    data.mkdir()
    simulator.retire(data)
    simulator.retire(data)
    assert not Place(data).serves()


def test_one_that_was_killed_is_forgotten_too(serve, data, killed, client, make):
    serve().start(make.vm())
    killed()
    simulator.retire(data)
    serve()
    assert client.inventory().hosts == ()


def test_the_short_directory_of_a_long_path_goes_with_it(tmp_path):
    deep = tmp_path / ("a" * 200) / "data"
    simulator.prepare(deep)
    short = Path(Place(deep).address().removeprefix("unix:")).parent
    assert short.is_dir()
    simulator.retire(deep)
    assert not short.exists()
