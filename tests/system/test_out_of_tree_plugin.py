"""A stranger's plug-in: built, installed and tested against wheels alone, as the page about it says."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from tests.system.running import Running

ROOT = pathlib.Path(__file__).parents[2]
STRANGER = pathlib.Path(__file__).parent / "out_of_tree"
PAGE = ROOT / "docs/plugins/writing-a-plugin.md"
LOCK = f"--build-constraint={ROOT / 'requirements.lock'}"
UV = os.environ.get("UV") or shutil.which("uv") or f"{ROOT / '.tools/bin/uv'}"

LISTED = """
import importlib.util, json
from stratiform.api.adapters.placement import Placement
from stratiform.framework import plugins
found = [each.name for each in plugins.load("stratiform.placement", Placement)]
absent = [name for name in ("engine", "server") if importlib.util.find_spec(f"stratiform.{name}") is None]
print(json.dumps([found, absent]))
"""


def run(*command: str, folder: pathlib.Path) -> str:
    """Run a command away from this environment and return what it printed; fail with all of it."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    done = subprocess.run(command, cwd=folder, env=clean, text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> pathlib.Path:
    """A folder elsewhere with a copy of the stranger's source and an environment that has only wheels."""
    home = tmp_path_factory.mktemp("stranger")
    source = shutil.copytree(STRANGER, home / "source")
    for folder in (ROOT / "packages/framework", ROOT / "packages/api", source):
        run(UV, "build", "-q", "--wheel", f"-o={home}", LOCK, f"{folder}", folder=home)
    run(UV, "venv", "-q", f"--python={sys.executable}", f"{home / 'venv'}", folder=home)
    wheels = sorted(f"{wheel}" for wheel in home.glob("*.whl"))
    pin = f"--constraint={ROOT / 'requirements.lock'}"
    run(UV, "pip", "install", "-q", f"--python={home / 'venv'}", pin, *wheels, "pytest", folder=home)
    return home


def test_its_contract_kit_passes(home):
    shutil.rmtree(home / "source/src", ignore_errors=True)
    said = run(
        f"{home / 'venv/bin/python'}", "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=home / "source"
    )
    assert "passed" in said


def test_it_is_found_by_its_name_without_an_engine_or_a_server(home):
    found, absent = json.loads(run(f"{home / 'venv/bin/python'}", "-c", LISTED, folder=home))
    assert found == ["fewest"]
    assert absent == ["engine", "server"]


@pytest.fixture(scope="module")
def cloud(home):
    """An environment with every distribution's wheel and the stranger's beside them, and a quickstart in it."""
    run(UV, "build", "-q", "--wheel", "--all-packages", f"-o={home / 'all'}", LOCK, folder=ROOT)
    stranger = next(home.glob("acme*.whl"))
    run(UV, "venv", "-q", f"--python={sys.executable}", f"{home / 'whole'}", folder=home)
    wheels = sorted(f"{wheel}" for wheel in (home / "all").glob("*.whl"))
    pin = f"--constraint={ROOT / 'requirements.lock'}"
    run(UV, "pip", "install", "-q", f"--python={home / 'whole'}", pin, *wheels, f"{stranger}", folder=home)
    running = Running(home / "data", program=f"{home / 'whole/bin/stratiform'}")
    try:
        running.restart()
        running.stop()
        yield running
    finally:
        running.close()


def test_a_server_uses_it_when_it_is_told_to(home, cloud):
    script = pathlib.Path(__file__).with_name("used_by_a_server.py")
    said = run(f"{home / 'whole/bin/python'}", f"{script}", f"{cloud.data}", folder=home)
    assert json.loads(said.splitlines()[-1]) == {"asked": 1, "state": "Running"}


@pytest.mark.parametrize("file", sorted(STRANGER.glob("**/*.*")), ids=lambda file: file.name)
def test_the_page_shows_it_as_it_is(file):
    if file.is_file() and file.name != "__init__.py" and "__pycache__" not in file.parts:
        assert f"\n{file.read_text()}```\n" in PAGE.read_text()


def test_it_is_small():
    assert sum(len(file.read_text().splitlines()) for file in STRANGER.glob("**/*.py")) <= 200
