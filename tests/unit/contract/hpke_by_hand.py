"""HPKE base mode, written from RFC 9180 over plain hashes: what a reader in another language would write."""

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_KEM: Final = b"KEM" + (0x0020).to_bytes(2)  # DHKEM(X25519, HKDF-SHA256)
_HPKE: Final = b"HPKE" + (0x0020).to_bytes(2) + (0x0001).to_bytes(2) + (0x0003).to_bytes(2)


def _extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, hashlib.sha256)


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2) + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labeled + b"\x01", hashlib.sha256)[:length]  # one block is enough: 32 bytes


def _cipher(dh: bytes, enc: bytes, public: bytes, info: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    shared = _expand(_KEM, _extract(_KEM, b"", b"eae_prk", dh), b"shared_secret", enc + public, 32)
    hashes = _extract(_HPKE, b"", b"psk_id_hash", b"") + _extract(_HPKE, b"", b"info_hash", info)
    secret = _extract(_HPKE, shared, b"secret", b"")
    key = _expand(_HPKE, secret, b"key", b"\x00" + hashes, 32)
    return ChaCha20Poly1305(key), _expand(_HPKE, secret, b"base_nonce", b"\x00" + hashes, 12)


def wrap(secret: bytes, hub_public: bytes, *, info: bytes) -> bytes:
    """Return enc and ciphertext."""
    ours = X25519PrivateKey.generate()
    enc = ours.public_key().public_bytes_raw()
    dh = ours.exchange(X25519PublicKey.from_public_bytes(hub_public))
    cipher, nonce = _cipher(dh, enc, hub_public, info)
    return enc + cipher.encrypt(nonce, secret, b"")


def unwrap(wrapped: bytes, hub_private: bytes, *, info: bytes) -> bytes:
    """Return what was wrapped. Raises InvalidTag."""
    hub = X25519PrivateKey.from_private_bytes(hub_private)
    enc, ciphertext = wrapped[:32], wrapped[32:]
    dh = hub.exchange(X25519PublicKey.from_public_bytes(enc))
    cipher, nonce = _cipher(dh, enc, hub.public_key().public_bytes_raw(), info)
    return cipher.decrypt(nonce, ciphertext, b"")
