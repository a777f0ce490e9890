"""The devices of a station and the questions about them: `edge vitals` answers, the panel shows (core)."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from contract.codes import Condition
from edge.capture.capture import BOARD, BUTTON
from edge.capture.device import DeviceSight
from edge.capture.device_words import Fault
from edge.capture.electrodes import places_of
from firmware_bridge.ports.identities import Question
from firmware_bridge.ports.port_sights import PortSight

TROUBLE: Final = "trouble"  # the state of our board or button with which something is wrong
CONNECTED: Final = "connected"


class WhichDevice(BaseModel):
    """Which device was plugged in at `port`? `device` is its name for the time being, `candidates` the ones
    that it may be; it may also be a new one."""

    model_config = ConfigDict(frozen=True)

    device: str
    candidates: tuple[str, ...]
    port: str


class DeviceNow(BaseModel):
    """One device, or a port behind which nobody is known (`device` empty).

    `state`: a word of PortSight.state; of our own board and button CONNECTED or TROUBLE. `port` is empty for
    these two. `conditions`: what is the matter with its measuring; `fault`: with itself, as a word.

    `electrodes`: those that its leads hang on; `electrodes_off`: of them, by name as far as it tells (then
    `has_leads_off` says more). `suspected`: which seem changed over, "RA-LA".
    """

    model_config = ConfigDict(frozen=True)

    device: str
    model: str = ""
    port: str = ""
    state: str
    conditions: tuple[Condition, ...] = ()
    fault: Fault | None = None
    electrodes: tuple[str, ...] = ()
    electrodes_off: tuple[str, ...] = ()
    has_leads_off: bool = False
    has_probe_off: bool = False
    suspected: str | None = None


class StationDevices(BaseModel):
    """The answer to the control question "devices". `is_measuring`: a sensor is on somebody."""

    model_config = ConfigDict(frozen=True)

    questions: tuple[WhichDevice, ...]
    devices: tuple[DeviceNow, ...]
    is_measuring: bool = False


def station_devices(
    questions: Iterable[Question], ports: Iterable[PortSight], heard: Iterable[DeviceSight]
) -> StationDevices:
    """Return them: our board, the box's button, then port after port. `heard`: what capture knows."""
    known = {sight.source: sight for sight in heard}
    own = [_own(known[source]) for source in (BOARD, BUTTON) if source in known]
    return StationDevices(
        questions=tuple(
            WhichDevice(device=q.device, candidates=q.candidates, port=q.path) for q in questions
        ),
        devices=(*own, *(_behind(port, known.get(port.device)) for port in ports)),
        is_measuring=any(sight.is_measuring for sight in known.values()),
    )


def _own(sight: DeviceSight) -> DeviceNow:
    state = TROUBLE if sight.problem else CONNECTED
    return DeviceNow(device=sight.source, model=sight.model, state=state, **_contact(sight))


def _behind(port: PortSight, heard: DeviceSight | None) -> DeviceNow:
    return DeviceNow(
        device=port.device,
        model="" if heard is None else heard.model,
        port=port.path,
        state=port.state,
        conditions=() if heard is None else heard.conditions,
        **({} if heard is None else _contact(heard)),
    )


def _contact(sight: DeviceSight) -> dict[str, Any]:
    """Return what is known of electrodes and probe; nothing of a device that is not there."""
    if sight.is_away or sight.streams is None:
        return {"fault": sight.fault}
    off = {stream.shape for stream in sight.streams.streams if stream.stream in sight.off}
    return {
        "fault": sight.fault,
        "electrodes": places_of(sight.streams.streams, has_drive=sight.source == BOARD),
        "electrodes_off": sight.electrodes_off,
        "has_leads_off": "ecg" in off or Condition.LEAD_OFF in sight.conditions,
        "has_probe_off": "pleth" in off or Condition.PROBE_OFF in sight.conditions,
        "suspected": None if sight.suspected is None else sight.suspected.value,
    }
