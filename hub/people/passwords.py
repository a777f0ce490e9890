"""Passwords: made, hashed with scrypt, compared in constant time. Source: RFC 7914."""

import hashlib
import hmac
import os
import secrets
from typing import Final

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
COST_N: Final = 1 << 15  # 32 MiB and about a tenth of a second a try on the machines we know
COST_R: Final = 8
COST_P: Final = 1
MEMORY_MAX_BYTES: Final = 64 << 20  # scrypt needs 128 * N * r = 32 MiB
PASSWORD_MIN_CHARS: Final = 10
PASSWORD_MAX_CHARS: Final = 200  # a longer one only costs time
LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # without l, o, 0 and 1: it is read out and typed
GROUPS, GROUP_CHARS = 4, 4  # 80 bits


def make_password() -> str:
    """Return a new password such as "k7wq-9tmd-x3ea-hpn4", 80 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP_CHARS)) for _ in range(GROUPS))


def hash_password(password: str) -> tuple[bytes, bytes]:
    """Return (salt, hash) of a password."""
    salt = os.urandom(SALT_BYTES)
    return salt, _scrypt(password, salt)


def is_password(password: str, *, salt: bytes, hashed: bytes) -> bool:
    """Whether `password` is the one that was hashed; takes the same time either way."""
    return hmac.compare_digest(_scrypt(password, salt), hashed)


def _scrypt(password: str, salt: bytes) -> bytes:
    data = password[:PASSWORD_MAX_CHARS].encode()
    return hashlib.scrypt(
        data, salt=salt, n=COST_N, r=COST_R, p=COST_P, maxmem=MEMORY_MAX_BYTES, dklen=HASH_BYTES
    )
