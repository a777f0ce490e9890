"""Nonin data formats 2 and 7: the pulse wave, 75 frames a second (core). Source: docs/devices/nonin.md.

25 frames are a packet. Each carries one byte (FLOAT) whose meaning is its place in the packet; SYNC marks the
first. Places are trusted from a SYNC until damage, and not at all after a SYNC that came where none was due.
"""

from abc import abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple

from contract.codes import Condition
from firmware_bridge.drivers.driver import ALL_WELL, NO_FACTS, NO_VALUES, Driver, Fact, Reading, Talk
from firmware_bridge.drivers.nonin import LINE, NEVER_SEEN, rate_of, saturation_of
from firmware_bridge.drivers.nonin_commands import select_format
from firmware_bridge.drivers.oximeter_streams import oximeter_streams
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan

FRAME_BYTES: Final = 5
PACKET_FRAMES: Final = 25
LAST_READ_PLACE: Final = 9
START: Final = 0x01
SYNC: Final = 0x01
PERFUSION: Final = 0x06  # red and green; asserted for 12 frames a beat
RED: Final = 0x04
ARTIFACT: Final = 0x20
DISCONNECTED: Final = 0x40
OUT_OF_TRACK: Final = 0x10
SENSOR_ALARM: Final = 0x08
NOT_MEASURING: Final = DISCONNECTED | OUT_OF_TRACK | SENSOR_ALARM
SLOW_STATUS: Final = NOT_MEASURING | ARTIFACT  # the same in most neighbouring frames
TIMER_SPAN: Final = 1 << 14
TIMER_TRUSTED_TICKS: Final = 30  # ten seconds; beyond, the instrument was off or its timer began anew
BEAT: Final[Mapping[str, Fact]] = {"beat": True}


class _Mark(NamedTuple):
    """Where a packet began: by the instrument's timer (thirds of a second) and by our count of frames."""

    timer: int
    frame: int


class WaveDecoder(FrameScan):
    """What both formats have in common; they differ in what stands before FLOAT."""

    STATUS_AT: ClassVar[int]
    FRAME_MAX_BYTES: ClassVar = 3 * FRAME_BYTES - 1
    FRAME_TYPICAL_BYTES: ClassVar = FRAME_BYTES
    SAMPLES_A_FRAME: ClassVar = {"pleth": 1}

    def __init__(self) -> None:
        super().__init__()
        self._begin()

    def finish(self) -> list[Reading]:
        """The stream ends here; the next one begins with a packet of its own."""
        readings = super().finish()
        self._begin()
        return readings

    def _begin(self) -> None:
        self._place = 0  # of the last frame in its packet, 1 … 25; lost frames count
        self._is_placed = False
        self._high = 0  # seven bits or two, of the number that the next frame completes
        self._timer = self._stat2 = 0  # of this packet; true once it is whole
        self._display: int | None = None
        self._frame = 0  # of the last frame since the stream began; lost frames count
        self._packet_frame = 0  # the one with which this packet began
        self._mark: _Mark | None = None
        self._status = 0
        self._is_weak = self._has_artifact = self._is_battery_low = self._has_display = False
        self._conditions = ALL_WELL

    @abstractmethod
    def _is_sound(self, data: bytes, at: int) -> bool:
        """Whether the five bytes at `at` pass as a frame."""

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        end, available = at + FRAME_BYTES, len(data)
        if end > available:
            return NO_FRAME if is_end else NEEDS_MORE
        if not self._is_sound(data, at):
            return NO_FRAME
        if end + FRAME_BYTES > available:
            return FRAME_BYTES if is_end else NEEDS_MORE
        if self._is_sound(data, end):
            return FRAME_BYTES
        # Eight bits of sum let one place of a thousand pass that is the rest of a damaged frame with the
        # beginning of a sound one. The sound one gives it away: it has a successor, and the usual status.
        for other in range(at + 1, end):
            if other + 2 * FRAME_BYTES > available:
                return FRAME_BYTES if is_end else NEEDS_MORE
            is_usual = (data[other + self.STATUS_AT] ^ self._status) & SLOW_STATUS == 0
            if is_usual and self._is_sound(data, other) and self._is_sound(data, other + FRAME_BYTES):
                return NO_FRAME
        return FRAME_BYTES

    def _lost_frames(self) -> int:
        # One byte or two are the rest of a frame or noise: the timer will tell.
        return round(self._discarding / FRAME_BYTES) if self._is_in_step else 0

    def _tell(self, status: int, pleth: int, told: int, offset: int, lost: int) -> Reading:
        """Return the reading of a frame whose FLOAT is `told`."""
        if self._discarding:
            self._is_placed = False
        self._place += 1 + lost
        self._frame += 1 + lost
        facts, values = NO_FACTS, NO_VALUES
        if status & SYNC:
            if self._is_placed and self._place == PACKET_FRAMES + 1:
                facts = self._close_packet()
                missing = self._missing()
                lost += missing
                self._frame += missing
            else:
                self._is_placed = not self._is_placed
            self._place, self._packet_frame = 1, self._frame
        elif self._place > PACKET_FRAMES:
            self._is_placed = False
        if status != self._status:
            if status & PERFUSION and not self._status & PERFUSION:
                facts = {**facts, "beat": True} if facts else BEAT
            self._follow(status)
        if self._is_placed and self._place <= LAST_READ_PLACE:
            values = self._float(told)
        samples = {"pleth": (pleth,)}
        return Reading(offset, FRAME_BYTES, "wave", samples, values, self._conditions, facts, lost)

    def _close_packet(self) -> Mapping[str, Fact]:
        """The packet before this frame is whole: what its FLOATs said of the instrument is true."""
        self._is_battery_low = bool(self._stat2 & 0x01)
        self._has_display = self._display is not None
        self._judge()
        return {"smartpoint": bool(self._stat2 & 0x20)}

    def _missing(self) -> int:
        """Return how many frames were lost without a trace before the packet that is now whole."""
        now, before = _Mark(self._timer, self._packet_frame), self._mark
        self._mark = now
        if before is None:
            return 0
        ticks, counted = (now.timer - before.timer) % TIMER_SPAN, now.frame - before.frame
        if ticks == 0:
            missing = -counted % PACKET_FRAMES  # the timer stands still: SYNC alone
        elif ticks <= TIMER_TRUSTED_TICKS:
            missing = max(0, ticks * PACKET_FRAMES - counted)
        else:
            missing = 0
        self._mark = _Mark(now.timer, now.frame + missing)
        return missing

    def _follow(self, status: int) -> None:
        """Take a new status. Perfusion and artifact are told with a beat, and hold until the next."""
        self._status = status
        if status & NOT_MEASURING:
            self._is_weak = self._has_artifact = False
        elif status & PERFUSION:
            self._is_weak = status & PERFUSION == RED
            self._has_artifact = bool(status & ARTIFACT)
        elif status & ARTIFACT:
            self._has_artifact = True
        self._judge()

    def _judge(self) -> None:
        self._conditions = _conditions(
            self._status & NOT_MEASURING,
            self._is_weak,
            self._has_artifact,
            self._is_battery_low,
            self._has_display,
        )

    def _float(self, told: int) -> Mapping[str, int | None]:
        """Take FLOAT at its place; return the number that it completes."""
        is_off = bool(self._status & NOT_MEASURING)
        match self._place:
            case 1 | 6:
                self._high = told
            case 2:
                return {"pulse": None if is_off else rate_of(self._high, told)}
            case 3:
                return {"spo2": None if is_off else saturation_of(told)}
            case 7:
                self._timer = self._high << 7 | told
            case 8:
                self._stat2 = told
            case 9:
                self._display = saturation_of(told)
        return NO_VALUES


