"""The program: one turn of the loop after the other, over whatever `hal` is under it.

The watchdog is fed only by a turn before which buttons were looked at, the wire was served, and the ECG
converted, each since the last feeding: a part that hangs starts the board again. An ECG that never answered
in this boot is excused, so that a broken chip does not take the call button with it.
"""

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.board import Board
from firmware_bridge.firmware.ecg import Ecg
from firmware_bridge.firmware.hal import Hal
from firmware_bridge.firmware.loop import level_of
from firmware_bridge.firmware.pleth import Pleth

CONVERSIONS_MAX = 16  # a turn: a backlog of a pause is worked off without the buttons waiting for it
FRAMES_MAX = 4  # a turn
LOOK_EVERY_US = 20_000  # at lamps and electrodes: quicker than an eye
PLETH_RETRY_US = 10_000_000
OUTPUTS = (wire.CALL_LED, wire.STATUS_LED, wire.BUZZER)


class App:
    """The board at work. Call `step` for ever."""

    def __init__(self, hal: Hal) -> None:
        self._hal = hal
        self.ecg = Ecg()
        self.pleth = Pleth(hal.calibration)
        self.board = Board(
            hal.identity,
            boot_id=hal.random16,
            cause=hal.cause,
            kept=hal.kept,
            streams=self.ecg.streams + self.pleth.streams,
        )
        self._pending = b""  # of a frame, what the wire has not taken yet
        self._kept_at = -1  # the ring's change count
        self._driven = [-1, -1, -1]
        self._pleth_tried_us = -PLETH_RETRY_US
        self._looked_us = -LOOK_EVERY_US
        self._fed_at = -1  # conversions when the watchdog was fed
        hal.start_ecg()

    def step(self) -> None:
        """One turn: look, listen, speak."""
        hal, board = self._hal, self.board
        now_us = hal.now_us()
        board.call_level(level_of(hal.call_loop()), now_us)
        board.camera_level(hal.is_camera_down(), now_us)
        self._sample(now_us)
        data = hal.read()
        if data:
            board.feed(data, hal.now_us())
        board.advance(hal.now_us())
        self._keep()
        self._speak()
        if now_us - self._looked_us >= LOOK_EVERY_US:
            self._looked_us = now_us
            self._look(now_us)
        if self.ecg.conversion_count != self._fed_at or not self.ecg.is_alive:
            self._fed_at = self.ecg.conversion_count
            hal.feed_watchdog()
        if board.wants_bootloader and not self._pending:
            hal.enter_bootloader()

    def _sample(self, now_us: int) -> None:
        for _ in range(CONVERSIONS_MAX):
            conversion = self._hal.take_conversion()
            if conversion is None:
                break
            self.ecg.take(conversion[0], conversion[1])
        if self.ecg.needs_restart(now_us):
            self._hal.start_ecg()
        self._sample_pleth(now_us)

    def _sample_pleth(self, now_us: int) -> None:
        try:
            if self.pleth.is_alive:
                taken = self._hal.take_pleth()
                if taken is not None:
                    self.pleth.take(taken[0], taken[1], taken[2])
                elif self.pleth.is_stalled(now_us):
                    self.pleth.give_up()
            elif now_us - self._pleth_tried_us >= PLETH_RETRY_US:
                self._pleth_tried_us = now_us
                self.pleth.begin(is_alive=self._hal.start_pleth(), now_us=now_us)
        except OSError:
            self.pleth.give_up()

    def _keep(self) -> None:
        """What a reset must not lose is kept before it is told."""
        change_count = self.board.ring.change_count
        if change_count != self._kept_at:
            self._kept_at = change_count
            self._hal.keep(self.board.kept())

    def _speak(self) -> None:
        for _ in range(FRAMES_MAX):
            if not self._pending:
                self._pending = self.board.take()
            if not self._pending:
                return
            self._pending = self._pending[self._hal.write(self._pending) :]
            if self._pending:
                return

    def _look(self, now_us: int) -> None:
        """What people see, and what they see to."""
        self.ecg.tell(self.board, now_us)
        self.pleth.tell(self.board, now_us)
        for output in OUTPUTS:
            level = self.board.lamps.drive(output, now_us)
            if level != self._driven[output - 1]:
                self._driven[output - 1] = level
                self._hal.drive(output, level)
