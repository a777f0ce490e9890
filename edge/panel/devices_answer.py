"""What `edge vitals` answers when the panel asks for the devices of the station (core)."""

from collections.abc import Iterable
from typing import Any

from contract.codes import Condition
from edge.capture.capture import BOARD, BUTTON
from edge.capture.device import DeviceSight
from edge.capture.electrodes import places_of
from edge.panel.station_devices import CONNECTED, TROUBLE, DeviceNow, StationDevices, WhichDevice
from firmware_bridge.ports.identities import Question
from firmware_bridge.ports.port_sights import PortSight


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
