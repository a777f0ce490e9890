"""Nonin data formats 2 and 7: the pulse wave, 75 frames a second (core). Source: docs/devices/nonin.md.

25 frames are a packet. Each carries one byte (FLOAT) whose meaning is its place in the packet; SYNC marks the
first. What a packet said is told when the next SYNC comes where it is due: then no frame was missing.
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
START: Final = 0x01
SYNC: Final = 0x01
PERFUSION: Final = 0x06  # red and green; asserted for 12 frames a beat
RED: Final = 0x04
ARTIFACT: Final = 0x20
DISCONNECTED: Final = 0x40
OUT_OF_TRACK: Final = 0x10
SENSOR_ALARM: Final = 0x08
NOT_MEASURING: Final = DISCONNECTED | OUT_OF_TRACK | SENSOR_ALARM
SYNC_NEAR: Final = PACKET_FRAMES - 2  # from this place on one may be due
NUMBERS_PLACE: Final = 3  # pulse rate and SpO2 are told by then
NOTHING_SAID: Final = 0x80
SLOW_STATUS: Final = NOTHING_SAID | NOT_MEASURING | ARTIFACT  # the same in most neighbouring frames
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
        """The stream ends here, and nothing speaks against the numbers of its last packet. The next stream
        begins with a packet of its own."""
        readings = super().finish()
        if readings:
            values = {**readings[-1].values, **self._numbers()}
            readings[-1] = readings[-1]._replace(values=values)
        self._begin()
        return readings

    def _begin(self) -> None:
        self._place = 0  # of the last frame in its packet, 1 … 25; lost frames count
        self._floats: list[int] = []  # of this packet; none when frames of it were lost
        self._is_off = False  # it did not measure when it told its numbers
        self._frame = 0  # of the last frame since the stream began; lost frames count
        self._packet_frame = 0  # the one with which this packet began
        self._mark: _Mark | None = None
        self._status = NOTHING_SAID
        self._perfusion = 0  # of the last beat
        self._is_weak = self._has_artifact = self._is_battery_low = self._has_display = False
        self._conditions = ALL_WELL

    @abstractmethod
    def _is_sound(self, data: bytes, at: int) -> bool:
        """Whether the five bytes at `at` pass as a frame."""

    @abstractmethod
    def _begins(self, data: bytes, at: int) -> bool:
        """Whether the two bytes at `at` are what a frame would begin with behind the last one."""

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        end, available = at + FRAME_BYTES, len(data)
        if end > available:
            return NO_FRAME if is_end else NEEDS_MORE
        if not self._is_sound(data, at):
            return NO_FRAME
        if end + FRAME_BYTES > available:
            return FRAME_BYTES if is_end else NEEDS_MORE
        is_usual, is_followed = self._begins(data, at), self._begins(data, end)
        if is_usual and is_followed and self._is_sound(data, end):
            return FRAME_BYTES
        # Eight bits of sum let one place of a thousand pass that is the rest of a damaged frame with the
        # beginning of a sound one. The sound one gives it away: it has a successor, and the usual status.
        # A damaged one that follows can feign one in here; it gives itself away by its own beginning.
        for other in range(at + 1, end):
            if other + 2 * FRAME_BYTES > available:
                return FRAME_BYTES if is_end else NEEDS_MORE
            if not (
                self._begins(data, other)
                and self._is_sound(data, other)
                and self._is_sound(data, other + FRAME_BYTES)
            ):
                continue
            if is_usual and other == end - 1:
                return (
                    other - at
                )  # of two equal bytes, last and first, one was lost: the other stands for both
            change = data[at + self.STATUS_AT] ^ data[other + self.STATUS_AT]
            is_same = change == 0 or (change == SYNC and self._place >= SYNC_NEAR)
            if is_same or not (is_usual and is_followed):
                return NO_FRAME
        return FRAME_BYTES

    def _is_usual(self, status: int) -> bool:
        """Whether most frames behind the last one could have such a status."""
        return (status ^ self._status) & SLOW_STATUS == 0 and status & PERFUSION in (0, self._perfusion)

    def _lost_frames(self) -> int:
        # One byte or two are the rest of a frame or noise: the timer will tell.
        return round(self._discarding / FRAME_BYTES) if self._is_in_step else 0

    def _tell(self, status: int, pleth: int, told: int, size: int, offset: int, lost: int) -> Reading:
        """Return the reading of a frame whose FLOAT is `told`."""
        self._place += 1 + lost
        self._frame += 1 + lost
        facts, values = NO_FACTS, NO_VALUES
        if status != self._status:
            if status & PERFUSION and not self._status & PERFUSION:
                facts = BEAT
            self._follow(status)
        if self._discarding:
            self._floats = []
        if status & SYNC:
            if len(self._floats) == PACKET_FRAMES:
                values = self._numbers()
                facts = {**facts, **self._close_packet()}
                missing = self._missing()
                lost += missing
                self._frame += missing
            self._place, self._packet_frame = 1, self._frame
            self._floats, self._is_off = [told], False
        elif 0 < len(self._floats) < PACKET_FRAMES:
            self._floats.append(told)
        else:  # the packet before has no end
            self._floats = []
        if status & NOT_MEASURING and len(self._floats) <= NUMBERS_PLACE:
            self._is_off = True
        return Reading(offset, size, "wave", {"pleth": (pleth,)}, values, self._conditions, facts, lost)

    def _numbers(self) -> dict[str, int | None]:
        """Return the numbers of this packet, as many of them as it has told."""
        told, is_off = self._floats, self._is_off or self._status & NOT_MEASURING
        values: dict[str, int | None] = {}
        if len(told) > 1:
            values["pulse"] = None if is_off else rate_of(told[0], told[1])
        if len(told) > 2:
            values["spo2"] = None if is_off else saturation_of(told[2])
        return values

    def _close_packet(self) -> Mapping[str, Fact]:
        """The packet before this frame is whole: what its FLOATs said of the instrument is true."""
        second = self._floats[7]
        self._is_battery_low = bool(second & 0x01)
        self._has_display = saturation_of(self._floats[8]) is not None
        self._judge()
        return {"smartpoint": bool(second & 0x20)}

    def _missing(self) -> int:
        """Return how many frames were lost without a trace before the packet that is now whole."""
        timer = self._floats[5] << 7 | self._floats[6]
        now, before = _Mark(timer, self._packet_frame), self._mark
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
            self._perfusion = status & PERFUSION
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


class Format2Decoder(WaveDecoder):
    """`01 STATUS PLETH FLOAT CHK`."""

    STATUS_AT: ClassVar = 1

    def _is_sound(self, data: bytes, at: int) -> bool:
        start, status, pleth, told, check = data[at : at + FRAME_BYTES]
        return start == START and status >= 0x80 > told and (START + status + pleth + told) & 0xFF == check

    def _begins(self, data: bytes, at: int) -> bool:
        return data[at] == START and self._is_usual(data[at + 1])

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        return self._tell(frame[1], frame[2], frame[3], len(frame), offset, lost)


class Format7Decoder(WaveDecoder):
    """`STATUS PLETH_MSB PLETH_LSB FLOAT CHK`."""

    STATUS_AT: ClassVar = 0

    def _is_sound(self, data: bytes, at: int) -> bool:
        status, high, low, told, check = data[at : at + FRAME_BYTES]
        return status >= 0x80 > told and (status + high + low + told) & 0xFF == check

    def _begins(self, data: bytes, at: int) -> bool:
        return self._is_usual(data[at])

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        return self._tell(frame[0], frame[1] << 8 | frame[2], frame[3], len(frame), offset, lost)


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
        model="Nonin",
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
        model="Nonin",
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
