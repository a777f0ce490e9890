"""Which instrument is this? Told from the bytes that it sends by itself, line setting by line setting (core).

Every driver's decoder hears the same bytes. One is believed when its frames follow each other without a
hole, are enough to be no accident, and come as often as that instrument sends them. Nothing is ever written.
Source: docs/adr/0025-which-device-is-it.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from firmware_bridge.drivers.driver import Driver, Line, Reading
from firmware_bridge.events import StreamKind
from firmware_bridge.frames import FrameDecoder

SILENCE_S: Final = 3.0  # the slowest send once a second, and a board that restarts when opened needs two
LISTEN_S: Final = (
    2.5  # at one line setting; a line of text once a second is then whole once, whenever one joins
)
LISTEN_MAX_S: Final = 10.0  # where frames of few bits come once a second and are not enough yet
RATE_SPAN_S: Final = 1.5  # over less the clumps of a USB adapter are too large a part
EVIDENCE_BITS: Final = 40  # that had to be right: noise of any line that we listen to brings less in a year
SOUND_SHARE: Final = 0.9  # of the bytes since the first sound frame; a good line has 1.0
RATE_TOLERANCE: Final = 0.2  # 60 and 100 frames a second are told apart, and so are 100 and 125
RATE_MIN_COUNT: Final = 20  # samples, below which a rate says nothing
LINE_MAX_BYTES: Final = 65_536  # of one line setting; more is no instrument
BOARD_LINE: Final = Line(460_800)  # of our own board on a UART; on USB the setting does not matter


class Outcome(Enum):
    """What listening brought."""

    FOUND = "one driver reads it"
    AMBIGUOUS = "several drivers read it"
    BOARD = "our own board"
    SILENT = "nothing is sent"
    UNKNOWN = "bytes that no driver reads"
    OWNED = "another program owns the port"
    FAILED = "the port cannot be used"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What is behind a port. `drivers`: those that read it, the likeliest first; `line`: where it was heard;
    `own`: what the instrument calls itself; `text`: what was found and what to do, for people."""

    outcome: Outcome
    text: str
    drivers: tuple[str, ...] = ()
    line: Line | None = None
    own: str = ""


