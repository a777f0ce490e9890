"""Captured is sealed: one key a process start, wrapped to the hub, and a counter nonce.

Body: ChaCha20-Poly1305 (RFC 8439). Nonce: four zero bytes, then the header's nonce as u64 LE; the counter
starts at 1 and only grows, and a key never outlives its process, so that no nonce is used twice. Associated
data: the station's name, a zero byte, the spool as u64 LE, and the clear header up to the body. Key: 32
random bytes, wrapped for one of the hub's keys by HPKE (`contract/hpke.py`) with the info string of
`_key_info`, carried by a `key` event. Source: docs/wire.md, section 8; docs/adr/0005 and 0018.
"""

import os
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from contract import hpke
from contract.errors import OwnFaultError, Refusal, RefusedError, SealExhaustedError
from contract.header import Header, Record, encode_clear
from contract.ids import CLEAR, KeyId, SpoolId, StationId
from contract.varints import VARINT_MAX

TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
PUBLIC_KEY_BYTES: Final = 32
WRAPPED_KEY_BYTES: Final = hpke.ENC_BYTES + KEY_BYTES + hpke.TAG_BYTES
NUMBERED_KEY_BYTES: Final = PUBLIC_KEY_BYTES + 4
HubPrivateKey = X25519PrivateKey  # what the hub unwraps keys with


@dataclass(frozen=True, slots=True)
class HubKey:
    """A key of the hub, for which boxes wrap theirs. `number`: 1 … 2**32-1, larger with each rotation."""

    number: int
    public: X25519PublicKey

    def to_bytes(self) -> bytes:
        """Return what `read_hub_key` reads: 32 bytes, and behind them the number where it is not 1."""
        number = b"" if self.number == 1 else self.number.to_bytes(4, "little")
        return self.public.public_bytes_raw() + number

    def to_sign(self) -> bytes:
        """Return what the hub's authority signs: that this is the hub's key of this number."""
        return (
            b"haidang hub seal key 1\0" + self.number.to_bytes(4, "little") + self.public.public_bytes_raw()
        )


def read_hub_key(raw: bytes) -> HubKey:
    """Return the hub's key from the file that a box was given at its enrolment. Raises RefusedError."""
    if len(raw) == PUBLIC_KEY_BYTES:
        return HubKey(1, X25519PublicKey.from_public_bytes(raw))
    number = int.from_bytes(raw[PUBLIC_KEY_BYTES:], "little")
    if len(raw) != NUMBERED_KEY_BYTES or number < 2:
        text = f"the hub's public key has {len(raw)} bytes, not {PUBLIC_KEY_BYTES}, nor with a number behind"
        raise RefusedError(Refusal.MALFORMED, text)
    return HubKey(number, X25519PublicKey.from_public_bytes(raw[:PUBLIC_KEY_BYTES]))


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
        """Make a key and wrap it for `hub_key`. Raises OwnFaultError for key id 0, RefusedError for a hub's
        key that is none.
        """
        if key_id == CLEAR:
            raise OwnFaultError("key id 0 means not sealed")
        key = os.urandom(KEY_BYTES)
        enc, context = hpke.setup_sender(hub_key.public, info=_key_info(station, spool, key_id))
        self.key_id, self.hub_key_number = key_id, hub_key.number
        self.wrapped_key = enc + context.seal(key)
        self._process = os.getpid()
        self._cipher = ChaCha20Poly1305(key)
        self._station, self._spool = station, spool
        self._nonces = count(1)  # one step even when two threads seal at once

    def seal(self, header: Header, body: bytes) -> Record:
        """Return the record with its body sealed; key id and nonce are filled in. Any thread may call.

        Raises SealExhaustedError at the end of the counter; OwnFaultError for what was sealed before, and in
        a process that was forked off: both would count on from the same nonce.
        """
        if os.getpid() != self._process:
            raise OwnFaultError(f"key {self.key_id} belongs to process {self._process}; make another here")
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
    enc, sealed = wrapped_key[: hpke.ENC_BYTES], wrapped_key[hpke.ENC_BYTES :]
    try:
        context = hpke.setup_receiver(enc, hub_key, info=_key_info(station, spool, key_id))
        key = context.open(sealed)
    except RefusedError:
        raise RefusedError(
            Refusal.SEAL_BROKEN, f"key {key_id} of spool {spool:016x} was not wrapped for this hub's key"
        ) from None
    return Opener(key, station=station, spool=spool, key_id=key_id)
