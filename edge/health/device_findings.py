"""What `edge doctor` finds of devices: our board, and each instrument (core)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.codes import Condition
from edge.capture.capture import BOARD
from edge.capture.device import DeviceSight
from edge.health.report import Finding
from firmware_bridge.events import Counters

DAMAGED_MAX: Final = 100  # one frame in so many: a cable that should be changed
_CURES: Final = {
    Condition.PROBE_FAULT: "change its probe",
    Condition.DEVICE_FAULT: "switch it off and on; if that does not help, use another",
    Condition.BATTERY_LOW: "charge it, or change its batteries",
    Condition.BATTERY_CRITICAL: "charge it at once, or change its batteries",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSight:
    """What is known of an instrument's port and line. `is_expected`: the configuration names it, so that its
    absence is a fault; `problem`: what is wrong with the port, empty for nothing."""

    source: str
    driver: str
    port: str
    frames: int
    damaged: int
    lost_samples: int
    is_expected: bool
    problem: str = ""


def device_findings(
    *,
    board_port: Path | None,
    counters: Counters | None,
    devices: Sequence[DeviceSight],
    instruments: Sequence[InstrumentSight],
    dropped_events: int,
) -> Iterator[Finding]:
    """Yield what is to be said of each device, and of all together."""
    heard = {device.source: device for device in devices}
    if board_port is not None and counters is not None:
        yield from _board(board_port, counters, heard.get(BOARD))
    for instrument in instruments:
        yield _instrument(instrument, heard.get(instrument.source))
    if counters is None and not instruments:
        remedy = "plug an instrument in, or name one in a [[device]] table of the configuration"
        yield Finding(part="devices", is_well=False, text="no board and no instrument", remedy=remedy)
    if dropped_events:
        text = f"{dropped_events} events came faster than they can be stored and were dropped"
        remedy = "change the cable of the device that reports so much, then the device"
        yield Finding(part="devices", is_well=False, text=text, remedy=remedy)


def _board(port: Path, counters: Counters, board: DeviceSight | None) -> Iterator[Finding]:
    problem = "no board has been heard yet" if board is None else board.problem
    if not counters.is_open:
        text = counters.last_error or f"{port} is not open"
        remedy = "check the board's cable and [board] port"
        yield Finding(part="devices", is_well=False, text=text, remedy=remedy)
    elif problem:
        remedy = "unplug the board and plug it in again; if that does not help, change the board"
        yield Finding(part="devices", is_well=False, text=f"{port}: {problem}", remedy=remedy)
    else:
        name = board.name if board is not None else None
        yield Finding(part="devices", is_well=True, text=f"board {name} on {port}, {counters.frames} frames")
    damaged, lost = sum(counters.damaged_frames.values()), 0 if board is None else board.lost_samples
    if damaged or lost:
        text = f"{damaged} damaged frames, {lost} samples lost on the way from the board"
        is_well = damaged * DAMAGED_MAX < counters.frames
        yield Finding(part="devices", is_well=is_well, text=text, remedy="change the cable if this grows")


def _instrument(line: InstrumentSight, heard: DeviceSight | None) -> Finding:
    problem = line.problem or ("" if heard is None else heard.problem or "")
    conditions = () if heard is None else heard.conditions
    text = f"{line.source} ({line.driver}) on {line.port}, {_counts(line)}"
    if conditions:
        text += f"; {', '.join(condition.value for condition in conditions)}"
    if heard is not None and heard.unverified:
        text += f"; unverified: {heard.unverified}"
    if problem:
        text += f"; {problem}"
    is_well, remedy = not (problem and line.is_expected), "check its cable, its switch and [[device]]"
    if heard is not None and heard.is_held_apart:
        text += "; nobody knows which device it is, so what it measures is in no visit"
        is_well, remedy = False, "say which it is: edge device confirm, or on the console"
    elif line.damaged * DAMAGED_MAX > line.frames:
        is_well, remedy = False, "change its cable; if that does not help, see that driver and baud are right"
    for condition, cure in _CURES.items():
        if condition in conditions:
            is_well, remedy = False, cure
    return Finding(part="devices", is_well=is_well, text=text, remedy="" if is_well else remedy)


def _counts(line: InstrumentSight) -> str:
    counts = f"{line.frames} frames"
    if line.damaged:
        counts += f", {line.damaged} damaged"
    if line.lost_samples:
        counts += f", {line.lost_samples} samples lost"
    return counts
