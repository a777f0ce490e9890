"""One life of an instrument (core): readings become blocks, columns, single measurements and conditions.

A life begins with the first sound frames after the port was opened or after silence; sample indexes start
over with each. Of `Reading.facts` these are used: `cuff_mmhg`, told while a blood pressure is being
measured; and of a single measurement `device_time`, `from_memory` and `text` (why it failed).
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from contract.codes import SYSTOLIC, Condition
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Reading
from firmware_bridge.events import (
    ConditionsChanged,
    Event,
    InstrumentStream,
    SampleBlock,
    SamplesLost,
    SingleMeasurement,
)
from firmware_bridge.instruments.conditions import ConditionBook, is_number, measures_nobody
from firmware_bridge.instruments.number_column import LATE_S, NumberColumn
from firmware_bridge.instruments.plausible import is_in_range
from firmware_bridge.instruments.wave import Piece, Wave

SURE_BITS: Final = 16  # fewer that must be right in a frame: a single one may say anything
UNSURE_READINGS: Final = 3
REPEATED_WITHIN_S: Final = 5.0  # the same result once more: an instrument that says it twice
CUFF_PAUSE_S: Final = 10.0  # without a pressure in the cuff: what comes then is another measurement


class Timed(NamedTuple):
    """A reading, when its frame was sent (no later than it was heard), and how many samples of each waveform
    were lost just before it."""

    reading: Reading
    at_s: float
    lost: dict[str, int]


class InstrumentLife:
    """What an instrument measures, from `began_s` until `flush`."""

    def __init__(self, driver: Driver, *, device: str, life: int, began_s: float) -> None:
        self._device = device
        self._waves: dict[str, Wave] = {}
        self._columns: dict[str, NumberColumn] = {}
        self._singles: dict[str, InstrumentStream] = {}
        self._measures_nobody = {stream.name: measures_nobody(stream) for stream in driver.streams}
        for stream_id, stream in enumerate(driver.streams):
            if stream.rate_mhz == 0:
                self._singles[stream.name] = stream
            elif is_number(stream):
                self._columns[stream.name] = NumberColumn(
                    stream, stream_id, life=life, began_s=began_s, is_checked=driver.check_bits > 0
                )
            else:
                self._waves[stream.name] = Wave(stream, stream_id, life=life, is_steady=driver.is_steady)
        is_sure = driver.check_bits + driver.structure_bits >= SURE_BITS
        self._book = ConditionBook(readings=1 if is_sure else UNSURE_READINGS)
        self._spoke_s = began_s
        self._said = ALL_WELL
        self._out_of_range: set[str] = set()
        self._last_single: tuple[SingleMeasurement, float] | None = None
        self._cuff: tuple[float, float] | None = None  # from when until when there was pressure in it

    @property
    def next_wake_s(self) -> float | None:
        """When to call `tick`."""
        columns: Iterable[float | None] = (column.next_wake_s for column in self._columns.values())
        waves = (wave.next_wake_s for wave in self._waves.values())
        return min((at_s for at_s in (*columns, *waves) if at_s is not None), default=None)

    @property
    def conditions(self) -> frozenset[Condition]:
        """What is the matter now."""
        return self._book.on

    @property
    def refused_numbers(self) -> int:
        """How many numbers were out of range or jumped and were not borne out."""
        return sum(column.number.refused for column in self._columns.values())

    @property
    def lost_samples(self) -> dict[str, int]:
        """Samples of each waveform that never came."""
        return {name: wave.lost_samples for name, wave in self._waves.items() if wave.lost_samples}

    def take(self, readings: Sequence[Timed], *, arrival_s: float) -> list[Event]:
        """Take what came together by `arrival_s`, in order."""
        told: list[Event] = []
        changes: list[ConditionsChanged] = []
        pieces: dict[str, list[Piece]] = {}
        were_on = self._book.on
        for timed in readings:
            told += self._rows(timed.at_s)
            self._watch_cuff(timed)
            told += self._take_values(timed)
            changes += self._take_conditions(timed)
            for name in self._waves:
                piece = self._piece(name, timed)
                if piece.samples or piece.lost:
                    pieces.setdefault(name, []).append(piece)
        blocks: list[Event] = []
        for name, of_wave in pieces.items():
            blocks += self._waves[name].take(of_wave, arrival_s=arrival_s, spoke_s=self._spoke_s)
        self._spoke_s = arrival_s
        if self._book.on - were_on:  # what came before a finger was out is of the finger
            return [*told, *blocks, *changes]
        return [*told, *changes, *blocks]

    def tick(self, *, now_s: float) -> list[Event]:
        """Time has passed."""
        told: list[Event] = list(self._rows(now_s - LATE_S))
        for wave in self._waves.values():
            told += wave.tick(now_s=now_s)
        return told

    def flush(self) -> list[Event]:
        """The life ends here: return all that was held back."""
        return [event for wave in self._waves.values() for event in wave.flush()]

    def _rows(self, at_s: float) -> list[SampleBlock | SamplesLost]:
        return [row for column in self._columns.values() for row in column.until(at_s)]

    def _piece(self, name: str, timed: Timed) -> Piece:
        samples = timed.reading.samples.get(name, ())
        return Piece(timed.lost.get(name, 0), samples, self._is_of_nobody(name, timed.reading))

    def _is_of_nobody(self, name: str, reading: Reading) -> bool:
        conditions = self._measures_nobody[name]
        return bool(conditions & self._book.on or (reading.conditions and conditions & reading.conditions))

    def _take_values(self, timed: Timed) -> list[Event]:
        reading = timed.reading
        for name, raw in reading.values.items():
            column = self._columns.get(name)
            if column is None:
                continue
            column.take(None if self._is_of_nobody(name, reading) else raw, at_s=timed.at_s)
            if column.number.is_out_of_range:
                self._out_of_range.add(name)
            else:
                self._out_of_range.discard(name)
        if not self._singles.keys() & reading.values.keys():
            return []
        single = self._single(timed)
        last, self._last_single = self._last_single, (single, timed.at_s)
        is_repeated = last is not None and timed.at_s - last[1] < REPEATED_WITHIN_S
        return [] if is_repeated and last is not None and _says_the_same(last[0], single) else [single]

    def _take_conditions(self, timed: Timed) -> list[ConditionsChanged]:
        if timed.reading.conditions is not None:
            self._said = timed.reading.conditions
        elif not self._out_of_range and Condition.OUT_OF_RANGE not in self._book.on:
            return []
        on = self._said | {Condition.OUT_OF_RANGE} if self._out_of_range else self._said
        if not self._book.take(on, at_s=timed.at_s):
            return []
        return [ConditionsChanged(self._device, self._book.on, round(timed.at_s * 1e6))]

    def _watch_cuff(self, timed: Timed) -> None:
        if "cuff_mmhg" in timed.reading.facts:
            is_same = self._cuff is not None and timed.at_s - self._cuff[1] <= CUFF_PAUSE_S
            self._cuff = (self._cuff[0] if self._cuff is not None and is_same else timed.at_s, timed.at_s)

    def _begun_us(self, timed: Timed) -> int | None:
        """When the cuff was filled of whose pressures this is the result."""
        values = timed.reading.values
        if not any(one.mdc == SYSTOLIC and name in values for name, one in self._singles.items()):
            return None
        cuff, self._cuff = self._cuff, None
        is_its = cuff is not None and timed.at_s - cuff[1] <= CUFF_PAUSE_S
        return round(cuff[0] * 1e6) if cuff is not None and is_its else None

    def _single(self, timed: Timed) -> SingleMeasurement:
        values, texts = [], []
        for name, raw in timed.reading.values.items():
            stream = self._singles.get(name)
            if stream is None or raw is None:
                continue
            value = round(raw * stream.scale, 6)
            if is_in_range(stream.mdc, stream.unit, value):
                values.append((stream.mdc, value, stream.unit))
            else:
                texts.append(f"{name} out of range ({value:g} {stream.unit})")
        facts = timed.reading.facts
        device_time, text = facts.get("device_time"), facts.get("text")
        return SingleMeasurement(
            device=self._device,
            values=tuple(values),
            device_time=None if device_time is None else str(device_time),
            text="; ".join([str(text), *texts] if text else texts),
            box_t_us=round(timed.at_s * 1e6),
            begun_t_us=self._begun_us(timed),
            is_from_memory=facts.get("from_memory") is True,
        )


def _says_the_same(one: SingleMeasurement, other: SingleMeasurement) -> bool:
    return (one.values, one.device_time, one.text) == (other.values, other.device_time, other.text)
