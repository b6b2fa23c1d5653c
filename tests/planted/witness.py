"""A plug-in for pytest that writes down what became of each test, and that what was planted is what is tested."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption("--report", type=Path, help="where each test and its outcome go, a line of JSON each")
    parser.addoption("--planted", action="append", default=[], help="a module that is not to be the repository's own")


def pytest_configure(config):
    own = config.rootpath / "packages"
    for module in config.getoption("--planted"):
        found = Path(find_spec(module).origin)
        if found.is_relative_to(own):
            raise pytest.UsageError(f"{module} is {found}: the bug is not there")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        with item.config.getoption("--report").open("a") as file:
            file.write(json.dumps([report.nodeid, report.outcome]) + "\n")
