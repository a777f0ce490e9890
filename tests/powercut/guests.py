"""A virtual box that is killed again and again (shell): the built card, a real hub outside, no hand inside.

The process that is the machine is ended with SIGKILL: while it starts, or at work, with its cable in or out.
What the machine had handed to its disk is there afterwards, so this is a trial of starting anew and not of
durability, which the states of the block device are.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from contract.events import Press
from contract.ids import RecordClass, SpoolId
from contract.ranges import SeqRanges
from edge.enrolment.box_file import FILE_NAME
from edge.place.place_file import PLACE_NAME
from hub.store.sqlite import SqliteStore
from tests.crash.recording import memory_folder
from tests.image.kinds import PC
from tests.image.machine import SPOOL, Machine
from tests.image.outside import STATION, Outside
from tests.image.steps import PATIENCE_S, PLACE, UNIT
from tests.image.usb import adapter_devices, board_on_usb
from tests.powercut import held as held_module
from tests.powercut.held import Held, lacks, newest

START_LIMIT_S: Final = 600.0  # of an emulated machine on a loaded one, its first start with all that it makes
FIRST: Final = 2  # kills in the first start, when key, partition and enrolment are made
IN_START_SHARE: Final = 0.4  # of the later kills
START_S: Final = (3.0, 60.0)  # after power came
WORK_S: Final = (0.0, 8.0)  # after the last thing that was acknowledged
PRESSES_MAX: Final = 3
FAULTS: Final = (AssertionError, TimeoutError, RuntimeError)


@dataclass(slots=True)
class Killed:
    """What became of the machine: `starts_s` from power to a service that is ready, of the starts that were
    let come so far.
    """

    kills: int = 0
    lost: int = 0
    unbootable: int = 0
    starts_s: list[float] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def kill_again_and_again(
    card: Path, *, kills: int, seed: int, tell: Callable[[Killed], None] = lambda _: None
) -> Killed:
    """Kill a box made of `card` so many times, then let it come up and bring all to the hub."""
    with tempfile.TemporaryDirectory(prefix="haidang-powercut-", dir=memory_folder()) as place:
        folder = Path(place)
        with Outside(folder / "hub") as outside:
            text = PLACE.format(button=PC.button.setting)
            files, devices = {FILE_NAME: outside.claim_file, PLACE_NAME: text}, adapter_devices(folder)
            lives = _Lives(folder, Machine(folder, card, files=files, devices=devices), outside, Random(seed))
            for number in range(kills):
                lives.live_and_be_killed(number)
                tell(lives.killed)
            lives.live_to_the_end()
            tell(lives.killed)
    return lives.killed


class _Lives:
    """One box, its hub, and what was acknowledged in the lives so far."""

    def __init__(self, folder: Path, box: Machine, outside: Outside, random: Random) -> None:
        self._folder, self._box, self._outside, self._random = folder, box, outside, random
        self._acknowledged: Held | None = None
        self._presses: set[int] = set()  # all that were ever acknowledged, by their records
        self.killed = Killed()

    def live_and_be_killed(self, number: int) -> None:
        """Give it power, and at some moment kill it."""
        with self._box:
            if number < FIRST or self._random.random() < IN_START_SHARE:
                time.sleep(self._random.uniform(*START_S))  # the moment of the cut
            elif self._comes_up(f"kill {number + 1}"):
                self._work()
        self.killed.kills += 1

    def live_to_the_end(self) -> None:
        """Once more, and all that it ever had comes to the hub, once."""
        with self._box:
            if not self._comes_up("the last start"):
                return
            self._box.hardware.do("set_link", name="nic0", up=True)
            now = self._held()
            deadline_s = time.monotonic() + PATIENCE_S
            while (owing := self._owing(now)) and time.monotonic() < deadline_s:
                time.sleep(1.0)  # the store of another process announces nothing to us
            presses = self._outside.ask(presses_at)
        if owing:
            self._lose(f"at the end the hub lacks {owing} records of {now['given']}")
        for wrong in wrong_presses(self._presses, presses):
            self._lose(wrong)

    def _comes_up(self, when: str) -> bool:
        """Whether it is at work by itself, whole, with all that was acknowledged."""
        box = self._box
        try:
            box.wait_for_shell()
            while box.unit(UNIT, "ActiveState") != "active":
                assert time.monotonic() - box.power_s < START_LIMIT_S, "edge vitals is not ready"
                time.sleep(1.0)  # systemd announces nothing to this side
            self.killed.starts_s.append(time.monotonic() - box.power_s)
            mounted = box.sh("findmnt -no OPTIONS /data").split(",")
            assert "rw" in mounted, f"/data is mounted {mounted}"
            failed = box.sh("systemctl --failed --no-legend --plain")
            assert not failed, failed
            now = self._held()
        except FAULTS as error:
            self.killed.unbootable += 1
            self.killed.words.append(f"{when}: {error}")
            return False
        for wrong in lacks(now, self._acknowledged):
            self._lose(f"{when}: {wrong}")
        self._acknowledged = now
        return True

    def _work(self) -> None:
        """Some seconds of what a box does; what is seen in its spool from within is acknowledged."""
        box = self._box
        if self._random.random() < 0.5:
            box.hardware.do("set_link", name="nic0", up=False)
        with board_on_usb(box) as board:
            board.plug_in()
            for _ in range(self._random.randint(1, PRESSES_MAX)):
                self._press()
            time.sleep(self._random.uniform(*WORK_S))  # the moment of the cut
            if self._random.random() < 0.5:
                self._press_key()  # on its way when power goes
            box.kill()

    def _press(self) -> None:
        assert self._acknowledged is not None
        before, pressed_s = newest(self._acknowledged), time.monotonic()
        self._press_key()
        while newest(now := self._held()) <= before:
            if time.monotonic() - pressed_s > PATIENCE_S:
                self._lose(f"a press is not in the spool after {PATIENCE_S:.0f} s")
                return
        self._acknowledged = now

    def _press_key(self) -> None:
        self._box.hardware.do("send-key", keys=[{"type": "qcode", "data": "spc"}])

    def _held(self) -> Held:
        """Ask inside what the spool holds now."""
        found: Held = json.loads(self._box.run(Path(held_module.__file__), SPOOL))
        self._presses |= set(found["presses"])
        return found

    def _owing(self, now: Held) -> int:
        spool = SpoolId(int(now["spool"], 16))
        return owing(now, self._outside.ask(lambda store: store.ranges(STATION, spool)))

    def _lose(self, words: str) -> None:
        self.killed.lost += 1
        self.killed.words.append(words)


def wrong_presses(acknowledged: set[int], there: Sequence[tuple[int, Press]]) -> list[str]:
    """Return what is wrong with the hub's presses, each with its record: an acknowledged one is not there, or
    one is there twice.
    """
    missing = sorted(acknowledged - {seq for seq, _ in there})
    counts = Counter((one.device, one.device_boot, one.press_count) for _, one in there)
    twice = [name for name, count in counts.items() if count > 1]
    wrong = [f"the hub lacks the presses {missing}"] if missing else []
    return wrong + ([f"the hub has presses twice: {twice}"] if twice else [])


def presses_at(store: SqliteStore) -> list[tuple[int, Press]]:
    """Return the presses of the station, each with the number of its record."""
    found = store.events(STATION, names=["press"], newest=10_000)
    return [(one.record_id[3], one.event) for one in found if isinstance(one.event, Press)]


def owing(now: Held, there: Mapping[RecordClass, SeqRanges]) -> int:
    """Return how many of a box's records are not `there`, at the hub, which was not told to do without."""
    count = 0
    for name, given in now["given"].items():
        settled = SeqRanges()
        for low, high in (*there.get(RecordClass(int(name)), SeqRanges()), *now["given_up"][name]):
            settled.add(low, high)
        count += sum(high - low + 1 for low, high in settled.holes(1, given))
    return count
