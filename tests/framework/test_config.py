"""Options and their values: typed, scoped, read without SQL, seen everywhere after a change."""

import sys
from dataclasses import replace
from enum import StrEnum
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from stratiform.framework.config import catalogue, table
from stratiform.framework.config.option import BadValue, Option, at_least, between
from stratiform.framework.config.values import GLOBAL, Config, NotScoped
from stratiform.framework.testing.statements import count


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


SCOPES = ("global", "zone", "cluster", "host")
LIMIT = Option("oven.limit", 10, "How many loaves.", scopes=SCOPES, check=between(0, 1000))
TITLE = Option("bakery.title", "Bread", "What is over the door.")
COLOUR = Option("oven.colour", Colour.RED, "What it looks like.", scopes=("zone",))

PARENTS = {("host", 5): ("cluster", 2), ("cluster", 2): ("zone", 1), ("zone", 1): None}


@pytest.fixture
def config(database):
    return Config(database, PARENTS.get)


def put(database, config, option, value, scope=GLOBAL):
    with database.transaction() as tx:
        config.set(tx, option, value, scope)


def test_the_default_rules_until_somebody_sets_a_value(database, config):
    assert config.value(LIMIT, ("host", 5)) == 10
    put(database, config, LIMIT, 20)
    assert config.value(LIMIT, ("host", 5)) == 20


def test_the_nearest_scope_rules(database, config):
    put(database, config, LIMIT, 20)
    put(database, config, LIMIT, 30, ("zone", 1))
    put(database, config, LIMIT, 40, ("cluster", 2))
    places = [GLOBAL, ("zone", 1), ("zone", 7), ("cluster", 2), ("host", 5)]
    assert [config.value(LIMIT, place) for place in places] == [20, 30, 20, 40, 40]
    with database.transaction() as tx:
        config.unset(tx, LIMIT, ("cluster", 2))
    assert config.value(LIMIT, ("host", 5)) == 30


@given(values=st.dictionaries(st.sampled_from([*PARENTS, GLOBAL]), st.integers(0, 1000)))
def test_a_value_is_that_of_the_first_scope_on_the_way_up(values):
    config = Config.__new__(Config)
    stored = {"oven.limit": {scope: str(value) for scope, value in values.items()}}
    config._resolve_parent, config._stored = PARENTS.get, _stored(stored)
    way = [("host", 5), ("cluster", 2), ("zone", 1), GLOBAL]
    expected = next((values[scope] for scope in way if scope in values), 10)
    assert config.value(LIMIT, ("host", 5)) == expected


def _stored(values):
    return type("Stored", (), {"values": values, "version": 1})()


def test_reading_costs_no_sql(database, config):
    put(database, config, LIMIT, 30, ("zone", 1))
    with count(database) as asked:
        assert [config.value(LIMIT, ("host", 5)) for _ in range(100)] == [30] * 100
        assert config.value(TITLE) == "Bread"
    asked.expect(statements=0, commits=0)


def test_the_parents_of_an_option_that_nobody_set_are_not_asked_for(database):
    assert Config(database, lambda scope: 1 / 0).value(LIMIT, ("host", 5)) == 10


def test_another_process_sees_the_change_when_it_refreshes(database, config):
    other = Config(database, PARENTS.get)
    assert other.value(LIMIT) == 10
    put(database, config, LIMIT, 20)
    assert other.value(LIMIT) == 10
    with database.reading() as connection:
        version = connection.execute(table.VERSION).scalar_one()
    assert version == config.version != other.version
    assert other.refresh(version)
    assert other.value(LIMIT) == 20
    with count(database) as asked:
        assert not other.refresh(version)
    asked.expect(statements=0)


def test_removing_a_value_is_a_change_too(database, config):
    put(database, config, LIMIT, 20)
    before = config.version
    with database.transaction() as tx:
        config.unset(tx, LIMIT)
    assert config.version > before
    assert config.value(LIMIT) == 10


def test_a_change_that_is_rolled_back_is_never_seen(database, config):
    with pytest.raises(ZeroDivisionError):
        database.run(lambda tx: (config.set(tx, LIMIT, 20), 1 / 0))
    config.refresh()
    assert config.value(LIMIT) == 10


