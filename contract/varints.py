"""Whole numbers in few bytes (core): unsigned LEB128, and zigzag for signed ones.

Seven bits a byte, lowest first, the top bit set on every byte but the last. At most 63 bits in nine bytes, so
that every number fits a signed column of a database; a number has one encoding only (no trailing zero byte),
so equal content is equal bytes. Source: DWARF 5, section 7.6.
"""

from typing import Final

from contract.errors import OwnFaultError, Refusal, RefusedError

VARINT_MAX: Final = 2**63 - 1
_OF_ONE_BYTE: Final = tuple(bytes((value,)) for value in range(0x80))


def encode_varint(value: int) -> bytes:
    """Return the bytes of `value`, 0 … 2**63-1. Raises OwnFaultError outside that range."""
    if 0 <= value <= 0x7F:  # most are; a hub writes a receipt of eleven a parcel
        return _OF_ONE_BYTE[value]
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

    def __init__(self, data: bytes, *, what: str) -> None:
        self.data = data
        self.offset = 0
        self._what = what  # named in errors

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return len(self.data) - self.offset

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes."""
        start = self.offset
        if length > len(self.data) - start:
            raise self._truncated(length)
        self.offset = start + length
        return self.data[start : start + length]

    def byte(self) -> int:
        """Return the next byte as a number."""
        try:
            byte = self.data[self.offset]
        except IndexError:
            raise self._truncated(1) from None
        self.offset += 1
        return byte

    def fixed(self, length: int) -> int:
        """Return the next `length` bytes as an unsigned little-endian number."""
        return int.from_bytes(self.take(length), "little")

    def varint(self) -> int:
        """Return the next varint, 0 … 2**63-1."""
        data, offset = self.data, self.offset
        value = shift = 0
        try:  # written out, for a hub of 14,000 stations reads a hundred thousand of these a second
            while True:
                byte = data[offset]
                offset += 1
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    break
                shift += 7
                if shift > 56:
                    raise self._malformed("of over nine bytes", offset)
        except IndexError:
            self.offset = offset
            raise self._truncated(1) from None
        self.offset = offset
        if byte == 0 and shift:
            raise self._malformed("that is not minimal", offset)
        return value

    def varints(self, count: int) -> list[int]:
        """Return the next varints."""
        data, offset, found = self.data, self.offset, []
        try:
            for _ in range(count):
                byte = data[offset]
                if byte < 0x80:  # most are of one byte: read here, the others there
                    offset += 1
                    found.append(byte)
                else:
                    self.offset = offset
                    found.append(self.varint())
                    offset = self.offset
        except IndexError:
            self.offset = offset
            raise self._truncated(1) from None
        self.offset = offset
        return found

    def finish(self) -> None:
        """Say that nothing may follow."""
        if self.left:
            raise RefusedError(Refusal.MALFORMED, f"{self._what} has {self.left} bytes after its end")

    def _truncated(self, length: int) -> RefusedError:
        text = f"{self._what} wants {length} bytes at {self.offset}, {self.left} are left"
        return RefusedError(Refusal.TRUNCATED, text)

    def _malformed(self, how: str, offset: int) -> RefusedError:
        return RefusedError(Refusal.MALFORMED, f"{self._what} has a varint {how} at {offset}")
