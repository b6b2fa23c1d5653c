"""The repository is what it says: whole distributions, a lock without addresses, nothing of a machine."""

import ast
import pathlib
import re
import subprocess
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROJECTS = {
    file.parent.relative_to(ROOT / "packages"): tomllib.loads(file.read_text())["project"]
    for pattern in ("packages/*/pyproject.toml", "packages/plugins/*/*/pyproject.toml")
    for file in sorted(ROOT.glob(pattern))
}
NAMES = {project["name"] for project in PROJECTS.values()}

# Registries and machines, each written with a bar so that this file passes its own test.
UNSPEAKABLE = """
    py|pi.org  python|hosted.org  conda.|anaconda.org  registry.|npmjs.org
    ../|shared  /work|/main  /work|/shared  /work|/.library  /opt|/pypi  /opt|/wheels
"""


def committed() -> list[pathlib.Path]:
    """Return the files that are tracked, or would be if everything were added now."""
    trust = ("-c", "safe.directory=*")          # whoever owns the checkout
    listed = ["git", *trust, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


@pytest.mark.parametrize("word", UNSPEAKABLE.replace("|", "").split())
def test_no_file_names_a_registry_or_a_machine(word):
    assert [file for file in committed() if word.encode() in file.read_bytes()] == []


def test_the_only_lock_is_the_one_without_addresses():
    assert [file.name for file in committed() if file.name.endswith(".lock")] == ["requirements.lock"]
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_the_namespaces_belong_to_nobody():
    namespace = re.compile(r"src/stratiform(/plugins(/\w+)?)?/__init__\.py$")
    assert [file for file in committed() if namespace.search(file.as_posix())] == []


@pytest.mark.parametrize("folder", PROJECTS, ids=str)
def test_a_distribution_is_complete(folder):
    project, home = PROJECTS[folder], ROOT / "packages" / folder
    assert project["name"] == f"stratiform-{'plugin-' if len(folder.parts) > 1 else ''}{folder.name}"
    assert project["license"] == "Apache-2.0"
    assert project["description"]
    assert f"\n## {project['version']} " in (home / "CHANGES.md").read_text()
    assert (home / "README.md").read_text().startswith(f"# {project['name']}\n")
    assert (home / "src/stratiform" / folder / "py.typed").exists()
    assert list((ROOT / "tests" / folder).glob("**/test_*.py"))


def test_every_list_of_the_distributions_is_whole():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    tested_with = re.search(r"\nTESTED_WITH = {\n(.*?)\n}\n", (ROOT / "noxfile.py").read_text(), re.DOTALL)
    assert tool["uv"]["sources"].keys() == NAMES
    assert set(tool["mypy"]["mypy_path"]) == {f"$MYPY_CONFIG_FILE_DIR/packages/{f}/src" for f in PROJECTS}
    assert set(re.findall(r"^    \"([\w-]+)\":", tested_with[1], re.MULTILINE)) == NAMES


# These do something: public doors export, and the assertions of contract kits are rewritten.
INITS = ("/engine/api", "/schema", "/testing")


def test_an_init_file_holds_a_docstring_and_nothing_else():
    for file in (ROOT / "packages").glob("**/src/**/__init__.py"):
        module = ast.parse(file.read_text())
        assert ast.get_docstring(module), file
        assert len(module.body) == 1 or file.parent.as_posix().endswith(INITS), file


def test_the_ci_runs_what_the_readme_says():
    install = "python3 -m pip install -qt .tools uv"
    assert f"{install} && .tools/bin/uvx nox\n" in (ROOT / "README.md").read_text()
    assert f"{install}\n" in (ROOT / ".ci/run").read_text()
