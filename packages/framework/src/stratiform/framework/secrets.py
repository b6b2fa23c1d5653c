"""Encryption at rest: a ring of keys in a file outside of the database, and texts sealed with its newest."""

import fcntl
import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stratiform.framework.base import errors

VERSION = "v1"
NONCE = 12
"""Bytes, as AES-GCM wants them; random, so one key is good for some 2**32 seals."""


class Unreadable(errors.Error):
    """The key ring {path} cannot be used: {reason}."""

    code = "key_ring_unreadable"


class UnknownKey(errors.Error):
    """A secret is sealed with key {key}, which the key ring {path} lacks. Put back the ring that has it."""

    code = "key_unknown"


class Tampered(errors.Error):
    """A secret for {context} cannot be opened: it was changed, or sealed for something else."""

    code = "secret_tampered"


class KeyRing:
    """Keys by id, oldest first: the newest seals, each opens what it sealed.

    Keys and nonces come from the operating system, not from the world: a seed must never lead to them.
    """

    def __init__(self, path: Path, keys: Mapping[str, bytes]) -> None:
        self.path = path
        self._keys = dict(keys)

    def __repr__(self) -> str:
        """Without the keys."""
        return f"KeyRing({str(self.path)!r}, {len(self._keys)} keys)"

    @classmethod
    def create(cls, path: Path) -> "KeyRing":
        """A ring of one key in a new file that only its owner may read: whole at once or not there at all.

        Raises `Unreadable`, also if there is such a file.
        """
        keys = _with_new_key({})
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            _write(fresh, keys, os.O_TRUNC)
            os.link(fresh, path)
        except OSError as error:
            raise Unreadable(path=str(path), reason=error.strerror) from error
        finally:
            fresh.unlink(missing_ok=True)
        return cls(path, keys)

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """The ring in a file. Raises `Unreadable`, also if others than its owner may read it."""
        return cls(path, _read(path))

    def seal(self, plain: bytes | str, context: str) -> str:
        """`v1:key:nonce:text`, which opens only for the same context: say what the secret belongs to."""
        key, secret = list(self._keys.items())[-1]
        nonce = os.urandom(NONCE)
        raw = plain.encode() if isinstance(plain, str) else plain
        text = AESGCM(secret).encrypt(nonce, raw, context.encode())
        return f"{VERSION}:{key}:{_encode(nonce)}:{_encode(text)}"

    def open(self, sealed: str, context: str) -> bytes:
        """What was sealed for the context. Raises `UnknownKey` or `Tampered`.

        Meeting a key that it does not know, it reads its file again: another process may have rotated.
        """
        try:
            version, key, nonce, text = sealed.split(":")
            if version != VERSION:
                raise ValueError(version)
            return AESGCM(self._key(key)).decrypt(_decode(nonce), _decode(text), context.encode())
        except (InvalidTag, ValueError) as error:
            raise Tampered(context=context) from error

    def open_text(self, sealed: str, context: str) -> str:
        """The text that was sealed for the context; raises as `open` does."""
        return self.open(sealed, context).decode()

    def stale(self, sealed: str) -> bool:
        """Whether something was sealed with an older key than the newest, and should be sealed again."""
        return sealed.split(":")[1:2] != list(self._keys)[-1:]

    def rotate(self) -> None:
        """Add a key, which seals from now on. The file is replaced at once or not at all."""
        with _locked(self.path.parent):
            keys = _with_new_key(_read(self.path))
            fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
            _write(fresh, keys, os.O_TRUNC)
            fresh.replace(self.path)
        self._keys = keys

    def _key(self, key: str) -> bytes:
        if key not in self._keys:
            self._keys = _read(self.path)
        if key not in self._keys:
            raise UnknownKey(key=key, path=str(self.path))
        return self._keys[key]


def _with_new_key(keys: Mapping[str, bytes]) -> dict[str, bytes]:
    return {**keys, os.urandom(4).hex(): AESGCM.generate_key(256)}


def _read(path: Path) -> dict[str, bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as file:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
                raise Unreadable(path=str(path), reason="others than its owner may read it; chmod 600 it")
            keys = msgspec.json.decode(file.read(), type=dict[str, bytes])
    except OSError as error:
        raise Unreadable(path=str(path), reason=error.strerror) from error
    except msgspec.MsgspecError as error:
        raise Unreadable(path=str(path), reason=f"it is not a key ring ({error})") from error
    if not keys or any(len(key) != 32 for key in keys.values()):
        raise Unreadable(path=str(path), reason="it has no key, or one that is not of 32 bytes")
    return keys


def _write(path: Path, keys: Mapping[str, bytes], how: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb") as file:
        file.write(msgspec.json.encode(keys))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The folder for one process alone, and on the disk afterwards: renaming replaces a lock on the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise ValueError("not how it was encoded: Python's decoder skips what it does not know")
    return raw
