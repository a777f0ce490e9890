"""Our own board, or none: a box may have instruments only."""

from collections.abc import Callable, Mapping
from pathlib import Path

from firmware_bridge.board.messages import HostState, OutputId, OutputPattern
from firmware_bridge.bridge import BoardBridge
from firmware_bridge.events import Counters, Event, PressIdentity


class OurBoard:
    """The board at `port`; without one, what is to be shown there is shown nowhere."""

    def __init__(
        self,
        port: Path | None,
        on_event: Callable[[Event], None],
        *,
        boottime_s: Callable[[], float],
        last_presses: Mapping[bytes, tuple[int, int]],
    ) -> None:
        self._bridge = (
            None
            if port is None
            else BoardBridge(str(port), on_event, boottime_s=boottime_s, last_presses=last_presses)
        )

    async def run(self) -> None:
        """Serve until cancelled; at once over where there is none."""
        if self._bridge is not None:
            await self._bridge.run()

    def counters(self) -> Counters | None:
        """Return what `edge doctor` shows."""
        return None if self._bridge is None else self._bridge.counters()

    def damaged_frames(self) -> int:
        """Return how many frames came damaged."""
        counters = self.counters()
        return 0 if counters is None else sum(counters.damaged_frames.values())

    def press_stored(self, press: PressIdentity) -> None:
        """The press is on disk."""
        if self._bridge is not None:
            self._bridge.press_stored(press)

    def press_shown(self, press: PressIdentity) -> None:
        """A person has seen the press."""
        if self._bridge is not None:
            self._bridge.press_shown(press)

    def show_output(self, output: OutputId, pattern: OutputPattern, level: int = 255) -> None:
        """Drive a lamp or the buzzer so until told otherwise. `level`: 0 … 255."""
        if self._bridge is not None:
            self._bridge.show_output(output, pattern, level)

    def pulse_output(self, output: OutputId, pattern: OutputPattern, ttl_ms: int) -> None:
        """Drive a lamp or the buzzer so once, for `ttl_ms`: 1 … 65535."""
        if self._bridge is not None:
            self._bridge.pulse_output(output, pattern, 255, ttl_ms)

    def set_host_state(self, host_state: HostState) -> None:
        """Say what the box does."""
        if self._bridge is not None:
            self._bridge.set_host_state(host_state)
