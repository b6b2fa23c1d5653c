"""Every check of the project, each in a clean environment at the locked versions: see `nox -l`."""

import os
import pathlib
import re
import shutil
import tempfile
import tomllib

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.error_on_external_run = True
nox.options.sessions = ["contracts", "lint", "tests", "isolated", "docs"]

os.environ["UV_PYTHON_DOWNLOADS"] = "never"
for inherited in (
    "PYTHONPATH", "PYTHONHOME", "MYPYPATH", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "VIRTUAL_ENV",
    "PYTHONDONTWRITEBYTECODE",  # servers that are started a thousand times are to be compiled once
):  # fmt: skip
    os.environ.pop(inherited, None)

ROOT = pathlib.Path(__file__).parent
WHEELS = ROOT / ".nox/built"
LOCK = ROOT / "requirements.lock"

FOLDERS = {  # every distribution of this repository, by its name
    tomllib.loads(file.read_text())["project"]["name"]: file.parent
    for pattern in ("packages/*/pyproject.toml", "packages/plugins/*/*/pyproject.toml")
    for file in sorted(ROOT.glob(pattern))
}

# A process for each core, each with a PostgreSQL of its own.
PARALLEL = ["--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder"]
# These have a session and tools of their own.
APART = ["--ignore=tests/contracts", "--ignore=tests/docs", "--ignore=tests/planted"]

# What a distribution's own tests need in the isolated environment beside what the distribution declares.
KIT = ["stratiform-framework[testing]", "stratiform-api[testing]"]
TESTED_WITH = {
    "stratiform-framework": ["stratiform-framework[prometheus,secrets,testing]"],
    "stratiform-api": KIT,
    "stratiform-engine": KIT,
    "stratiform-server": [*KIT, "stratiform-server[otel]"],
    "stratiform-plugin-simulator": KIT,
    "stratiform-plugin-spread": KIT,
    "stratiform-plugin-database": KIT,
    "stratiform-plugin-static": KIT,
}


def project(name: str) -> dict:
    """Return what a distribution says of itself in its pyproject."""
    return tomllib.loads((FOLDERS[name] / "pyproject.toml").read_text())["project"]


def named(requirement: str) -> str:
    """Return the name of the distribution that a requirement asks for."""
    return re.match(r"[\w-]+", requirement)[0]


def own(requirements: list[str]) -> set[str]:
    """Return the distributions of this repository that requirements bring in, directly or not."""
    found = {named(requirement) for requirement in requirements} & FOLDERS.keys()
    return found.union(*(own(project(name)["dependencies"]) for name in found))


def wheel(requirement: str) -> str:
    """Turn a requirement of a distribution of this repository into one of its wheel."""
    name = named(requirement)
    if name not in FOLDERS:
        return requirement
    return f"{requirement} @ {next(WHEELS.glob(name.replace('-', '_') + '-*.whl')).as_uri()}"


def install(session: nox.Session, *requirements: str) -> None:
    """Install requirements at the locked versions, building with the locked tools."""
    session.install(*requirements, f"--constraint={LOCK}", f"--build-constraint={LOCK}")


def install_all(session: nox.Session, *groups: str) -> None:
    """Install every distribution, editable and with all extras, and the named dependency groups."""
    extras = {name: ",".join(project(name).get("optional-dependencies", ())) for name in FOLDERS}
    editable = (f"--editable={folder}[{extras[name]}]" for name, folder in FOLDERS.items())
    install(session, *editable, *(f"--group={group}" for group in groups))


