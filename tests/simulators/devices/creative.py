"""Frames of Creative and Lepu, made and heard by an instrument. Source: docs/devices/creative-pc60.md."""

from typing import Final

SYNC: Final = b"\xaa\x55"
POLYNOMIAL: Final = 0x8C  # 0x31 reflected


def crc8(data: bytes) -> int:
    """Return the CRC-8/MAXIM of `data`, bit by bit."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc


def frame(token: int, kind: int, content: bytes = b"") -> bytes:
    """Return a frame."""
    body = SYNC + bytes((token, len(content) + 2, kind)) + content
    return body + bytes((crc8(body),))


class Ears:
    """Finds whole sound commands in what the host writes."""

    def __init__(self) -> None:
        self._rest = b""

    def hear(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Return token, type and content of each command that `data` completes."""
        self._rest += data
        heard = []
        while len(self._rest) >= 6:
            size = 4 + self._rest[3]
            if not self._rest.startswith(SYNC):
                self._rest = self._rest[1:]
            elif len(self._rest) < size:
                break
            else:
                said, self._rest = self._rest[:size], self._rest[size:]
                if said == frame(said[2], said[4], said[5:-1]):
                    heard.append((said[2], said[4], said[5:-1]))
        return heard
