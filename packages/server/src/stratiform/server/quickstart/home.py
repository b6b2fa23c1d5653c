"""The directory of a quickstart: marked as its own, and emptied only if it is."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from stratiform.api.adapters.hypervisor import HypervisorProvider
from stratiform.framework.base import errors
from stratiform.framework.cluster.alone import alone

MARK = ".stratiform-quickstart"
CARD = "quickstart.json"
DATABASE = "stratiform.db"
SPARED = {MARK, f"{DATABASE}.lock"}
"""What stays when the directory is emptied: others may wait for the lock."""


class NotOurs(errors.Error):
    """{path} holds files and is not marked as a quickstart's own. Give an empty or a new directory with --data."""

    code = "directory_not_ours"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody needs to use the cloud."""

    url: str
    """Of the API, whole."""
    apikey: str
    secretkey: str
    username: str
    password: str

    @property
    def port(self) -> int:
        """The port in the url."""
        return int(self.url.split("/")[2].rpartition(":")[2])


class Home:
    """A directory that a quickstart may fill and empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "stratiform.log"

    def claim(self) -> None:
        """Make the directory and mark it. Raises `NotOurs` if it holds files of somebody else."""
        self.check()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.path / MARK).touch()

    def check(self) -> None:
        """Raise `NotOurs` unless the directory is marked, empty or not there."""
        if self.path.exists() and not (self.path / MARK).is_file() and any(self.path.iterdir()):
            raise NotOurs(path=str(self.path))

    def empty(self, hypervisors: Iterable[HypervisorProvider]) -> None:
        """Retire the hosts that live there and remove every file but the mark.

        Raises `NotOurs`, and `AlreadyRunning` if a server works there.
        """
        self.claim()
        lock = alone(self.path / DATABASE)
        try:
            for each in hypervisors:
                each.retire(self.path)
            for file in self.path.iterdir():
                if file.name in SPARED:
                    continue
                if file.is_dir() and not file.is_symlink():
                    shutil.rmtree(file)
                else:
                    file.unlink()
        finally:
            lock.release()

    def card(self) -> Card | None:
        """The card that was kept, if one was."""
        try:
            return msgspec.json.decode((self.path / CARD).read_bytes(), type=Card)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def keep(self, card: Card) -> None:
        """Keep the card in a file that only its owner may read; it is there whole or not at all."""
        fresh = self.path / f"{CARD}.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(card)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path / CARD)
