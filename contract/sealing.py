"""Captured is sealed: one key a process start, wrapped to the hub, and a counter nonce.

Body: ChaCha20-Poly1305 (RFC 8439). Nonce: four zero bytes, then the header's nonce as u64 LE; the counter
starts at 1 and only grows, and a key never outlives its process, so that no nonce is used twice. Associated
data: the station's name, a zero byte, the spool as u64 LE, and the clear header up to the body. Key: 32
random bytes, wrapped by HPKE base mode (RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305) with the info
string of `_key_info`, carried by a `key` event.
"""

import os
from dataclasses import replace
from itertools import count
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from contract.errors import OwnFaultError, Refusal, RefusedError, SealExhaustedError
from contract.header import Header, Record, encode_clear
from contract.ids import CLEAR, KeyId, SpoolId, StationId
from contract.varints import VARINT_MAX

TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 32
WRAPPED_KEY_BYTES: Final = 32 + KEY_BYTES + TAG_BYTES
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
HubKey = X25519PublicKey  # to which boxes wrap their keys
HubPrivateKey = X25519PrivateKey  # what the hub unwraps them with


def read_hub_key(raw: bytes) -> HubKey:
    """Return the hub's public key from its 32 raw bytes. Raises RefusedError."""
    if len(raw) != PUBLIC_KEY_BYTES:
        raise RefusedError(
            Refusal.MALFORMED, f"the hub's public key has {len(raw)} bytes, not {PUBLIC_KEY_BYTES}"
        )
    return X25519PublicKey.from_public_bytes(raw)


def _key_info(station: StationId, spool: SpoolId, key_id: KeyId) -> bytes:
    return (
        b"haidang key 1\0"
        + station.encode()
        + b"\0"
        + spool.to_bytes(8, "little")
        + key_id.to_bytes(8, "little")
    )


def _associated_data(station: StationId, spool: SpoolId, header: Header, body_length: int) -> bytes:
    clear = encode_clear(header.as_sealed(), body_length=body_length)
    return station.encode() + b"\0" + spool.to_bytes(8, "little") + clear


def _nonce_bytes(nonce: int) -> bytes:
    return bytes(4) + nonce.to_bytes(8, "little")


class Sealer:
    """Seals bodies under one key, made here. The box keeps no copy: it cannot open what it has sealed."""

    def __init__(self, hub_key: HubKey, *, station: StationId, spool: SpoolId, key_id: KeyId) -> None:
        if key_id == CLEAR:
            raise OwnFaultError("key id 0 means not sealed")
        key = os.urandom(KEY_BYTES)
        self.key_id = key_id
        self.wrapped_key = _SUITE.encrypt(key, hub_key, info=_key_info(station, spool, key_id))
        self._cipher = ChaCha20Poly1305(key)
        self._station, self._spool = station, spool
        self._nonces = count(1)  # one step even when two threads seal at once

    def seal(self, header: Header, body: bytes) -> Record:
        """Return the record with its body sealed; key id and nonce are filled in. Any thread may call.

        Raises SealExhaustedError at the end of the counter, OwnFaultError for what was sealed before.
        """
        if header.was_draft:
            raise OwnFaultError(f"record {header.seq} was sealed as a draft; it is not sealed again")
        nonce = next(self._nonces)
        if nonce > VARINT_MAX:
            raise SealExhaustedError(
                f"key {self.key_id} has sealed 2**63-1 bodies; restart the service for a new key"
            )
        header = replace(header, key_id=self.key_id, nonce=nonce)
        data = _associated_data(self._station, self._spool, header, len(body) + TAG_BYTES)
        return Record(header, self._cipher.encrypt(_nonce_bytes(nonce), body, data))


class Opener:
    """Opens what one key of one spool sealed."""

    def __init__(self, key: bytes, *, station: StationId, spool: SpoolId, key_id: KeyId) -> None:
        self._cipher = ChaCha20Poly1305(key)
        self._station, self._spool, self._key_id = station, spool, key_id

    def open(self, record: Record) -> bytes:
        """Return the body. Raises RefusedError when it was sealed by another key, or changed, or moved."""
        header = record.header
        if header.key_id != self._key_id:
            raise RefusedError(
                Refusal.UNKNOWN_KEY, f"sealed under key {header.key_id}, this is key {self._key_id}"
            )
        data = _associated_data(self._station, self._spool, header, len(record.body))
        try:
            return self._cipher.decrypt(_nonce_bytes(header.nonce), record.body, data)
        except InvalidTag:
            raise RefusedError(
                Refusal.SEAL_BROKEN, f"the seal of {header.kind.name.lower()} {header.seq} does not hold"
            ) from None


def unwrap_key(
    hub_key: HubPrivateKey, wrapped_key: bytes, *, station: StationId, spool: SpoolId, key_id: KeyId
) -> Opener:
    """Return the opener for the wrapped key of a `key` event.

    Raises RefusedError when it was not wrapped for this hub, or for another station, spool or key id.
    """
    if len(wrapped_key) != WRAPPED_KEY_BYTES:
        raise RefusedError(
            Refusal.MALFORMED, f"a wrapped key of {len(wrapped_key)} bytes, not {WRAPPED_KEY_BYTES}"
        )
    try:
        key = _SUITE.decrypt(wrapped_key, hub_key, info=_key_info(station, spool, key_id))
    except InvalidTag:
        raise RefusedError(
            Refusal.SEAL_BROKEN, f"key {key_id} of spool {spool:016x} was not wrapped for this hub's key"
        ) from None
    return Opener(key, station=station, spool=spool, key_id=key_id)
