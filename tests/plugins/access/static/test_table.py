"""Two tenants and a sub-domain: the table of who sees and may do what, complete for the commands there are."""

import importlib.util
import pathlib

import pytest

from stratiform.api import registry
from stratiform.plugins.access.static.visibility import KINDS, Belongs

TOOL = pathlib.Path(__file__).parents[4] / "tools/access_page.py"

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="the page is the repository's")


@pytest.fixture(scope="module")
def page():
    spec = importlib.util.spec_from_file_location("access_page", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(page):
    rows = (line.strip("|").split("|") for line in page.render().splitlines() if line.startswith("|"))
    _, _, *cells = ([cell.strip() for cell in row] for row in rows)
    return {(row[0], row[1].replace(" ", "_")): dict(zip(page.CALLERS, row[2:], strict=True)) for row in cells}


def test_the_page_is_current(page):
    assert page.PAGE.read_text() == page.render(), "run tools/access_page.py"


def test_every_command_is_in_it(table):
    assert sorted(name for name, _ in table) == sorted(registry.collect())


def test_root_may_do_everything(table):
    assert {row["root"] for row in table.values()} == {"yes"}


@pytest.mark.parametrize("belongs", [Belongs.ACCOUNT, Belongs.LENT, Belongs.SELF])
def test_what_is_anns_is_hers_and_her_administrators_and_nobody_elses(table, belongs):
    rows = {name: row for (name, kind), row in table.items() if KINDS.get(kind) is belongs and kind != "domain"}
    assert rows
    for name, row in rows.items():
        strangers = {row[who] for who in ("bob", "east admin", "carol", "dave")}
        assert strangers <= {"not there", "no"}, name
        assert row["sales admin"] in ("yes", "no"), name
        assert (row["ann"] == "yes") or (row["ann"] == "no" and row["dave"] == "no"), name


def test_tenants_see_no_hardware(table):
    for (name, kind), row in table.items():
        if KINDS.get(kind) is Belongs.OPERATOR:
            assert {row[who] for who in row if who not in ("root", "resource")} <= {"no", "not there"}, name


def test_what_is_everyones_is_used_by_all_and_changed_by_operators(table):
    for (name, kind), row in table.items():
        if KINDS.get(kind) in (Belongs.DOMAIN, Belongs.EVERYONE):
            looks = name.startswith("list")
            assert {row[who] for who in ("ann", "bob", "carol", "dave")} == ({"yes"} if looks else {row["ann"]}), name
            assert looks or row["ann"] in ("not there", "no"), name