class Ear:
    """One driver's decoder, and how well it hears."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.own = ""
        self.frames = 0
        self._decoder = driver.decoder()
        self._sound_bytes = 0
        self._began: int | None = None  # offset of the first sound frame
        self._heard_bytes = 0
        self._counts: Counter[str] = Counter()  # samples of each waveform
        self._first: tuple[float, Mapping[str, int]] | None = None  # when they first came, and how many
        self._last_s = 0.0

    def hear(self, data: bytes, *, now_s: float) -> None:
        """Take bytes that arrived now."""
        self._heard_bytes += len(data)
        readings = self._decoder.feed(data)
        for reading in readings:
            self._take(reading)
        if readings:
            self._last_s = now_s
            if self._first is None:
                self._first = (now_s, dict(self._counts))

    def _take(self, reading: Reading) -> None:
        if self._began is None:
            self._began = reading.offset
        self.frames += 1
        self._sound_bytes += reading.size
        for name, samples in reading.samples.items():
            self._counts[name] += len(samples)
        if serial := reading.facts.get("serial"):
            self.own = str(serial)

    @property
    def is_whole(self) -> bool:
        """Whether all bytes since the first sound frame are frames, but for a few and the one to come."""
        if self._began is None:
            return False
        frame_bytes = self._sound_bytes / self.frames
        span = self._heard_bytes - self._began - frame_bytes
        return self._sound_bytes >= SOUND_SHARE * span

    @property
    def is_evident(self) -> bool:
        """Whether it is no accident."""
        bits = self.frames * (self.driver.check_bits + self.driver.structure_bits)
        return self.is_whole and bits >= EVIDENCE_BITS

    @property
    def rate_fits(self) -> bool | None:
        """Whether samples come as often as they should; None: too few to say, or the driver has none."""
        if self._first is None:
            return None
        began_s, counts = self._first
        span_s = self._last_s - began_s
        for stream in self.driver.streams:
            count = self._counts[stream.name] - counts.get(stream.name, 0)
            if stream.kind is StreamKind.NUMERIC or not stream.rate_mhz or count < RATE_MIN_COUNT:
                continue
            if span_s < RATE_SPAN_S:
                return None
            return abs(count / span_s / (stream.rate_mhz / 1000.0) - 1.0) <= RATE_TOLERANCE
        return None


class Probe:
    """Listens at one line setting after the other.

    While `result` is None: set the line as `line` says, say `opened`, pass what comes to `hear`, with b"" at
    `deadline_s` at the latest, and set it anew when `line` has changed.
    """

    def __init__(self, drivers: Mapping[str, Driver]) -> None:
        self._drivers = drivers
        self._lines = list(lines_by_likelihood(drivers.values()))
        self._has_heard = False
        self.result: ProbeResult | None = None
        self.opened(now_s=0.0)

    @property
    def line(self) -> Line:
        """How to set the line now."""
        return self._lines[0]

    def opened(self, *, now_s: float) -> None:
        """The port is open, and set as `line` says."""
        self._began_s = now_s
        self._bytes = 0
        self._board = FrameDecoder()
        self._ears = [Ear(driver) for driver in self._drivers.values()]

    def hear(self, data: bytes, *, now_s: float) -> None:
        """Take bytes that arrived now, and decide what can be decided."""
        if data and not self._bytes:
            self._began_s = now_s  # what restarts when it is opened has spoken now
        self._bytes += len(data)
        self._has_heard |= bool(data)
        self._board.feed(data)
        for ear in self._ears:
            ear.hear(data, now_s=now_s)
        if self._board.frame_count:  # a CRC of 32 bits, and nothing else begins and ends like it
            self.result = _board()
        elif not self._has_heard and now_s - self._began_s >= SILENCE_S:
            self.result = _silent()
        elif now_s >= self.deadline_s or self._bytes > LINE_MAX_BYTES:
            self._decide()

    @property
    def deadline_s(self) -> float:
        """When to call `hear` at the latest."""
        if not self._bytes:
            return self._began_s + SILENCE_S
        is_promising = any(ear.frames > 1 and ear.is_whole and not ear.is_evident for ear in self._ears)
        return self._began_s + (LISTEN_MAX_S if is_promising else LISTEN_S)

    def _decide(self) -> None:
        """The time of this line is over."""
        believed = [ear for ear in self._ears if ear.is_evident and ear.rate_fits is not False]
        if believed:
            self.result = self._found(believed)
        elif len(self._lines) > 1:
            del self._lines[0]
        else:
            self.result = _unknown()

    def _found(self, believed: Sequence[Ear]) -> ProbeResult:
        line = self.line
        ears = sorted(believed, key=lambda ear: (line not in ear.driver.lines, ear.driver.name))
        names = [ear.driver.name for ear in ears]
        alike = [name for ear in ears for name in sorted(family_of(ear.driver.name, self._drivers))]
        names += [name for name in dict.fromkeys(alike) if name not in names]
        own = next((ear.own for ear in ears if ear.own), "")
        return _read_by(tuple(names), line, own)


def lines_by_likelihood(drivers: Iterable[Driver]) -> tuple[Line, ...]:
    """Return all line settings, those of most drivers first, our own board's last."""
    counts = Counter(line for driver in drivers for line in driver.lines if line != BOARD_LINE)
    return (*(line for line, _ in counts.most_common()), BOARD_LINE)


def family_of(name: str, drivers: Mapping[str, Driver]) -> frozenset[str]:
    """Return all drivers whose bytes cannot be told from those of `name`, itself included."""
    family: set[str] = set()
    found = {name}
    while found:
        family |= found
        named = {other for one in found if one in drivers for other in drivers[one].looks_like}
        naming = {one for one, driver in drivers.items() if found & set(driver.looks_like)}
        found = (named | naming) & drivers.keys() - family
    return frozenset(family)


def _read_by(names: tuple[str, ...], line: Line, own: str) -> ProbeResult:
    at = f"at {line.baud} 8{line.parity}1"
    if len(names) == 1:
        return ProbeResult(outcome=Outcome.FOUND, text=f"{names[0]} {at}", drivers=names, line=line, own=own)
    listed = ", ".join(names)
    text = f"heard {at}; its bytes cannot tell between {listed}: say which in the configuration"
    return ProbeResult(outcome=Outcome.AMBIGUOUS, text=text, drivers=names, line=line, own=own)


def _board() -> ProbeResult:
    text = "our own board: give its port to the board in the configuration"
    return ProbeResult(outcome=Outcome.BOARD, text=text)


def _silent() -> ProbeResult:
    text = "nothing is sent: switch the instrument on; one that must be asked stands in the configuration"
    return ProbeResult(outcome=Outcome.SILENT, text=text)


def _unknown() -> ProbeResult:
    text = "bytes come, and no driver reads them: check the instrument's output setting, or say which it is"
    return ProbeResult(outcome=Outcome.UNKNOWN, text=text)
