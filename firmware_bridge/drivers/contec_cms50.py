"""Contec CMS50 pulse oximeters, dialects A and B (core). Source: docs/devices/contec-cms50.md.

Five bytes, sixty times a second, told without being asked; A at 4800 bit/s, B at 19200. B also sends what it
has stored, as threes of bytes, when the host asks for it.
"""

from functools import lru_cache
from typing import ClassVar, Final

from contract.codes import Condition
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Line, Reading
from firmware_bridge.drivers.oximeter_streams import oximeter_streams
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME
from firmware_bridge.drivers.sync_bit import (
    FRAME_BYTES,
    STRUCTURE_BITS,
    SyncBitScan,
    is_possible,
    known_pulse,
    known_spo2,
)

ASK_STORED: Final = bytes.fromhex("F5 F5")  # dialect B: send what is stored
ASK_LIVE: Final = bytes.fromhex("F6 F6 F6")  # dialect B: back to live frames
STORED_HEAD: Final = bytes.fromhex("F2 80 00") * 3
STORED_HEAD_BYTES: Final = len(STORED_HEAD) + 3  # with the length
STORED_SAMPLE_BYTES: Final = 3


class ContecADecoder(SyncBitScan):
    """Live frames."""

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        first, pleth, bar, rate, spo2 = frame
        if not is_possible(first & 0x0F, spo2):
            return None
        values, conditions = _numbers(first & 0x30, bar & 0x70, rate, spo2)
        return Reading(
            offset,
            FRAME_BYTES,
            "realtime",
            {"pleth": (pleth,)},
            values,
            conditions,
            {"strength": first & 0x0F, "beat": bool(first & 0x40), "bar": bar & 0x0F},
            lost,
        )


class ContecBDecoder(ContecADecoder):
    """Live frames; and between a head and the next live frame stored samples, three bytes each. Those stand
    in `facts`, because they are not of now.
    """

    FRAME_MAX_BYTES: ClassVar = STORED_HEAD_BYTES + 1

    def __init__(self) -> None:
        super().__init__()
        self._is_download = False

    def finish(self) -> list[Reading]:
        """The stream ends here, and a download with it."""
        readings = super().finish()
        self._is_download = False
        return readings

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        if data[at] < 0xF0 or data[at + 1 : at + 2].isascii():  # a second top bit: never in a live frame
            return super()._frame_bytes(data, at, is_end=is_end)
        frame = data[at : at + STORED_HEAD_BYTES + 1]
        head = frame[: len(STORED_HEAD)]
        if STORED_HEAD.startswith(head):
            if len(frame) > STORED_HEAD_BYTES or is_end:
                return _head_bytes(frame)
            return NEEDS_MORE
        if not self._is_download or data[at] & 0xFE != 0xF0:
            return NO_FRAME
        if len(frame) < STORED_SAMPLE_BYTES:
            return NO_FRAME if is_end else NEEDS_MORE
        return STORED_SAMPLE_BYTES if frame[2] < 0x80 else NO_FRAME

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        if len(frame) == FRAME_BYTES:
            self._is_download = False
            return super()._read(frame, offset, lost)
        if len(frame) == STORED_SAMPLE_BYTES:
            return _stored(frame, offset, lost)
        self._is_download = True
        high, middle, low = frame[len(STORED_HEAD) : STORED_HEAD_BYTES]
        length = (high & 0x7F) << 14 | (middle & 0x7F) << 7 | low
        facts = {"length": length, "samples": (length + 1) // STORED_SAMPLE_BYTES}
        return Reading(offset, len(frame), "stored length", facts=facts, lost=lost)


def _head_bytes(frame: bytes) -> int:
    """Return how long the head of a download is: a real one puts a zero behind the length."""
    length, rest = frame[len(STORED_HEAD) : STORED_HEAD_BYTES], frame[STORED_HEAD_BYTES:]
    if len(length) < 3 or length[0] < 0x80 or length[1] < 0x80 or length[2] >= 0x80:
        return NO_FRAME
    return STORED_HEAD_BYTES + (rest == b"\0")


def _stored(frame: bytes, offset: int, lost: int) -> Reading | None:
    high, low, spo2 = frame
    if not is_possible(0, spo2):
        return None
    facts = {"spo2": known_spo2(spo2), "pulse": known_pulse((high & 1) << 7 | low & 0x7F)}
    return Reading(offset, STORED_SAMPLE_BYTES, "stored", facts=facts, lost=lost)


@lru_cache(maxsize=4096)
def _numbers(
    signal: int, probe: int, rate_low: int, spo2: int
) -> tuple[dict[str, int | None], frozenset[Condition]]:
    """Return the numbers and what is the matter. Kept: the same bytes come sixty times a second."""
    conditions = set()
    if probe & 0x10:
        conditions.add(Condition.PROBE_FAULT)
    if signal & 0x10 or probe & 0x20:
        conditions.add(Condition.SEARCHING)
    is_measuring = not conditions
    if signal & 0x20:
        conditions.add(Condition.ALARM)
    values = {
        "spo2": known_spo2(spo2) if is_measuring else None,
        "pulse": known_pulse((probe & 0x40) << 1 | rate_low) if is_measuring else None,
    }
    return values, frozenset(conditions) if conditions else ALL_WELL


DRIVERS: Final = (
    Driver(
        name="contec-cms50-a",
        model="Contec CMS50",
        device="Contec CMS50 of the oldest kind (protocol V5.0A), and others that speak like it",
        sheet="contec-cms50.md",
        lines=(Line(4800, "O"), Line(4800)),
        streams=oximeter_streams(pleth_mhz=60_000),
        decoder=ContecADecoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS,
        unverified="known from its maker's description only; no bytes of a real one have been seen",
        looks_like=("contec-cms50-b", "berry-bm1000"),
    ),
    Driver(
        name="contec-cms50-b",
        model="Contec CMS50D+",
        device="Contec CMS50D+ with firmware up to 4.5",
        sheet="contec-cms50.md",
        lines=(Line(19_200, "O"),),
        streams=oximeter_streams(pleth_mhz=60_000),
        decoder=ContecBDecoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS,
        unverified="known from other people's programs only; no bytes of a real one have been seen",
        looks_like=("contec-cms50-a", "berry-bm1000"),
    ),
)
