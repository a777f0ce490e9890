"""The instruments of a station in `edge vitals`: what they say goes to capture, who is who to the card, and
what people say of them to the devices service.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from contract.signals import ConfirmDevice
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.errors import ControlError
from edge.panel.devices_answer import station_devices
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import Event
from firmware_bridge.ports.devices_service import DevicesService
from firmware_bridge.ports.port_sights import PortSight

log = logging.getLogger(__name__)

DEVICES_FACT: Final = "devices"
BY_STATION: Final = "station"  # who answers at the box itself


class Instruments:
    """All of them. `saved`: the fact DEVICES_FACT. `on_heard` is called after capture took an event."""

    def __init__(
        self,
        config: BoxConfig,
        clock: BoxClock,
        capture: Capture,
        *,
        saved: dict[str, Any] | None,
        on_heard: Callable[[Event], None],
    ) -> None:
        self._clock, self._capture, self._on_heard = clock, capture, on_heard
        self.known: Mapping[str, Any] | None = saved
        self._is_known_new = False
        self._service = DevicesService(
            config.devices,
            self._on_event,
            boottime_s=clock.now_s,
            on_question=self._on_question,
            on_confirmed=self._on_confirmed,
            on_known=self._on_known,
            saved=saved,
            reserved=() if config.board_port is None else (str(config.board_port),),
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._service.run()

    def sights(self) -> Sequence[PortSight]:
        """Return how each port is."""
        return self._service.sights()

    def outline(self) -> tuple[object, ...]:
        """Return what is shown of the devices, without what they count."""
        ports = [(port.device, port.state) for port in self._service.sights()]
        heard = [
            (one.source, one.model, one.fault, one.conditions, one.electrodes_off, one.off, one.suspected)
            for one in self._capture.sights()
        ]
        return (*self._service.questions(), *ports, *heard)

    def damaged_frames(self) -> int:
        """Return how many frames came damaged, from what is plugged in now."""
        return sum(port.damaged for port in self._service.sights())

    def new_facts(self) -> dict[str, Any]:
        """Return what a restart must know and the card does not."""
        is_new, self._is_known_new = self._is_known_new, False
        return {DEVICES_FACT: self.known} if is_new else {}

    def hear(self, signal: ConfirmDevice) -> None:
        """Somebody at the hub says which device it is. What cannot be is told to the log and changes
        nothing: the hub says it again while it holds."""
        try:
            self._service.confirm(signal.device, signal.is_device, by=signal.by)
        except IllegalInputError as error:
            log.info("an answer of the hub is not taken: %s", error)

    def questions(self) -> dict[str, Any]:
        """Return who answers what people here say of devices, by the names of the questions."""
        return {
            "devices": self._devices,
            "confirm device": self._confirm,
            "forget device": self._forget,
        }

    async def _devices(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        now = station_devices(self._service.questions(), self._service.sights(), self._capture.sights())
        return now.model_dump(mode="json")

    async def _forget(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            self._service.forget(str(request.get("device")))
        except IllegalInputError as error:
            known = ", ".join(self._service.known())
            raise ControlError(f"{error}; known are: {known or 'none'}") from error
        return {}

    async def _confirm(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        device, is_device = request.get("device"), request.get("is_device")
        if not isinstance(device, str) or not isinstance(is_device, str | None):
            raise ControlError("name the device, and which it is")
        try:
            self._service.confirm(device, is_device, by=BY_STATION)
        except IllegalInputError as error:
            asked = ", ".join(
                f"{question.device} (may be: {', '.join(question.candidates) or 'a new one'})"
                for question in self._service.questions()
            )
            raise ControlError(f"{error}; asked is: {asked or 'nothing'}") from error
        return {}

    def _on_event(self, device: str, event: Event) -> None:
        self._capture.handle(event, source=device, now_us=self._clock.now_us())
        self._on_heard(event)

    def _on_question(self, device: str, candidates: tuple[str, ...], port: str) -> None:
        self._capture.hold_apart(device, candidates, port, now_us=self._clock.now_us())

    def _on_confirmed(self, device: str, is_device: str | None, by: str) -> None:
        self._capture.confirmed(device, is_device, by, now_us=self._clock.now_us())

    def _on_known(self, known: dict[str, object]) -> None:
        self.known, self._is_known_new = known, True
