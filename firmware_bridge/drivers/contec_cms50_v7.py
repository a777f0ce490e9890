"""Contec CMS50 pulse oximeters, dialect C, "V7.0" (core). Source: docs/devices/contec-cms50.md.

Packets of two to nine bytes at 115200 bit/s, both ways. The first byte names the kind and is the only one
without a top bit; the second holds the top bits of all that follow. Live packets must be asked for.
"""

from functools import lru_cache
from typing import ClassVar, Final

from contract.codes import Condition
from firmware_bridge.drivers.contec_packets import (
    NO_PERFUSION,
    NO_PULSE,
    NO_SPO2,
    PACKETS,
    PERFUSION_MAX,
    REALTIME,
    SIZES,
    UNUSED_TOPS,
    command,
    is_spo2,
    known,
    unpacked,
)
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Line, Reading, Talk
from firmware_bridge.drivers.oximeter_streams import oximeter_streams
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan

REALTIME_BYTES: Final = PACKETS[REALTIME].size
STRENGTH_MAX: Final = 8
START_REALTIME: Final = 0xA1
STOP_REALTIME: Final = 0xA2
STILL_HERE: Final = 0xAF
STILL_HERE_EVERY_S: Final = 5.0  # an instrument that does not hear it stops after 30 s
_NO_TOP_BITS: Final = bytes(range(0x80))


class ContecCDecoder(FrameScan):
    """Every kind of packet. Stored samples stand in `facts`: they are not of now."""

    FRAME_MAX_BYTES: ClassVar = REALTIME_BYTES
    FRAME_TYPICAL_BYTES: ClassVar = REALTIME_BYTES
    SAMPLES_A_FRAME: ClassVar = {"pleth": 1}

    def __init__(self) -> None:
        super().__init__()
        self._discarded_bytes = 0  # since the last live packet, but for those of the present run …
        self._told_lost = 0  # … and how many packets they were said to be

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        kind = data[at]
        if kind >= 0x80 or not (size := SIZES[kind]):
            return NO_FRAME
        rest = data[at + 1 : at + size]
        if len(rest.translate(None, _NO_TOP_BITS)) < len(rest):  # the next packet begins too early
            return NO_FRAME
        if rest and rest[0] & UNUSED_TOPS[kind]:
            return NO_FRAME
        if len(rest) < size - 1:
            return NO_FRAME if is_end else NEEDS_MORE
        return size

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        data = unpacked(frame)
        if frame[0] == REALTIME:
            return _realtime(data, offset, lost)
        packet = PACKETS[frame[0]]
        facts = packet.facts(data)
        return None if facts is None else Reading(offset, packet.size, packet.name, facts=facts, lost=lost)

    def _lost_frames(self) -> int:
        """What looks like a short packet may be part of the damage: count from live one to live one."""
        if not self._is_in_step:
            return 0
        lost = round((self._discarded_bytes + self._discarding) / REALTIME_BYTES)
        return max(0, max(1, lost) - self._told_lost)

    def _take(self, reading: Reading) -> None:
        if reading.samples:
            self._discarded_bytes = self._told_lost = 0
        else:
            self._discarded_bytes += self._discarding
            self._told_lost += reading.lost
        super()._take(reading)


def _realtime(data: bytes, offset: int, lost: int) -> Reading | None:
    first, pleth, bar, pulse, spo2, perfusion_low, perfusion_high = data
    numbers = _numbers(
        first & 0xB0 | pleth >> 7, pulse, spo2, bar & 0x10, perfusion_high << 8 | perfusion_low
    )
    if numbers is None or first & 0x0F > STRENGTH_MAX or bar & 0xE0:
        return None
    return Reading(
        offset,
        REALTIME_BYTES,
        "realtime",
        {"pleth": (pleth & 0x7F,)},
        numbers[0],
        numbers[1],
        {"strength": first & 0x0F, "beat": bool(first & 0x40), "bar": bar & 0x0F},
        lost,
    )


@lru_cache(maxsize=4096)
def _numbers(
    signal: int, pulse: int, spo2: int, without_perfusion: int, perfusion: int
) -> tuple[dict[str, int | None], frozenset[Condition]] | None:
    """Return the numbers and what is the matter; None: such numbers cannot be. Kept: the same bytes come
    sixty times a second. `signal`: searching in bit 0, the flags of the first byte in bits 4, 5 and 7."""
    if without_perfusion:  # whatever stands there then
        perfusion = 0
    if not is_spo2(spo2) or PERFUSION_MAX < perfusion not in NO_PERFUSION:
        return None
    conditions = set()
    if signal & 0x80:
        conditions.add(Condition.PROBE_OFF)
    if signal & 0x11:
        conditions.add(Condition.SEARCHING)
    is_measuring = not conditions
    if signal & 0x20:
        conditions.add(Condition.ALARM)
    values = {
        "spo2": known(spo2, NO_SPO2) if is_measuring else None,
        "pulse": known(pulse, NO_PULSE) if is_measuring else None,
        "pi": known(perfusion, NO_PERFUSION) if is_measuring else None,
    }
    return values, frozenset(conditions) if conditions else ALL_WELL


DRIVERS: Final = (
    Driver(
        name="contec-cms50-c",
        model="Contec CMS50 V7.0",
        device="Contec CMS50D+, E, F, EW with firmware from 4.6 on (protocol V7.0)",
        sheet="contec-cms50.md",
        lines=(Line(115_200),),
        streams=oximeter_streams(pleth_mhz=60_000, perfusion_scale=0.01),
        decoder=ContecCDecoder,
        check_bits=0,
        unverified="the perfusion index: real ones that were seen had none",
        structure_bits=19,  # of a live packet: its first byte, eight top bits, three bits that are always 0
        talk=Talk(
            opening=command(START_REALTIME),
            keep_alive=command(STILL_HERE),
            keep_alive_s=STILL_HERE_EVERY_S,
            closing=command(STOP_REALTIME),
        ),
    ),
)
