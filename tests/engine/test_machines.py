"""The state machines: every page is as the code is, every noun's states are in its table."""

import importlib.util
import pathlib

import pytest

from stratiform.engine import schema

ROOT = pathlib.Path(__file__).parents[2]
TOOL = ROOT / "tools/machines_pages.py"

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="the pages are the repository's")


def tool():
    spec = importlib.util.spec_from_file_location("machines_pages", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_current():
    pages = tool()
    expected = {f"{name}.md": pages.render(*found) for name, found in pages.machines().items()}
    there = {file.name: file.read_text() for file in pages.FOLDER.glob("*.md")}
    assert there == expected, "run tools/machines_pages.py"


def test_every_noun_with_a_state_declares_its_machine():
    nouns = {module.rsplit(".", 2)[1] for module, _ in tool().machines().values() if ".engine." in module}
    with_state = {table.name for table in schema.metadata.sorted_tables if "state" in table.c}
    same_as = {
        "account_user": "account", "pod": "zone", "cluster": "zone", "disk_offering": "offering",
        "service_offering": "offering", "network_offering": "offering",
    }  # fmt: skip
    assert {same_as.get(name, name) for name in with_state} == nouns
