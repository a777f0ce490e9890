"""What `device watch` shows: the newest numbers, what is the matter, and each waveform (core)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from contract.codes import MEASUREMENTS
from firmware_bridge.events import (
    BoardConnected,
    BoardLost,
    BoardResumed,
    BoardSilent,
    ButtonPressed,
    ConditionsChanged,
    Event,
    InstrumentConnected,
    InstrumentLost,
    InstrumentSilent,
    LeadState,
    LossReason,
    PortMissing,
    ProbeState,
    SampleBlock,
    SamplesLost,
    SingleMeasurement,
    StreamKind,
)
from firmware_bridge.terminal.wave import DOT_COLUMNS, TerminalWave

SHOWN_S: Final = 6.0  # of a waveform
WAVE_ROWS: Final = 4
LOG_LINES: Final = 5
STALE_S: Final = 5.0  # a number that old is none


@dataclass(slots=True)
class _Stream:
    label: str
    is_wave: bool
    scale: float
    unit: str
    wave: TerminalWave
    value: float | None = None
    at_s: float = float("-inf")
    lost: int = 0


@dataclass(slots=True)
class Screen:
    """Fed with events; `lines` at any time. `columns`: how wide the terminal is."""

    columns: int
    title: str = "nothing is heard yet"
    is_heard: bool = False
    conditions: tuple[str, ...] = ()
    _streams: dict[int, _Stream] = field(default_factory=dict)
    _log: list[str] = field(default_factory=list)

    def on_event(self, event: Event, *, now_s: float) -> None:
        """Take one event."""
        match event:
            case InstrumentConnected():
                unsure = f" (unverified: {event.unverified})" if event.unverified else ""
                self.title, self.is_heard, self.conditions = f"{event.model}{unsure}", True, ()
                self._streams = {
                    number: self._stream(stream.name, stream.kind, stream.rate_mhz, stream.scale, stream.unit)
                    for number, stream in enumerate(event.streams)
                }
            case BoardConnected():
                bench = ", not for patients" if event.is_not_for_patients else ""
                self.title = f"board {event.uid.hex()}, firmware {event.firmware}{bench}"
                self.is_heard, self.conditions = True, ()
                self._streams = {
                    one.stream_id: self._stream(_label(one.mdc), one.kind, one.rate_mhz, one.scale, "")
                    for one in event.streams
                }
            case SampleBlock():
                self._on_samples(event, now_s)
            case SamplesLost():
                self._on_lost(event)
            case ConditionsChanged():
                self.conditions = tuple(sorted(event.on))
            case LeadState():
                self._on_leads(event)
            case SingleMeasurement():
                self._say(_measured(event))
            case InstrumentSilent() | BoardSilent():
                self.is_heard = False
                self._say("silent: switched off, or its cable is out at the other end")
            case BoardResumed():
                self.is_heard = True
            case InstrumentLost() | BoardLost():
                self.is_heard = False
                self._say(f"lost: {event.reason}; {event.remedy}")
            case PortMissing():
                self._say(f"{event.path}: {event.text}; {event.remedy}")
            case ButtonPressed():
                self._say(f"call button: press {event.press_count}")
            case _:
                self._say(type(event).__name__)

    def lines(self, *, now_s: float) -> list[str]:
        """Return what to show; what a low terminal cuts off is the last."""
        numbers = [
            f"{one.label} {_number(one.value if now_s - one.at_s < STALE_S else None)} {one.unit}".strip()
            for one in self._streams.values()
            if not one.is_wave
        ]
        state = "; ".join(self.conditions) or "no trouble is told"
        told = [self.title, "   ".join(numbers), state if self.is_heard else "not heard now", *self._log]
        for one in self._streams.values():
            if one.is_wave:
                lost = f", {one.lost} samples lost" if one.lost else ""
                told += [f"{one.label}{lost}", *one.wave.lines()]
        return told

    def _stream(self, label: str, kind: int, rate_mhz: int, scale: float, unit: str) -> _Stream:
        samples_a_dot = round(rate_mhz / 1000 * SHOWN_S / (self.columns * DOT_COLUMNS))
        wave = TerminalWave(columns=self.columns, rows=WAVE_ROWS, samples_a_dot=samples_a_dot)
        is_wave = kind not in (StreamKind.NUMERIC, StreamKind.TEMPERATURE)
        return _Stream(label, is_wave, scale, unit if unit != "1" else "", wave)

    def _on_samples(self, block: SampleBlock, now_s: float) -> None:
        stream = self._streams.get(block.stream_id)
        if stream is None:
            return
        samples = np.asarray(block.samples[:, 0]).tolist()
        if stream.is_wave:
            stream.wave.add(samples)
        else:
            stream.value, stream.at_s = round(samples[-1] * stream.scale, 3), now_s

    def _on_leads(self, event: LeadState) -> None:
        stream = self._streams.get(event.stream_id)
        label = f"stream {event.stream_id}" if stream is None else stream.label
        others = [one for one in self.conditions if not one.startswith(f"{label}: ")]
        if event.mask:
            others.append(f"{label}: electrodes off")
        if event.probe != ProbeState.ON:
            others.append(f"{label}: probe off or broken")
        self.conditions = tuple(others)

    def _on_lost(self, lost: SamplesLost) -> None:
        stream = self._streams.get(lost.stream_id)
        if stream is None:
            return
        if lost.reason is not LossReason.NO_VALUE:
            stream.lost += lost.count
        if stream.is_wave:
            stream.wave.gap()
        else:
            stream.value = None

    def _say(self, text: str) -> None:
        self._log = [*self._log, text][-LOG_LINES:]


def _label(mdc: int) -> str:
    return MEASUREMENTS[mdc].label if mdc in MEASUREMENTS else f"MDC {mdc}"


def _measured(event: SingleMeasurement) -> str:
    values: Iterable[str] = (f"{_label(mdc)} {_number(value)} {unit}" for mdc, value, unit in event.values)
    at = f" (its own clock: {event.device_time})" if event.device_time else ""
    return f"{', '.join(values) or 'no result'}{at} {event.text}".rstrip()


def _number(value: float | None) -> str:
    return "---" if value is None else f"{value:g}"
