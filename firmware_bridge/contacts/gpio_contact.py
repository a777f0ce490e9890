"""A button between a GPIO line of the box and ground. The only importer of gpiod."""

import time
from datetime import timedelta
from typing import Final, Self

import gpiod
from gpiod.line import Bias, Clock, Direction, Edge, Value

from firmware_bridge.contacts import contact
from firmware_bridge.errors import PortError
from firmware_bridge.port import explain

CONSUMER: Final = "haidang call button"


class GpioContact:
    """`place` is "CHIP:LINE", such as "gpiochip0:17". Closed to ground is down; the line is pulled up.

    Raises PortError (on opening).
    """

    def __init__(self, place: str) -> None:
        chip, _, line = place.partition(":")
        if not line.isdecimal():
            raise PortError(place, "names no line", 'say CHIP:LINE, such as "gpiochip0:17"')
        self._line = int(line)
        settings = gpiod.LineSettings(
            direction=Direction.INPUT,
            edge_detection=Edge.BOTH,
            bias=Bias.PULL_UP,
            active_low=True,
            debounce_period=timedelta(0),  # the first edge counts at once
            event_clock=Clock.MONOTONIC,
        )
        try:
            self._request = gpiod.request_lines(
                f"/dev/{chip}", consumer=CONSUMER, config={self._line: settings}
            )
        except (OSError, ValueError) as error:
            raise explain(f"/dev/{chip}", error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._request.release()

    def fileno(self) -> int:
        """Readable when an edge waits."""
        return self._request.fd

    @property
    def is_down(self) -> bool:
        """The level now."""
        return self._request.get_value(self._line) is Value.ACTIVE

    def edges(self) -> list[contact.Edge]:
        """Return the edges that wait; blocks when none does. Raises PortError: the chip is gone."""
        try:
            events = self._request.read_edge_events()
        except OSError as error:
            raise PortError(CONSUMER, f"the line cannot be read ({error})", "check its wiring") from error
        now_ns = time.monotonic_ns()
        down = gpiod.EdgeEvent.Type.RISING_EDGE  # active, as the line is active low
        return [contact.Edge(one.event_type is down, (now_ns - one.timestamp_ns) / 1e9) for one in events]
