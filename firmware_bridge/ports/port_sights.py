"""How each port is, in words for `edge doctor` and `device list` (core)."""

from typing import TYPE_CHECKING, Final, NamedTuple

from firmware_bridge.drivers.driver import Driver
from firmware_bridge.ports.adapters import Adapter
from firmware_bridge.ports.device_settings import DeviceSettings
from firmware_bridge.ports.identities import Known, State
from firmware_bridge.ports.probing import Outcome, ProbeResult

if TYPE_CHECKING:
    from firmware_bridge.instruments.instrument_bridge import InstrumentCounters


class PortSight(NamedTuple):
    """A port, or a device of the configuration whose port is not there.

    `device`: empty as long as nobody is known behind it. `state`: a word of an instrument's presence, or of
    what listening brought. `problem`: what is the matter, empty for nothing; `remedy`: what to do about it.
    `is_expected`: the configuration speaks of it, so that its absence is a fault. Counts since it was last
    plugged in.
    """

    path: str
    adapter: str
    device: str
    driver: str
    unverified: str
    state: str
    problem: str
    remedy: str
    is_expected: bool
    frames: int = 0
    damaged: int = 0
    discarded_bytes: int = 0
    lost_samples: int = 0


_REMEDIES: Final = {
    Outcome.FOUND: "name its driver in the configuration: it must be asked, and nobody is asked unbidden",
    Outcome.AMBIGUOUS: "name its driver in the configuration",
    Outcome.BOARD: "give this port to the board in the configuration",
    Outcome.SILENT: "switch the instrument on, or name its driver if it must be asked",
    Outcome.UNKNOWN: "check the output setting of the instrument, or name its driver",
    Outcome.OWNED: "end that program, or leave the port to it",
    Outcome.FAILED: "unplug the adapter and plug it in again",
}


def port_sight(adapter: Adapter, heard: ProbeResult | None, *, is_expected: bool) -> PortSight:
    """Return how a port is behind which nobody is known yet."""
    return PortSight(
        path=adapter.path,
        adapter=adapter.name,
        device="",
        driver="" if heard is None else ", ".join(heard.drivers),
        unverified="",
        state="listening" if heard is None else heard.outcome.name.lower(),
        problem="" if heard is None else heard.text,
        remedy="" if heard is None else _REMEDIES[heard.outcome],
        is_expected=is_expected,
    )


def device_sight(
    known: Known,
    driver: Driver | None,
    counters: "InstrumentCounters | None",
    *,
    owner: str,
    is_understood: bool,
    is_expected: bool,
) -> PortSight:
    """Return how a device is that is plugged in. `counters` None: its bridge is about to begin; `owner`:
    another program that has its port."""
    problem, remedy = _trouble(known, counters, is_understood)
    if owner:
        problem, remedy = f"{owner} uses the port", _REMEDIES[Outcome.OWNED]
    sight = PortSight(
        path=known.adapter.path,
        adapter=known.adapter.name,
        device=known.device,
        driver=known.driver,
        unverified="" if driver is None else driver.unverified,
        state="closed" if counters is None else counters.state,
        problem=problem,
        remedy=remedy,
        is_expected=is_expected,
    )
    if counters is None:
        return sight
    return sight._replace(
        frames=counters.frames,
        damaged=counters.damaged,
        discarded_bytes=counters.discarded_bytes,
        lost_samples=sum(counters.lost_samples.values()),
    )


def absent_sight(said: DeviceSettings) -> PortSight:
    """Return how a device of the configuration is whose port is not there."""
    return PortSight(
        path=said.where,
        adapter="",
        device=said.name,
        driver=said.driver,
        unverified="",
        state="absent",
        problem="no such port",
        remedy="plug its adapter in, or correct its port in the configuration",
        is_expected=True,
    )


def _trouble(known: Known, counters: "InstrumentCounters | None", is_understood: bool) -> tuple[str, str]:
    if known.state is State.UNCONFIRMED:
        return "nobody knows which device it is", "say which it is; what it measures is held apart until then"
    if counters is None:
        return "", ""
    if not counters.is_open:
        return counters.last_error or "not open", "see what has the port, and its cable"
    if not is_understood:
        return (
            f"bytes come, and none is a frame of {known.driver}",
            "correct driver or baud, or its output setting",
        )
    return "", ""
