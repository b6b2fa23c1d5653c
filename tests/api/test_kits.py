"""Each contract kit passes a correct fake, and catches every wrong one by the test that should.

The fakes are in `kits/`, a file for each kit. A wrong one says in `caught_by` which tests fail for it.
"""

import ast
import importlib
import pathlib
import pkgutil

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

from stratiform.api import testing
from stratiform.api.testing.contract import Contract

pytest_plugins = ["pytester"]

KITS = sorted((pathlib.Path(__file__).parent / "kits").glob("*.py"))
FAKES = [
    pytest.param(file, node.name, id=f"{file.stem}-{node.name}")
    for file in KITS
    for node in ast.parse(file.read_text()).body
    if isinstance(node, ast.ClassDef) and node.name.startswith("Test")
]
RIGHT = [fake for fake in FAKES if "TestRight" in str(fake.id)]
WRONG = [fake for fake in FAKES if fake not in RIGHT]


def told(pytester: pytest.Pytester, file: pathlib.Path, fake: str) -> dict[str, set[str]]:
    """Return how the tests of a fake ended: their names by outcome."""
    copy = pytester.path / f"test_{file.name}"
    copy.write_text(file.read_text())
    reports = pytester.inline_run(f"{copy}::{fake}", "-q", "-p", "no:cacheprovider")
    ended: dict[str, set[str]] = {"passed": set(), "failed": set(), "skipped": set()}
    for report in reports.getreports("pytest_runtest_logreport"):
        if report.when == "call" or not report.passed:
            ended[report.outcome].add(report.nodeid.rpartition("::")[2].partition("[")[0])
    return ended


@pytest.mark.parametrize(("file", "fake"), RIGHT)
def test_a_correct_fake_passes(pytester, file, fake):
    ended = told(pytester, file, fake)
    assert ended["passed"]
    assert (ended["failed"], ended["skipped"]) == (set(), set())


@pytest.mark.parametrize(("file", "fake"), WRONG)
def test_a_wrong_fake_is_caught_by_the_test_that_should(pytester, file, fake):
    (node,) = (node for node in ast.parse(file.read_text()).body if getattr(node, "name", "") == fake)
    (caught_by,) = (
        ast.literal_eval(each.value) for each in node.body if isinstance(each, ast.Assign) and each.targets[0].id == "caught_by"
    )
    failed = told(pytester, file, fake)["failed"]
    assert caught_by
    assert caught_by <= failed, failed


def kits() -> set[type[Contract]]:
    """Return every contract kit that there is."""
    modules = pkgutil.iter_modules(testing.__path__, f"{testing.__name__}.")
    found = {value for module in modules for value in vars(importlib.import_module(module.name)).values()}
    return {kit for kit in found if isinstance(kit, type) and issubclass(kit, Contract) and kit is not Contract}


def test_every_kit_has_fakes_a_right_one_and_at_least_two_wrong_ones():
    used = {
        base.id: file
        for file in KITS
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name) and base.id.endswith("Contract")
    }
    assert used.keys() == {kit.__name__ for kit in kits()}
    for file in KITS:
        assert len([fake for fake in RIGHT if fake.values[0] == file]) == 1
        assert len([fake for fake in WRONG if fake.values[0] == file]) >= 2


def test_the_assertions_of_every_module_say_what_differed():
    for module in pkgutil.iter_modules(testing.__path__, f"{testing.__name__}."):
        assert isinstance(importlib.import_module(module.name).__loader__, AssertionRewritingHook), module.name
