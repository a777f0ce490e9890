"""The board as the room sees it: the real firmware, its power, its RAM, and a finger on its button. Pure.

A turn is what the program's loop does: look at the button, hear the host, keep the ring where a warm reset
leaves it, then send. Between two turns a contact may bounce.
"""

import random
from typing import Final

from firmware_bridge.events import ResetCause
from firmware_bridge.firmware import wire
from firmware_bridge.firmware.board import Board, Identity
from firmware_bridge.firmware.streams import Stream
from tests.button.accounts import Accounts, Name, Push
from tests.button.line import Cable

UID: Final = b"HD000001"
WIRE_BYTES_A_TURN: Final = 460  # 10 ms of 460,800 baud
REMEMBERED_BOOTS: Final = 4  # as the spool remembers them; see `_new_boot_id`
SAMPLE_US: Final = 10_000
BLOCK_SAMPLES: Final = 25
LOOK_US: Final = 8_000  # before the turn's end the button is looked at first; then it may bounce
BOUNCE_US: Final = 700
COLD_CAUSES: Final = (ResetCause.POWER, ResetCause.BROWNOUT)
WARM_CAUSES: Final = (ResetCause.WATCHDOG, ResetCause.SOFTWARE, ResetCause.PIN, ResetCause.FAULT)
TOLD_LOOKS: Final = (wire.SLOW_BLINK, wire.STEADY)  # the board's own "registered" and "seen"


class BoardInRoom:
    """One board on one cable. `registered_look`: the pattern by which the box says "registered"."""

    def __init__(self, cable: Cable, accounts: Accounts, rng: random.Random, *, registered_look: int) -> None:
        self.resets = 0
        self._cable, self._accounts, self._rng = cable, accounts, rng
        self._registered_look = registered_look
        self._kept = b""
        self._boots: list[int] = []
        self._program: Board | None = None
        self._wakes_s: float | None = 0.0
        self._cause = ResetCause.POWER
        self._boot_s = 0.0
        self._push: Push | None = None  # the button is down
        self._is_wire_open = True  # with the cable out the program may write into nothing, or may not write
        self._samples = 0
        self._overflows = 0
        self.has_overflowed = False  # the ring let a press go, and not everything is stored since

    @property
    def is_up(self) -> bool:
        """Whether the program runs."""
        return self._program is not None

    @property
    def held(self) -> Push | None:
        """The push that goes on."""
        return self._push

    @property
    def unacknowledged(self) -> int:
        """How many events wait for the box."""
        return len(self._program.ring) if self._program else 0

    # What people and accidents do

    def press(self, *, now_s: float) -> None:
        """A finger goes down."""
        self._push = Push(now_s)
        self._accounts.pushed(self._push)

    def release(self) -> None:
        """The finger goes up."""
        self._push = None

    def stop(self, cause: ResetCause, *, for_s: float, now_s: float) -> None:
        """The program ends; it begins anew after a while. Without power the RAM is lost."""
        self.resets += 1
        self._program, self._cause, self._wakes_s = None, cause, now_s + for_s
        if cause in COLD_CAUSES:
            self._kept = b""
        self._cable.to_board.cut()

    def lose_wire(self) -> None:
        """The cable is out: by chance, the program's writes go nowhere or are not taken."""
        self._is_wire_open = self._rng.random() < 0.5

    def find_wire(self) -> None:
        """The cable is in."""
        self._is_wire_open = True

    # Time

    def turn(self, now_s: float) -> None:
        """Live through the ten milliseconds that end now."""
        if self._program is None:
            if self._wakes_s is None or now_s < self._wakes_s:
                return
            self._start(now_s)
        assert self._program is not None
        program, now_us = self._program, round((now_s - self._boot_s) * 1e6)
        self._look_at_button(program, now_us)
        program.feed(self._cable.to_board.arrived(now_s=now_s), now_us)
        self._measure(program, now_us)
        program.advance(now_us)
        self._keep(program)
        self.has_overflowed = bool(self._accounts.waiting) and (
            self.has_overflowed or program.ring.overflow_count > self._overflows
        )
        self._overflows = program.ring.overflow_count
        self._write(program, now_s)
        self._look_at_lamp(program)

    def _start(self, now_s: float) -> None:
        self._boot_s, self._samples, self._overflows = now_s, 0, 0
        self._program = Board(
            Identity(UID, hw_revision=1),
            boot_id=self._new_boot_id(),
            cause=int(self._cause),
            kept=self._kept,
            streams=(_stream(),),
        )
        self._boots.append(self._program.boot_id)
        self._cable.to_board.arrived(now_s=now_s)  # nobody listened

    def _new_boot_id(self) -> int:
        """Return 16 random bits. One that is a name of the latest boots again is not drawn: the board's press
        would be taken for one that is stored already, at one of some sixteen thousand resets.
        """
        while (boot_id := self._rng.randrange(1, 1 << 16)) in self._boots[-REMEMBERED_BOOTS:]:
            pass
        return boot_id

    def _look_at_button(self, program: Board, now_us: int) -> None:
        before = program.call_button.press_count
        level = wire.BUTTON_UP if self._push is None else wire.BUTTON_DOWN
        edge_us = max(0, now_us - LOOK_US)
        program.call_level(level, edge_us)
        if program.call_button.press_count != before:
            assert self._push is not None
            self._accounts.named(self._push, Name(program.boot_id, program.call_button.press_count))
            for bounce in range(self._rng.randrange(0, 5)):
                other = wire.BUTTON_DOWN if bounce % 2 else wire.BUTTON_UP
                program.call_level(other, min(now_us, edge_us + (bounce + 1) * BOUNCE_US))
        program.call_level(level, now_us)

    def _measure(self, program: Board, now_us: int) -> None:
        while (self._samples + 1) * SAMPLE_US <= now_us:
            self._samples += 1
            for stream in program.streams:
                stream.add(self._samples % 1000, self._samples * SAMPLE_US)

    def _keep(self, program: Board) -> None:
        self._kept = program.kept()

    def _write(self, program: Board, now_s: float) -> None:
        room = WIRE_BYTES_A_TURN
        while room > 0 and self._is_wire_open and (frame := program.take()):
            room -= len(frame)
            if self._cable.is_in:
                self._cable.to_box.send(frame, now_s=now_s)

    def _look_at_lamp(self, program: Board) -> None:
        pattern, _, by = program.look(wire.CALL_LED)
        self._accounts.saw_lamp(
            board_says=by == "board" and pattern in TOLD_LOOKS,
            box_says=by == "host" and pattern == self._registered_look,
        )


def _stream() -> Stream:
    """Samples to compete with: four frames a second."""
    return Stream(
        1,
        kind=wire.KIND_ECG,
        mdc=131329,
        rate_mhz=100_000,
        bits=24,
        scale=1.0,
        unit=wire.UNIT_MICROVOLT,
        block_samples=BLOCK_SAMPLES,
    )