def test_a_value_has_the_type_of_the_default(database, config):
    put(database, config, COLOUR, Colour.GREEN, ("zone", 1))
    assert config.value(COLOUR, ("zone", 1)) is Colour.GREEN
    for option, wrong in [(LIMIT, "20"), (LIMIT, True), (LIMIT, 1001), (COLOUR, "green")]:
        with pytest.raises(BadValue, match=option.name):
            put(database, config, option, wrong, ("zone", 1))


def test_an_option_can_be_set_only_for_its_scopes(database, config):
    with pytest.raises(NotScoped, match="zone"):
        put(database, config, COLOUR, Colour.GREEN)
    with pytest.raises(NotScoped), database.transaction() as tx:
        config.unset(tx, TITLE, ("zone", 1))


@pytest.mark.parametrize("place", [GLOBAL, ("cluster", 2)])
def test_a_value_for_a_scope_that_the_option_no_longer_has_is_ignored(database, config, place):
    put(database, config, LIMIT, 20, place)
    assert config.value(replace(LIMIT, scopes=("zone",)), ("host", 5)) == 10


def test_a_change_is_made_even_if_the_database_is_gone_right_after(database, config, monkeypatch):
    def gone():
        raise OperationalError("SELECT", {}, Exception("gone"))

    assert config.value(LIMIT) == 10
    with monkeypatch.context() as patch:
        patch.setattr(database, "reading", gone)
        put(database, config, LIMIT, 20)
    config.refresh()
    assert config.value(LIMIT) == 20


def test_a_bad_stored_value_is_an_error_that_says_where(database, config):
    put(database, config, LIMIT, 20, ("zone", 1))
    with database.transaction() as tx:
        tx.execute(table.config_value.update().values(value="many"))
    config.refresh()
    with pytest.raises(BadValue, match=r"oven.limit cannot be 'many'.*whole number.*zone 1"):
        config.value(LIMIT, ("host", 5))


@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()))
def test_every_value_survives_being_written(value):
    option = Option("o", value, "")
    found = option.parse(option.text(value))
    assert (type(found), found) == (type(value), value)


MEANINGLESS = [(True, "yes"), (1, "1.5"), (1.0, "nan"), (1.0, "inf"), (Colour.RED, "blue")]


@pytest.mark.parametrize(("default", "text"), MEANINGLESS)
def test_a_text_that_means_no_value_is_refused(default, text):
    with pytest.raises(BadValue, match="o cannot be"):
        Option("o", default, "").parse(text)


def test_a_bad_default_is_found_at_once():
    with pytest.raises(BadValue, match="less than 1"):
        Option("o", 0, "", check=at_least(1))


def module(name, **content):
    found = ModuleType(name)
    vars(found).update(content)
    return found


def test_the_options_of_a_package_are_found_once_and_in_order(tmp_path, monkeypatch):
    package = tmp_path / "kiosk"
    (package / "testing").mkdir(parents=True)
    head = "from stratiform.framework.config.option import Option\n"
    (package / "__init__.py").write_text("")
    (package / "b.py").write_text(f"{head}B = Option('b', 1, 'B.')\n")
    (package / "a.py").write_text(f"{head}from kiosk.b import B\nA = Option('a', 1, 'A.')\n")
    (package / "testing" / "__init__.py").write_text("import nothing_of_the_kind\n")
    (package / "__main__.py").write_text("import nothing_of_the_kind\n")
    monkeypatch.syspath_prepend(tmp_path)
    kiosk = __import__("kiosk")
    try:
        assert [option.name for option in catalogue.options(kiosk)] == ["a", "b"]
        assert {each.option.name: each.module for each in catalogue.declared(kiosk)}["b"] in ("kiosk.a", "kiosk.b")
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "kiosk"]:
            del sys.modules[name]


def test_two_options_of_one_name_are_an_error():
    twice = module("twice", one=Option("same", 1, ""), other=Option("same", 2, ""))
    with pytest.raises(catalogue.DeclaredTwice, match="same"):
        catalogue.options(twice)
