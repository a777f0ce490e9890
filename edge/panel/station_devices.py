"""The devices of a station and the questions about them: `edge vitals` answers, the panel shows (core)."""

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict

from contract.codes import Condition
from edge.capture.capture import BOARD, BUTTON
from edge.capture.device import DeviceSight
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
    these two. `conditions`: what is the matter with its measuring.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    model: str = ""
    port: str = ""
    state: str
    conditions: tuple[Condition, ...] = ()


class StationDevices(BaseModel):
    """The answer to the control question "devices"."""

    model_config = ConfigDict(frozen=True)

    questions: tuple[WhichDevice, ...]
    devices: tuple[DeviceNow, ...]


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
    )


def _own(sight: DeviceSight) -> DeviceNow:
    return DeviceNow(device=sight.source, model=sight.model, state=TROUBLE if sight.problem else CONNECTED)


def _behind(port: PortSight, heard: DeviceSight | None) -> DeviceNow:
    return DeviceNow(
        device=port.device,
        model="" if heard is None else heard.model,
        port=port.path,
        state=port.state,
        conditions=() if heard is None else heard.conditions,
    )
