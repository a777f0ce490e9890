"""Masimo Radical, Radical-7 and Rad-8 in serial mode ASCII 1: a line of text a second (core).
Source: docs/devices/masimo.md.

There is no checksum: a line counts only if all of it is as it must be, to the last character.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Final, NamedTuple

from contract.codes import Condition
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Fact, Line, Reading
from firmware_bridge.drivers.line_clock import LineClock
from firmware_bridge.drivers.oximeter_streams import oximeter_numbers
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan

LINE_MAX_BYTES: Final = 256
LINE_TYPICAL_BYTES: Final = 127
HEAD_BYTES: Final = 18
HEAD: Final = re.compile(rb"\d\d/\d\d/\d\d \d\d:\d\d:\d\d ")
WHOLE: Final = re.compile(rb"[0-9/]{8} [0-9:]{8}((?: [A-Z][A-Z0-9]*=[-+.%0-9A-Za-z]{1,16})+)\r?\n")
BLANK: Final = frozenset(b"\r\n")
FIELDS: Final = {
    "SN": re.compile(r"\d{6,16}"),
    "SPO2": re.compile(r"(?:\d{3}|---)%"),
    "BPM": re.compile(r"\d{3}|---"),
    "PI": re.compile(r"(?:\d\d\.\d\d|--\.--)%"),
    "SPCO": re.compile(r"(?:\d\d\.\d|--\.-)%"),
    "SPMET": re.compile(r"(?:\d\d\.\d|--\.-)%"),
    "DESAT": re.compile(r"\d\d|--"),
    "PIDELTA": re.compile(r"[-+](?:\d\d|--)"),
    "PVI": re.compile(r"\d{3}|---"),
    "ALARM": re.compile(r"[0-9A-F]{4}"),
    "EXC": re.compile(r"[0-9A-F]{6}"),
}
NEEDED: Final = frozenset({"SN", "SPO2", "BPM", "PI", "ALARM", "EXC"})
OTHER_NUMBERS: Final = ("SPCO", "SPMET", "DESAT", "PIDELTA", "PVI")
NOT_VALID: Final = 0x0FB
EXCEPTIONS: Final = (
    (0x001, Condition.PROBE_FAULT),  # none
    (0x002, Condition.PROBE_FAULT),  # defective
    (0x004, Condition.WEAK_SIGNAL),  # low perfusion
    (0x008, Condition.SEARCHING),
    (0x010, Condition.ARTIFACT),  # interference
    (0x020, Condition.PROBE_OFF),
    (0x040, Condition.ARTIFACT),  # too much light
    (0x080, Condition.PROBE_FAULT),  # of another maker
    (0x400, Condition.WEAK_SIGNAL),  # low signal IQ
)
ALARMS: Final = (
    (0x01, "SpO2 high"),
    (0x02, "SpO2 low"),
    (0x04, "pulse high"),
    (0x08, "pulse low"),
    (0x10, "sounding"),
    (0x20, "muted"),
)
MUTED: Final = 0x20


class _Told(NamedTuple):
    second: int  # of the instrument's clock
    device_time: str
    fields: Mapping[str, str]


class MasimoDecoder(FrameScan):
    """Lines. Empty ones between them are neither lines nor damage."""

    FRAME_MAX_BYTES: ClassVar = LINE_MAX_BYTES
    FRAME_TYPICAL_BYTES: ClassVar = LINE_TYPICAL_BYTES
    SAMPLES_A_FRAME: ClassVar = {"spo2": 1, "pulse": 1, "pi": 1}

    def __init__(self) -> None:
        super().__init__()
        self._blanks = 0  # of the bytes that are being discarded
        self._clock = LineClock()

    def finish(self) -> list[Reading]:
        """The stream ends here; the clock of the next is another."""
        readings = super().finish()
        self._blanks = 0
        self._clock = LineClock()
        return readings

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        if not 0x30 <= data[at] <= 0x39:
            self._blanks += data[at] in BLANK
            return NO_FRAME
        missing = NO_FRAME if is_end else NEEDS_MORE
        if at + HEAD_BYTES > len(data):
            return missing
        if HEAD.match(data, at) is None:
            return NO_FRAME
        end = data.find(b"\n", at, at + LINE_MAX_BYTES) + 1
        if not end:
            return NO_FRAME if at + LINE_MAX_BYTES <= len(data) else missing
        return end - at

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        told = _parsed(frame)
        if told is None:
            return None
        by_clock = self._clock.lost_before(told.second, is_damaged=self._discarding > self._blanks)
        exceptions, alarm = int(told.fields["EXC"], 16), int(told.fields["ALARM"], 16)
        shown = {
            "spo2": _digits(told.fields["SPO2"]),
            "pulse": _digits(told.fields["BPM"]),
            "pi": _digits(told.fields["PI"]),
        }
        is_valid = not exceptions & NOT_VALID
        conditions = {condition for bit, condition in EXCEPTIONS if exceptions & bit}
        if not is_valid and any(shown.values()):
            conditions.add(Condition.HELD)
        if alarm & ~MUTED:
            conditions.add(Condition.ALARM)
        return Reading(
            offset,
            len(frame),
            "line",
            values=dict(shown) if is_valid else dict.fromkeys(shown),
            conditions=frozenset(conditions) if conditions else ALL_WELL,
            facts=_facts(told, alarm),
            lost=lost if by_clock is None else by_clock,
        )

    def _take(self, reading: Reading) -> None:
        if self._discarding == self._blanks:
            self.counts.discarded_bytes += self._discarding
            self._discarding = 0
        self._blanks = 0
        super()._take(reading)


def _parsed(line: bytes) -> _Told | None:
    """Return what a line says; None: it is not, to the last character, what such an instrument sends."""
    whole = WHOLE.fullmatch(line)
    if whole is None:
        return None
    text = line.decode("ascii")
    pairs = [pair.split("=") for pair in whole[1].decode("ascii").split()]
    fields = {pair[0]: pair[1] for pair in pairs}
    if len(fields) < len(pairs) or not fields.keys() >= NEEDED:
        return None
    if any(key in FIELDS and FIELDS[key].fullmatch(value) is None for key, value in fields.items()):
        return None
    if (_digits(fields["SPO2"]) or 0) > 100:
        return None
    month, day, year = int(text[0:2]), int(text[3:5]), 2000 + int(text[6:8])
    hour, minute, second = int(text[9:11]), int(text[12:14]), int(text[15:17])
    try:
        today = date(year, month, day)
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    seconds = ((today.toordinal() * 24 + hour) * 60 + minute) * 60 + second
    return _Told(seconds, f"{today}T{text[9:17]}", fields)


def _digits(shown: str) -> int | None:
    """Return the digits as one number, without point and sign; None for dashes and for zero."""
    digits = "".join(filter(str.isdigit, shown))
    return int(digits) or None if digits else None


def _facts(told: _Told, alarm: int) -> dict[str, Fact]:
    fields = told.fields
    facts: dict[str, Fact] = {
        "device_time": told.device_time,
        "serial": fields["SN"],
        "exceptions": fields["EXC"],
        "alarm": ", ".join(text for bit, text in ALARMS if alarm & bit),
    }
    for key in OTHER_NUMBERS:
        if key in fields:
            number = fields[key].rstrip("%")
            facts[key.lower()] = float(number) if any(map(str.isdigit, number)) else None
    return facts | {key.lower(): value for key, value in fields.items() if key not in FIELDS}


DRIVERS: Final = (
    Driver(
        name="masimo-ascii1",
        model="Masimo",
        device="Masimo Radical, Radical-7 and Rad-8 in serial mode ASCII 1",
        sheet="masimo.md",
        lines=(Line(9600),),
        streams=oximeter_numbers(perfusion_scale=0.01),
        decoder=MasimoDecoder,
        check_bits=0,
        structure_bits=320,
        unverified="what its alarm bits mean was found out by users; the maker does not say",
        silence_s=3.5,
    ),
)
