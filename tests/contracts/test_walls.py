"""The walls stand: a violation planted in a copy of the tree is caught by the contract meant for it."""

import configparser
import importlib
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from importlinter import cli

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = [*ROOT.glob("packages/*/src"), *ROOT.glob("packages/plugins/*/*/src")]
NAMESPACE = re.compile(r"stratiform(\.plugins(\.\w+)?)?")
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter")

# Who imports what he must not (None: he must not be there at all), below `stratiform`.
VIOLATIONS = {
    "distributions": [
        ("framework.planted", "api"),
        ("api.planted", "engine"),
        ("engine.planted", "server"),
        ("engine.planted", "plugins.placement.spread"),
        ("server.planted", "plugins.placement.spread"),
        ("plugins.placement.spread.planted", "server"),
        ("iam.planted", "engine"),
        ("iam.planted", "plugins.placement.spread"),
        ("libvirt.planted", "engine"),
        ("libvirt.planted", "iam"),
        ("planted", None),
    ],
    "engine": [
        ("server.planted", "engine.bread"),
        ("server.planted", "engine.bread.service"),
        ("server.planted", "engine"),
        ("plugins.placement.spread.planted", "engine.api"),
        ("libvirt.planted", "engine.schema"),
    ],
    "plugins": [
        ("plugins.placement.spread.planted", "plugins.hypervisor.simulator"),
        ("plugins.placement.spread.planted", "plugins.placement.planted"),
    ],
    "iam": [
        ("iam.planted", "api"),
        ("iam.planted", "framework.jobs"),
        ("iam.planted", "framework.agents"),
        ("iam.planted", "framework.plugins"),
        ("framework.config.planted", "iam"),
    ],
    "iam-apart": [("server.planted", "iam"), ("server.planted", "libvirt")],
    "iam-plugin": [("plugins.placement.spread.planted", "iam.decision")],
    "framework": [
        ("framework.base.planted", "framework.db"),
        ("framework.jobs.planted", "framework.agents"),
        ("framework.machine.planted", "framework.events"),
        ("framework.planted", None),
    ],
    "noun": [
        ("engine.bread.table", "engine.bread.service"),
        ("engine.bread.rules", "engine.bread.listing"),
        ("engine.bread.service", "engine.bread.jobs.bake"),
        ("engine.bread.planted", None),
    ],
    "api": [
        ("api.planted", ":sqlalchemy"),
        ("api.planted", ":socket"),
        ("api.planted", "framework.db.database"),
    ],
    "http": [
        ("engine.planted", ":falcon"),
        ("framework.base.planted", ":click"),
        ("plugins.placement.spread.planted", ":waitress"),
    ],
    "hypervisor": [("server.planted", ":libvirt"), ("engine.planted", ":libvirt")],
    "loading": [("server.planted", ":stevedore"), ("framework.jobs.planted", ":stevedore")],
    "telemetry": [("framework.jobs.planted", ":opentelemetry"), ("server.planted", ":prometheus_client")],
    "cycles": [("engine.bread.rules", "engine.crumb.rules")],
}

# Who imports what he may.
BLESSINGS = [
    ("server.planted", "engine.api"),
    ("server.planted", "engine.schema"),
    ("server.planted", ":falcon"),
    ("engine.bread.service", "engine.bread.table"),
    ("engine.bread.service", "engine.crumb.states"),
    ("plugins.access.iam.planted", "iam.decision"),
    ("plugins.access.iam.planted", "api"),
    ("plugins.hypervisor.planted", "libvirt"),
    ("plugins.hypervisor.planted", ":libvirt"),
    ("libvirt.planted", "api"),
    ("iam.decision", "framework.config"),
    ("iam.decision", "framework.db"),
    ("iam.decision", "framework.context"),
    ("iam.decision", "framework.base"),
    ("iam.planted", ":falcon"),
    ("framework.plugins", ":stevedore"),
    ("framework.telemetry.prometheus", ":prometheus_client"),
    ("server.otel", ":opentelemetry"),
]

