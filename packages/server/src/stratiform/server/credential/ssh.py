"""SSH key pairs, made here and told once: of the private half nothing is kept."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BITS = 3072
"""As `ssh-keygen` makes them; a kind that every guest takes."""
EXPONENT = 65537


@dataclass(frozen=True, kw_only=True)
class SshKeyPair:
    """A fresh key pair."""

    public_key: str
    """One line as in authorized_keys."""
    fingerprint: str
    private_key: str
    """PEM."""

    def __repr__(self) -> str:
        """Without the private key."""
        return f"SshKeyPair({self.fingerprint!r})"


def generate() -> SshKeyPair:
    """A key pair of the system's randomness; takes some tenths of a second."""
    key = rsa.generate_private_key(EXPONENT, BITS)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    line = public.decode()
    return SshKeyPair(public_key=line, fingerprint=fingerprint(line), private_key=private.decode())


def fingerprint(public_key: str) -> str:
    """The MD5 of a public key in pairs of digits with colons between, as clients compare it."""
    blob = base64.b64decode(public_key.split()[1])
    return hashlib.md5(blob, usedforsecurity=False).digest().hex(":")