@nox.session
def contracts(session: nox.Session) -> None:
    """The walls: every import contract is kept, and each is seen to catch a planted violation."""
    install(session, "--group=contracts", "--group=test")
    sources = os.pathsep.join(f"{folder}/src" for folder in FOLDERS.values())
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": sources})
    session.run("pytest", "tests/contracts", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and types: ruff, mypy --strict."""
    install_all(session, "lint", "test")
    session.run("ruff", "check", "--no-cache")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Every test but those that have a session of their own; databases are SQLite and PostgreSQL."""
    install_all(session, "test", "clients")
    session.run("pytest", *APART, *PARALLEL, "-m", "not crash and not scale", *session.posargs)


@nox.session
def postgresql(session: nox.Session) -> None:
    """What needs PostgreSQL, on any that STRATIFORM_TEST_POSTGRES names: a folder of binaries, or a URL."""
    install_all(session, "test", "clients")
    session.run("pytest", *APART, *PARALLEL, "-m", "postgresql and not crash and not scale", *session.posargs)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the wheel of every distribution into .nox/built."""
    shutil.rmtree(WHEELS, ignore_errors=True)
    everything = ("--wheel", "--all-packages", f"--out-dir={WHEELS}")
    session.run_install("uv", "build", "-q", *everything, f"--build-constraint={LOCK}", external=True)


@nox.session(requires=["wheels"])
@nox.parametrize("name", [nox.param(name, id=name) for name in FOLDERS])
def isolated(session: nox.Session, name: str) -> None:
    """A distribution's wheel with only what it declares: every module imports, and its own tests pass on SQLite."""
    folder = FOLDERS[name].relative_to(ROOT / "packages")
    package = ".".join(("stratiform", *folder.parts))
    import_all = ("python", f"{ROOT}/tools/import_all.py", package)
    with tempfile.TemporaryDirectory() as elsewhere, session.chdir(elsewhere):
        install(session, *map(wheel, own([name])))
        session.run(*import_all, *project(name).get("optional-dependencies", ()))

        install(session, *map(wheel, own(TESTED_WITH[name])), *map(wheel, TESTED_WITH[name]), "pytest", "pytest-xdist")
        session.run(*import_all)
        for file in ("pyproject.toml", "tests/conftest.py", "tests/postgres.py"):
            pathlib.Path(file).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / file, file)
        shutil.copytree(ROOT / "tests" / folder, pathlib.Path("tests") / folder)
        if (ROOT / "docs" / folder).is_dir():  # what a page promises of this distribution, it promises of it alone
            shutil.copytree(ROOT / "docs" / folder, pathlib.Path("docs") / folder)
        session.run("pytest", *PARALLEL, "--databases=sqlite", "-m", "not crash and not scale", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Every example in the pages runs and every link between them leads somewhere."""
    install_all(session, "test")
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session
def crash(session: nox.Session) -> None:
    """Processes killed at any instant: `nox -s crash -- --sample 20`."""
    install_all(session, "test", "clients")
    session.run("pytest", *APART, "-m", "crash", *session.posargs)


@nox.session
def scale(session: nox.Session) -> None:
    """Thousands of hosts and machines: `nox -s scale -- --sample 500`."""
    install_all(session, "test", "clients")
    session.run("pytest", *APART, "-m", "scale", *session.posargs)


@nox.session
def planted(session: nox.Session) -> None:
    """Bugs planted one by one in a copy of the code, each caught by a test: `nox -s planted -- --sample 5`."""
    install_all(session, "test", "clients")
    session.run("pytest", "tests/planted", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks, which print what they measured, beside the rivals of the job engine."""
    install_all(session, "test", "clients", "rivals")
    for file in sorted(pathlib.Path("benchmarks").glob("*.py")):
        session.run("python", f"{file}", *session.posargs)


@nox.session
def quickstart(session: nox.Session) -> None:
    """A cloud on this machine, in one process, with simulated hosts; `-- --exit` ends it after one machine."""
    install_all(session, "clients")
    session.run("python", "tools/quickstart.py", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write requirements.lock, versions and hashes without addresses; `-- --upgrade` for newer ones."""
    everything = ("--all-packages", "--all-extras", "--all-groups", "--no-emit-workspace")
    options = ("--no-config", "--no-header", "--no-annotate", f"--output-file={LOCK}", *session.posargs)
    session.run_install("uv", "export", "-q", *everything, *options, external=True)
