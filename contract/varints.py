"""Whole numbers in few bytes (core): unsigned LEB128, and zigzag for signed ones.

Seven bits a byte, lowest first, the top bit set on every byte but the last. At most 63 bits in nine bytes, so
that every number fits a signed column of a database; a number has one encoding only (no trailing zero byte),
so equal content is equal bytes. Source: DWARF 5, section 7.6.
"""

from typing import Final

from contract.errors import OwnFaultError, Refusal, RefusedError

VARINT_MAX: Final = 2**63 - 1


def encode_varint(value: int) -> bytes:
    """Return the bytes of `value`, 0 … 2**63-1. Raises OwnFaultError outside that range."""
    if not 0 <= value <= VARINT_MAX:
        raise OwnFaultError(f"varint {value} is outside 0 … 2**63-1")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> int:
    """Map a signed number to an unsigned one: 0, -1, 1, -2 … become 0, 1, 2, 3 …"""
    return value * 2 if value >= 0 else -value * 2 - 1


def unzigzag(value: int) -> int:
    """Undo `zigzag`."""
    return value >> 1 if value & 1 == 0 else -(value >> 1) - 1


class Reader:
    """Reads fields off the front of a peer's bytes. Raises RefusedError and nothing else."""

    def __init__(self, data: bytes | memoryview, *, what: str) -> None:
        self.data = memoryview(data)
        self.offset = 0
        self._what = what  # named in errors

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return len(self.data) - self.offset

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes."""
        if length > self.left:
            raise RefusedError(
                Refusal.TRUNCATED, f"{self._what} wants {length} bytes at {self.offset}, {self.left} are left"
            )
        self.offset += length
        return bytes(self.data[self.offset - length : self.offset])

    def byte(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def fixed(self, length: int) -> int:
        """Return the next `length` bytes as an unsigned little-endian number."""
        return int.from_bytes(self.take(length), "little")

    def varint(self) -> int:
        """Return the next varint, 0 … 2**63-1."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 56:
                raise RefusedError(
                    Refusal.MALFORMED, f"{self._what} has a varint of over nine bytes at {self.offset}"
                )
        if byte == 0 and shift:
            raise RefusedError(
                Refusal.MALFORMED, f"{self._what} has a varint that is not minimal at {self.offset}"
            )
        return value

    def finish(self) -> None:
        """Say that nothing may follow."""
        if self.left:
            raise RefusedError(Refusal.MALFORMED, f"{self._what} has {self.left} bytes after its end")
