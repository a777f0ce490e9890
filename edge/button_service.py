"""The call button where it is not our board's: on a pin of the box, or an input device; or none there."""

from collections.abc import Callable, Mapping
from typing import Final

from contract.ids import BootId
from edge.config import ButtonConfig
from firmware_bridge.contacts.contact_service import BoxButton, OpenContact
from firmware_bridge.contacts.gpio_contact import GpioContact
from firmware_bridge.contacts.input_contact import InputContact
from firmware_bridge.events import Event

_OPENERS: Final[Mapping[str, Callable[[str], OpenContact]]] = {"gpio": GpioContact, "input": InputContact}


class OwnButton:
    """The button of the configuration; without one nothing comes from here."""

    def __init__(
        self,
        config: ButtonConfig | None,
        on_event: Callable[[Event], None],
        *,
        boot: BootId,
        last_presses: Mapping[bytes, tuple[int, int]],
        boottime_s: Callable[[], float],
    ) -> None:
        self._button = (
            None
            if config is None
            else BoxButton(
                config.place,
                _OPENERS[config.kind],
                on_event,
                boot=boot,
                last_presses=last_presses,
                boottime_s=boottime_s,
            )
        )

    async def run(self) -> None:
        """Serve until cancelled; at once over where there is none."""
        if self._button is not None:
            await self._button.run()