class Format2Decoder(WaveDecoder):
    """`01 STATUS PLETH FLOAT CHK`."""

    STATUS_AT: ClassVar = 1

    def _is_sound(self, data: bytes, at: int) -> bool:
        start, status, pleth, told, check = data[at : at + FRAME_BYTES]
        return start == START and status >= 0x80 > told and (START + status + pleth + told) & 0xFF == check

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        return self._tell(frame[1], frame[2], frame[3], offset, lost)


class Format7Decoder(WaveDecoder):
    """`STATUS PLETH_MSB PLETH_LSB FLOAT CHK`."""

    STATUS_AT: ClassVar = 0

    def _is_sound(self, data: bytes, at: int) -> bool:
        status, high, low, told, check = data[at : at + FRAME_BYTES]
        return status >= 0x80 > told and (status + high + low + told) & 0xFF == check

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        return self._tell(frame[0], frame[1] << 8 | frame[2], frame[3], offset, lost)


@lru_cache(maxsize=256)
def _conditions(
    status: int, is_weak: bool, has_artifact: bool, is_battery_low: bool, has_display: bool
) -> frozenset[Condition]:
    told = (
        (status & DISCONNECTED, Condition.PROBE_FAULT),
        (status & OUT_OF_TRACK, Condition.SEARCHING),
        (status & SENSOR_ALARM, Condition.PROBE_OFF),
        (status and has_display, Condition.HELD),
        (is_weak, Condition.WEAK_SIGNAL),
        (has_artifact, Condition.ARTIFACT),
        (is_battery_low, Condition.BATTERY_LOW),
    )
    return frozenset(condition for holds, condition in told if holds)


_STREAMS: Final = oximeter_streams(pleth_mhz=75_000)
DRIVERS: Final = (
    Driver(
        name="nonin-2",
        device="Nonin oximeters in data format 2 (OEM III, Xpod, Ipod, WristOx2)",
        sheet="nonin.md",
        lines=(LINE,),
        streams=_STREAMS,
        decoder=Format2Decoder,
        check_bits=8,
        structure_bits=10,
        unverified=NEVER_SEEN,
        talk=Talk(opening=select_format(2)),
    ),
    Driver(
        name="nonin-7",
        device="Nonin oximeters in data format 7 (OEM III, Xpod, Ipod, WristOx2)",
        sheet="nonin.md",
        lines=(LINE,),
        streams=_STREAMS,
        decoder=Format7Decoder,
        check_bits=8,
        structure_bits=2,
        unverified=NEVER_SEEN,
        talk=Talk(opening=select_format(7)),
    ),
)
