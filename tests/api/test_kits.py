"""Each contract kit passes a correct fake, and catches every wrong one by the test that should.

The fakes are in `kits/`, a file for each kit: `TestRight`, and those that say in `caught_by` what fails.
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

FILES = sorted((pathlib.Path(__file__).parent / "kits").glob("*.py"))
MODULES = [module.name for module in pkgutil.iter_modules(testing.__path__, f"{testing.__name__}.")]


def fakes(file: pathlib.Path) -> dict[str, set[str]]:
    """Return the wrong fakes of a file, each with the tests that should fail for it."""
    found = {}
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test") and node.name != "TestRight":
            said = {each.targets[0].id: each.value for each in node.body if isinstance(each, ast.Assign)}
            found[node.name] = ast.literal_eval(said["caught_by"])
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_kit_tells_right_from_wrong(pytester, file):
    wrong = fakes(file)
    copy = pytester.path / f"test_{file.name}"
    copy.write_text(file.read_text())
    catching = [f"{copy}::{fake}::{test}" for fake, tests in wrong.items() for test in sorted(tests)]

    run = pytester.inline_run(f"{copy}::TestRight", *catching, "-q", "--tb=native", "-p", "no:cacheprovider")
    outcomes: dict[str, set[str]] = {}
    for report in run.getreports("pytest_runtest_logreport"):
        _, fake, test = report.nodeid.split("::", 2)
        if not report.passed:
            outcomes.setdefault(fake, set()).add(test.partition("[")[0])
    assert len(wrong) >= 2
    assert run.listoutcomes()[0]
    assert outcomes == wrong


def test_every_kit_has_fakes():
    for module in MODULES:
        importlib.import_module(module)
    kits = {kit.__name__ for kit in Contract.__subclasses__() if kit.__module__ in MODULES}
    used = {
        base.id
        for file in FILES
        for node in ast.parse(file.read_text()).body
        if getattr(node, "name", "") == "TestRight"
        for base in node.bases
    }
    assert used == kits


@pytest.mark.parametrize("module", MODULES)
def test_the_assertions_of_a_module_say_what_differed(module):
    assert isinstance(importlib.import_module(module).__loader__, AssertionRewritingHook)
