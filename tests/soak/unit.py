"""One station of the soak: its box, its board, and the ledger of what really happened there."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from contract.ids import RecordClass
from edge.errors import ControlError
from tests.soak.ledger import AT_RISK_S, BoardBoot, ClockZero, Ledger, RecordKey, SentStream, Window
from tests.soak.partition import Partition
from tests.soak.read_spool import SpoolReader
from tests.village.eyes import wait_until
from tests.village.station import Station

BACK_LIMIT_S: Final = 90.0
FINGER_S: Final = (0.08, 0.4)  # how long a button is held down


class Unit:
    """A station that can be disturbed by one thread while another presses its button.

    `tolerance_s`: how much older than AT_RISK_S a sample may be that a kill costs. A commit takes its time,
    the way through the terminal too, and a busy machine lets the box wait.
    """

    def __init__(
        self, station: Station, *, speed: float, partition: Partition | None, tolerance_s: float
    ) -> None:
        self.station, self.partition = station, partition
        self._at_risk_s = AT_RISK_S + tolerance_s
        self.ledger = Ledger(speed=speed)
        self.reader = SpoolReader(station.folder / "data" / "spool.db", self.ledger)
        self.has_power = True
        self._power = threading.Lock()

    @property
    def name(self) -> str:
        """The station's."""
        return self.station.name

    # What people do

    def press(self, rng: random.Random) -> None:
        """Push the button and let it go; nothing happens without power."""
        with self._power:
            if self.has_power:
                self.station.board.press()
        time.sleep(rng.uniform(*FINGER_S))  # of the finger
        self.station.board.release()

    def cancel_call(self) -> None:
        """The nurse cancels the call, if the box can hear her and has one."""
        try:
            self.station.ask("cancel call")
        except ControlError:
            return

    # What befalls it

    def note_clock(self) -> None:
        """Note which boot the box runs in from its next start on, and when its clock began."""
        name, began_s = self.station.boot
        ahead_s = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        self.ledger.zeros.append(ClockZero(name, began_s - ahead_s))

    @contextmanager
    def killed(self, why: str, *, with_board: bool = False, full_s: float | None = None) -> Iterator[None]:
        """Kill the box, let the caller change what it likes, start it again and wait until it works.

        With the board both lose their power. `full_s`: since when the disk took nothing, so that memory held
        what came since.
        """
        self.must_run()
        killed_s = time.monotonic()
        if with_board:
            with self._power:
                self.station.cut_power()
                self.has_power = False
        else:
            self.station.vitals.kill()
        self.reader.look(is_dead=True)
        yield
        if with_board:
            self.station.new_boot()
            self.note_clock()
            with self._power:
                self.station.board.replug()
                self.has_power = True
        self.station.vitals.start()
        self.wait_works()
        safe_s = (killed_s if full_s is None else full_s) - self._at_risk_s
        measured = killed_s if full_s is None else None
        self.ledger.windows.append(Window(safe_s, time.monotonic(), why, killed_s=measured))

    def must_run(self) -> None:
        """Raise ChildProcessError when the box has ended by itself."""
        if not self.station.vitals.is_running:
            raise ChildProcessError(
                f"{self.name}: `edge vitals` ended: {self.station.vitals.output()[-2000:]}"
            )

    def wait_works(self) -> None:
        """Return when the box answers and stores samples. Raises TimeoutError, ChildProcessError."""
        self._wait(self.station.answers, "the box answers")
        before = self.reader.progress()
        self._wait(lambda: self.reader.progress().has_samples_since(before), "the box stores samples")

    def wait_stored_presses(self) -> None:
        """Return when the board has no event left that the box has not stored."""
        self._wait(lambda: self.station.board.unacked == 0, "every press is registered")

    def newest_call_record(self) -> RecordKey:
        """Return the newest record of class 0: it goes before everything."""
        seq = self.reader.progress().seqs[RecordClass.CALL]
        return RecordKey(self.reader.spool(), RecordClass.CALL, seq)

    def _wait(self, happened: object, what: str) -> None:
        assert callable(happened)

        def is_so() -> bool:
            self.must_run()
            return bool(happened())

        wait_until(is_so, what=f"{self.name}: {what}", limit_s=BACK_LIMIT_S)

    # The end

    def unplug_board(self) -> None:
        """No more samples: the box makes records of what it has."""
        now_s = time.monotonic()
        with self._power:
            self.station.board.unplug()
            self.has_power = False
        start_s = now_s - self._at_risk_s  # what the terminal still held
        self.ledger.windows.append(Window(start_s, float("inf"), "the board was unplugged for good"))
        self._wait(lambda: not self.reader.progress().drafts, "all drafts are records")

    def note_truth(self) -> None:
        """Take from the board what really happened; call it once it is quiet."""
        truth, ledger = self.station.board.truth, self.ledger
        ledger.presses, ledger.registered = set(truth.presses), set(truth.stored)
        ledger.board_boots = [
            BoardBoot(boot, began_s) for boot, began_s in zip(truth.boots, truth.boots_s, strict=True)
        ]
        ledger.sent = {
            stream: SentStream.of_blocks(blocks, truth.blocks_s[stream])
            for stream, blocks in truth.blocks.items()
        }