# What the import graph cannot show: where it stands in a noun of the engine, and how it reads.
UNSEEN = {
    "INP001": ("loaf/crust.py", '"""Python finds a folder without __init__.py; import-linter does not."""'),
    "TID251": ("table.py", '"""An object mapper."""\n\nimport sqlalchemy.orm  # noqa: F401'),
    "TID252": ("rules.py", '"""A relative import."""\n\nfrom . import table  # noqa: F401'),
    "PLC0415": ("service.py", '"""A hidden import."""\n\n\ndef _bake():\n    import os  # noqa: F401'),
    "D100": ("states.py", "BAKED = 1"),
}


class Tree:
    """A copy of every distribution's source, with `stratiform` as one folder."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        for source in SOURCES:
            shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    def module(self, name: str) -> pathlib.Path:
        """Return the file of a module, made, with the packages above it, if it is not there."""
        path = self.folder / name.replace(".", "/")
        parent = name.rpartition(".")[0]
        if not NAMESPACE.fullmatch(parent):
            file = self.module(parent)
            if file.name != "__init__.py":
                file.unlink()
                path.parent.mkdir()
                (path.parent / "__init__.py").touch()
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        file.touch()
        return file

    def plant(self, importer: str, imported: str | None) -> None:
        """Let one module import another of ours or, after a colon, of a stranger's."""
        target = f"stratiform.{imported}" if imported else None
        if imported and imported.startswith(":"):
            target = imported[1:]
        elif target:
            self.module(target)
        file = self.module(f"stratiform.{importer}")
        file.write_text(f"{file.read_text()}\nimport {target}\n" if target else "")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A copy of the tree, the only place that `stratiform` is found in."""
    elsewhere = [path for path in sys.path if not pathlib.Path(path, "stratiform").exists()]
    monkeypatch.setattr(sys, "path", [f"{tmp_path}", *elsewhere])
    monkeypatch.delitem(sys.modules, "stratiform", raising=False)
    importlib.invalidate_caches()
    return Tree(tmp_path)


def kept(*contracts: str) -> bool:
    """Check contracts of .importlinter, all unless named; raise if one cannot be checked."""
    quiet = {"no_cache": True, "no_logo": True, "is_debug_mode": True}
    return cli.lint_imports(f"{ROOT}/.importlinter", contracts, **quiet) == cli.EXIT_STATUS_SUCCESS


def test_the_tree_and_all_it_may_come_to_hold_keeps_every_contract(tree):
    for importer, imported in BLESSINGS:
        tree.plant(importer, imported)
    assert kept()


def test_every_contract_is_tried():
    assert {section.rpartition(":")[2] for section in CONTRACTS.sections()[1:]} == VIOLATIONS.keys()


@pytest.mark.parametrize(
    ("contract", "importer", "imported"),
    [(contract, *violation) for contract, violations in VIOLATIONS.items() for violation in violations],
)
def test_a_violation_is_caught(tree, capsys, contract, importer, imported):
    tree.plant(importer, imported)
    if contract == "cycles":
        assert kept(contract)
        tree.plant(imported, importer)
    assert not kept(contract)
    assert importer.split(".")[-2:][0] in capsys.readouterr().out


def test_both_lists_of_the_framework_name_the_same_modules():
    def listed(contract):
        return set(re.findall(r"\w+", CONTRACTS[f"importlinter:contract:{contract}"]["layers"]))

    assert listed("framework") == listed("iam") - {"stratiform", "framework", "iam", "api"}


@pytest.mark.parametrize("rule", UNSEEN)
def test_what_import_contracts_cannot_see_is_caught_by_ruff(tree, rule):
    path, text = UNSEEN[rule]
    file = tree.module("stratiform.engine.bread.planted").parent / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{text}\n")
    options = ["--no-cache", f"--config={ROOT}/pyproject.toml", "--output-format=concise"]
    command = [sys.executable, "-m", "ruff", "check", *options, file]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert re.findall(r"py:\d+:\d+: (\w+)", found) == [rule], found
