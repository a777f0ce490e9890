"""What `edge doctor` finds of devices: our board, and each instrument (core)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from contract.codes import Condition
from edge.capture.capture import BOARD, BUTTON
from edge.capture.device import DeviceSight
from edge.health.report import Finding
from firmware_bridge.events import Counters
from firmware_bridge.ports.port_sights import PortSight

DAMAGED_MAX: Final = 100  # one frame in so many: a cable that should be changed
_ASKS_FOR_A_WORD: Final = (
    "found",
    "ambiguous",
    "board",
    "failed",
)  # what listening brought, and who can help
_CURES: Final = {
    Condition.PROBE_FAULT: "change its probe",
    Condition.DEVICE_FAULT: "switch it off and on; if that does not help, use another",
    Condition.BATTERY_LOW: "charge it, or change its batteries",
    Condition.BATTERY_CRITICAL: "charge it at once, or change its batteries",
}


def device_findings(
    *,
    board_port: Path | None,
    counters: Counters | None,
    devices: Sequence[DeviceSight],
    ports: Sequence[PortSight],
    dropped_events: int,
) -> Iterator[Finding]:
    """Yield what is to be said of each device, and of all together."""
    heard = {device.source: device for device in devices}
    if board_port is not None and counters is not None:
        yield from _board(board_port, counters, heard.get(BOARD))
    if BUTTON in heard:
        yield _button(heard[BUTTON])
    for port in ports:
        yield _instrument(port, heard[port.device]) if port.device in heard else _port(port)
    if counters is None and not ports:
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
        text = f"board {name} on {port}, {counters.frames} frames{_drift(counters)}"
        yield Finding(part="devices", is_well=True, text=text)
    if board is not None and board.unverified:
        remedy = "use an isolated board for patients; see docs/board.md"
        yield Finding(part="devices", is_well=False, text=board.unverified, remedy=remedy)
    damaged, lost = sum(counters.damaged_frames.values()), 0 if board is None else board.lost_samples
    if damaged or lost:
        text = f"{damaged} damaged frames, {lost} samples lost on the way from the board"
        is_well = damaged * DAMAGED_MAX < counters.frames
        yield Finding(part="devices", is_well=is_well, text=text, remedy="change the cable if this grows")


def _button(button: DeviceSight) -> Finding:
    text = f"call button of the box: {button.problem or 'ready'}"
    remedy = "check its wire and [button] in the configuration" if button.problem else ""
    return Finding(part="devices", is_well=not button.problem, text=text, remedy=remedy)


def _drift(counters: Counters) -> str:
    return "" if counters.drift_ppm is None else f", its clock {counters.drift_ppm:+.0f} ppm off"


def _port(port: PortSight) -> Finding:
    """Of whom nothing has been heard: nobody is known there, it is away, or has just been plugged in."""
    name = f"{port.device} ({port.driver}) on {port.path}" if port.device else port.path
    is_well = not (port.problem and (port.is_expected or port.state in _ASKS_FOR_A_WORD))
    text = f"{name}: {port.problem or port.state}"
    return Finding(part="devices", is_well=is_well, text=text, remedy="" if is_well else port.remedy)


def _instrument(port: PortSight, heard: DeviceSight) -> Finding:
    problem = port.problem or heard.problem
    text = f"{port.device} ({port.driver}) on {port.path}, {_counts(port)}"
    if heard.conditions:
        text += f"; {', '.join(condition.value for condition in heard.conditions)}"
    if port.unverified:
        text += f"; unverified: {port.unverified}"
    if problem:
        text += f"; {problem}"
    return Finding(
        part="devices", is_well=not (remedy := _cure(port, heard, problem)), text=text, remedy=remedy
    )


def _cure(port: PortSight, heard: DeviceSight, problem: str | None) -> str:
    """Return what to do; empty: nothing."""
    if heard.is_held_apart:
        return f"{port.remedy}: on the console, or with `edge device confirm {port.device}`"
    for condition, cure in _CURES.items():
        if condition in heard.conditions:
            return cure
    if port.damaged * DAMAGED_MAX > port.frames:
        return "change its cable; if that does not help, see that driver and baud are right"
    if problem and port.is_expected:
        return port.remedy or "check its cable and its switch"
    return ""


def _counts(port: PortSight) -> str:
    counts = f"{port.frames} frames"
    if port.damaged:
        counts += f", {port.damaged} damaged"
    if port.lost_samples:
        counts += f", {port.lost_samples} samples lost"
    return counts
