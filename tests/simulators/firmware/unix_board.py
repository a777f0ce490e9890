"""The board's program under MicroPython's Unix port, until it is told to leave or enters its boot loader.

micropython unix_board.py HOUSE LINE_FD CONTROL_FD UID

LINE_FD: the board's end of a pseudo-terminal, CONTROL_FD: lines of text, "VERB WORD" (`World.obey`); both
are open and do not block. Says on standard output: `boot ID`, `lamp OUTPUT PATTERN LEVEL BY`, `bootloader`,
`did LINE` or `cannot LINE` to each line.
"""

import select
import sys

sys.path.insert(0, sys.argv[1])

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.app import OUTPUTS, App
from tests.simulators.firmware.unix_hal import InBootloader, Reset, UnixHal, World

TURN_MS = 1
LOOK_EVERY = 8  # turns between two looks at the lamps


class Desk:
    """Reads the lines of whoever plays nurse and patient."""

    def __init__(self, control) -> None:  # type: ignore[no-untyped-def]
        self.is_over = False
        self._control = control
        self._pending = b""

    def listen(self, world: World) -> None:
        """Obey what has come."""
        data = self._control.read(256)
        if data == b"":
            self.is_over = True  # whoever played is gone
        self._pending += data or b""
        while b"\n" in self._pending:
            line, self._pending = self._pending.split(b"\n", 1)
            words = line.decode().split(" ")
            try:
                world.obey(words[0], words[1])
            except Reset:
                say("did", *words)
                raise
            except (KeyError, ValueError, IndexError):
                say("cannot", *words)
            else:
                say("did", *words)


def say(*words: object) -> None:
    """Write one line."""
    sys.stdout.write(" ".join([str(word) for word in words]) + "\n")


def run(line, desk: Desk, world: World, hal: UnixHal) -> None:  # type: ignore[no-untyped-def]
    """Run one boot. Raises Reset."""
    app = App(hal)
    say("boot", app.board.boot_id)
    poll = select.poll()
    poll.register(line, select.POLLIN)
    shown: dict[int, tuple[int, int, str]] = {}
    turn = 0
    while not desk.is_over:
        app.step()
        hal.check_watchdog()
        turn += 1
        if turn % LOOK_EVERY == 0:
            desk.listen(world)
            for output in OUTPUTS:
                lamp = app.board.look(output)
                if shown.get(output) != lamp:
                    shown[output] = lamp
                    say("lamp", output, lamp[0], lamp[1], lamp[2] or "nobody")
        poll.poll(TURN_MS)


def main(line_fd: int, control_fd: int, uid: bytes) -> None:
    """Run boot after boot."""
    line, control = open(line_fd, "r+b", 0), open(control_fd, "rb", 0)  # noqa: SIM115 - they are not ours to close
    desk, world = Desk(control), World()
    cause, kept = wire.CAUSE_POWER, b""
    while not desk.is_over:
        hal = UnixHal(line, world, uid, cause=cause, kept=kept)
        try:
            run(line, desk, world, hal)
        except InBootloader:
            say("bootloader")
            return
        except Reset as reset:
            cause = reset.cause
            kept = hal.kept if reset.is_warm else b""


if __name__ == "__main__":
    main(int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4]))
