"""HPKE in base mode (RFC 9180): one set-up, then any number of messages, each with associated data.

DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, ChaCha20-Poly1305 0x0003. The library's own HPKE seals
one message a set-up and takes no associated data; this is the RFC's context over the library's primitives,
held to the RFC's vectors and to the library in both directions (tests/unit/contract/test_hpke.py).
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from contract.errors import Refusal, RefusedError, SealExhaustedError

ENC_BYTES: Final = 32  # the sender's ephemeral public key, which the receiver needs
TAG_BYTES: Final = 16
MESSAGES_MAX: Final = 2**96 - 1  # RFC 9180, section 5.2
_KEM: Final = b"KEM" + (0x0020).to_bytes(2)
_HPKE: Final = b"HPKE" + (0x0020).to_bytes(2) + (0x0001).to_bytes(2) + (0x0003).to_bytes(2)
_BASE_MODE: Final = b"\x00"
_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12


def setup_sender(
    receiver: X25519PublicKey, *, info: bytes, ephemeral: X25519PrivateKey | None = None
) -> tuple[bytes, "SenderContext"]:
    """Return `enc`, which goes to the receiver in clear, and the context that seals for it.

    `info` is what both sides know of the occasion. `ephemeral` is made unless a test vector gives it; one
    that is used for two contexts gives both away. Raises RefusedError for a receiver's key of low order.
    """
    ephemeral = ephemeral or X25519PrivateKey.generate()
    enc = ephemeral.public_key().public_bytes_raw()
    shared = _shared_secret(ephemeral, receiver, enc + receiver.public_bytes_raw())
    return enc, SenderContext(_Schedule(shared, info))


def setup_receiver(enc: bytes, receiver: X25519PrivateKey, *, info: bytes) -> "ReceiverContext":
    """Return the context that opens what the sender of `enc` seals. Raises RefusedError.

    Any `enc` of 32 bytes gives a context; whether it is the right one shows when it opens something.
    """
    if len(enc) != ENC_BYTES:
        raise RefusedError(Refusal.MALFORMED, f"an HPKE enc of {len(enc)} bytes, not {ENC_BYTES}")
    receiver_public = receiver.public_key().public_bytes_raw()
    shared = _shared_secret(receiver, X25519PublicKey.from_public_bytes(enc), enc + receiver_public)
    return ReceiverContext(_Schedule(shared, info))


class _Schedule:
    """What both sides derive (RFC 9180, section 5.1), and the number of the next message."""

    def __init__(self, shared_secret: bytes, info: bytes) -> None:
        context = (
            _BASE_MODE + _extract(_HPKE, b"", b"psk_id_hash", b"") + _extract(_HPKE, b"", b"info_hash", info)
        )
        secret = _extract(_HPKE, shared_secret, b"secret", b"")
        self.key = _expand(_HPKE, secret, b"key", context, _SECRET_BYTES)
        self.base_nonce = _expand(_HPKE, secret, b"base_nonce", context, _NONCE_BYTES)
        self.exporter_secret = _expand(_HPKE, secret, b"exp", context, _SECRET_BYTES)
        self.cipher = ChaCha20Poly1305(self.key)
        self.seq = 0

    def nonce(self) -> bytes:
        if self.seq >= MESSAGES_MAX:
            raise SealExhaustedError("an HPKE context has sealed 2**96-1 messages; set up another")
        return (int.from_bytes(self.base_nonce) ^ self.seq).to_bytes(_NONCE_BYTES)


class _Context:
    """Belongs to one thread, and never to two processes: the count of messages is its nonce."""

    def __init__(self, schedule: _Schedule) -> None:
        self._schedule = schedule

    def export(self, context: bytes, length: int) -> bytes:
        """Return `length` (at most 8,160) secret bytes that both sides have, another for each `context`."""
        return _expand(_HPKE, self._schedule.exporter_secret, b"sec", context, length)


class SenderContext(_Context):
    """Seals messages, in an order that the receiver opens them in."""

    def seal(self, plaintext: bytes, *, associated: bytes = b"") -> bytes:
        """Return the sealed message, TAG_BYTES longer. Raises SealExhaustedError."""
        schedule = self._schedule
        sealed = schedule.cipher.encrypt(schedule.nonce(), plaintext, associated)
        schedule.seq += 1
        return sealed


class ReceiverContext(_Context):
    """Opens messages in the order in which they were sealed."""

    def open(self, sealed: bytes, *, associated: bytes = b"") -> bytes:
        """Return the message. Raises RefusedError; then the next try is for the same message."""
        schedule = self._schedule
        try:
            plaintext = schedule.cipher.decrypt(schedule.nonce(), sealed, associated)
        except InvalidTag:
            raise RefusedError(
                Refusal.SEAL_BROKEN, f"message {schedule.seq} of an HPKE context does not open"
            ) from None
        schedule.seq += 1
        return plaintext


def _shared_secret(ours: X25519PrivateKey, theirs: X25519PublicKey, kem_context: bytes) -> bytes:
    """RFC 9180, section 4.1: ExtractAndExpand of the Diffie-Hellman value."""
    try:
        dh = ours.exchange(theirs)
    except ValueError:  # all zeros: a point of low order, which the RFC has us refuse
        raise RefusedError(Refusal.SEAL_BROKEN, "an X25519 key of low order") from None
    return _expand(_KEM, _extract(_KEM, b"", b"eae_prk", dh), b"shared_secret", kem_context, _SECRET_BYTES)


def _extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return HKDF.extract(SHA256(), salt or None, b"HPKE-v1" + suite + label + secret)


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2) + b"HPKE-v1" + suite + label + info
    return HKDFExpand(SHA256(), length, labeled).derive(key)
