"""The escrow: what a hub cannot make again, under a passphrase, for a safe.

It holds the authority (`ca.crt`, `ca.key`) and every seal key. With it and a backup an empty machine becomes
the same hub: boxes know its certificates, and what they sealed opens. Without it nobody opens anything.

Two lines of text. The first is JSON for people and for `unlock`: what it is of, and how the passphrase is
stretched (scrypt, RFC 7914). The second is base64 of ChaCha20-Poly1305 over the secrets, with the first line
as associated data.
"""

import base64
import json
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.pki.authority import Authority
from hub.pki.files import PkiError, read_file, write_file

PASSPHRASE_MIN_CHARS: Final = 12  # six words of a list, better
SCRYPT_N: Final = 2**17  # 128 MB and about half a second a guess
SCRYPT_R: Final = 8
SCRYPT_N_MAX: Final = 2**20  # what we are willing to spend on a file that says so
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A private seal key."""

    number: int
    raw: bytes
    made_utc_s: float


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the escrow holds. Certificate and key of the authority are PEM."""

    ca_certificate: bytes
    ca_key: bytes
    seal_keys: Sequence[KeptKey]


def read_secrets(authority: Authority) -> Secrets:
    """Return what the pki folder holds. Raises PkiError."""
    certificate, key = (read_file(path) for path in authority.pair("ca"))
    keys = authority.seal_keys
    kept = [
        KeptKey(number, private.private_bytes_raw(), keys.made_utc_s(number))
        for number, private in keys.read().items()
    ]
    return Secrets(certificate, key, kept)


def put_back(authority: Authority, secrets: Secrets) -> list[int]:
    """Put what is missing into the pki folder; return the numbers of the seal keys that were.

    Raises PkiError, and changes nothing, when something else is there in its place.
    """
    certificate, key = authority.pair("ca")
    for path, ours in ((certificate, secrets.ca_certificate), (key, secrets.ca_key)):
        if path.exists() and read_file(path) != ours:
            raise PkiError(
                f"{path} is of another installation than the escrow: recover into a folder without it"
            )
    keys = authority.seal_keys
    for kept in secrets.seal_keys:
        keys.check(kept.number, kept.raw)
    authority.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not key.exists():
        write_file(key, secrets.ca_key, mode=0o600)
    if not certificate.exists():
        write_file(certificate, secrets.ca_certificate, mode=0o644)
    new = [kept for kept in secrets.seal_keys if kept.number not in keys.numbers()]
    for kept in new:
        keys.add(kept.number, kept.raw, made_utc_s=kept.made_utc_s)
    return [kept.number for kept in new]


def lock(secrets: Secrets, passphrase: str, *, made: datetime) -> bytes:
    """Return the escrow file. Raises PkiError: the passphrase is too short."""
    letters = len(_as_typed(passphrase))
    if letters < PASSPHRASE_MIN_CHARS:
        raise PkiError(f"the passphrase has {letters} letters: take at least {PASSPHRASE_MIN_CHARS}")
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    header = {
        "haidang_escrow": FORMAT,
        "made": made.astimezone(UTC).isoformat(timespec="seconds"),
        "authority": _name(secrets.ca_certificate),
        "seal_keys": [kept.number for kept in secrets.seal_keys],
        "kdf": {"name": "scrypt", "n": SCRYPT_N, "r": SCRYPT_R, "p": 1, "salt": _text(salt)},
        "nonce": _text(nonce),
    }
    line = json.dumps(header, ensure_ascii=False).encode()
    inside = {
        "ca_certificate": secrets.ca_certificate.decode(),
        "ca_key": secrets.ca_key.decode(),
        "seal_keys": [
            {"number": kept.number, "private": _text(kept.raw), "made_utc_s": kept.made_utc_s}
            for kept in secrets.seal_keys
        ],
    }
    cipher = ChaCha20Poly1305(_stretch(passphrase, salt, n=SCRYPT_N, r=SCRYPT_R))
    sealed = cipher.encrypt(nonce, json.dumps(inside).encode(), line)
    return line + b"\n" + base64.b64encode(sealed) + b"\n"


def unlock(raw: bytes, passphrase: str) -> Secrets:
    """Return what is in an escrow file. Raises PkiError."""
    line, _, rest = raw.partition(b"\n")
    try:
        header = json.loads(line)
        salt, nonce, n = _salt_nonce_n(header)
        sealed = base64.b64decode(rest.strip(), validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise PkiError(
            f"this is no escrow of a hub, or it is cut short ({error}): take another copy"
        ) from error
    try:
        cipher = ChaCha20Poly1305(_stretch(passphrase, salt, n=n, r=SCRYPT_R))
        inside = json.loads(cipher.decrypt(nonce, sealed, line))
    except InvalidTag:
        raise PkiError(
            "the passphrase is wrong, or the escrow was changed: try again, or another copy"
        ) from None
    return Secrets(
        inside["ca_certificate"].encode(),
        inside["ca_key"].encode(),
        [
            KeptKey(one["number"], base64.b64decode(one["private"]), one["made_utc_s"])
            for one in inside["seal_keys"]
        ],
    )


def _salt_nonce_n(header: Any) -> tuple[bytes, bytes, int]:
    if header["haidang_escrow"] != FORMAT:
        raise ValueError(f"format {header['haidang_escrow']}, this hub reads {FORMAT}")
    kdf = header["kdf"]
    salt, nonce, n = base64.b64decode(kdf["salt"]), base64.b64decode(header["nonce"]), kdf["n"]
    is_known = (kdf["name"], kdf["r"], kdf["p"]) == ("scrypt", SCRYPT_R, 1) and len(nonce) == NONCE_BYTES
    if not is_known or not isinstance(n, int) or not 2**14 <= n <= SCRYPT_N_MAX or n & (n - 1):
        raise ValueError("its way of stretching the passphrase is not ours")
    return salt, nonce, n


def _stretch(passphrase: str, salt: bytes, *, n: int, r: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=r, p=1).derive(_as_typed(passphrase).encode())


def _as_typed(passphrase: str) -> str:
    """The same on every keyboard: composed letters, no spaces at the ends."""
    return unicodedata.normalize("NFC", passphrase.strip())


def _name(certificate: bytes) -> str:
    return x509.load_pem_x509_certificate(certificate).subject.rfc4514_string()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
