"""A box that enrols itself: a real `edge vitals` with its board, behind a cable, in a machine of its own."""

import asyncio
import re
import secrets
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from contract.ids import SpoolId, StationId, parse_spool
from edge.call.call_facts import CallFacts
from edge.clock import BoxClock
from edge.control_service import ask
from edge.enrolment.enrol_service import Enrolment
from edge.errors import ControlError
from tests.enrolling import EnrollingHub
from tests.simulators.board import BoardSim
from tests.simulators.cable import Cable
from tests.village.process import Process

PLACE: Final = """
[board]
port = "../board"
[clock]
boot_file = "../boot-name"
[machine]
serial_file = "../serial-number"
[video]
camera = "none"
microphone = "none"
loudspeaker = "none"
screen = "none"
[call]
voice = false
"""


class EnrolledBox:
    """Use as a context. `data` is its card's data partition; what is beside that belongs to the machine."""

    def __init__(self, folder: Path, hub: EnrollingHub, *, serial: str = "10000000abcdef01") -> None:
        self.folder, self.data = folder, folder / "data"
        self._boot, self._hub, self.serial = folder / "boot", hub, serial
        self._boot.mkdir(parents=True)
        self.data.mkdir()
        (folder / "serial-number").write_text(serial)
        self.log = folder / "vitals.log"
        self.board = BoardSim(folder / "board", uid=secrets.token_bytes(8))
        self.cable = Cable(hub.broker.port)
        self.vitals = Process(["edge", "vitals", "--config", str(self.data / "box.toml")], log=self.log)
        self._stack = ExitStack()
        self.new_boot()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.board)
        self._stack.enter_context(self.cable)
        self._stack.callback(self.vitals.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def config(self) -> Path:
        """Its box.toml."""
        return self.data / "box.toml"

    def new_boot(self) -> None:
        """From the next start on it is another boot of the machine."""
        began_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        (self.folder / "boot-name").write_text(f"{secrets.token_hex(8)}\n{began_s}\n")

    def enrolment(self) -> Enrolment:
        """What `edge enrol` runs."""
        serial_file = self.folder / "serial-number"
        clock = BoxClock.read(self.folder / "boot-name")
        return Enrolment(self.data, self._boot, clock, serial_file=serial_file)

    def enrol(self, station: StationId) -> None:
        """First boot, with a code on its boot partition."""
        (self._boot / "haidang.txt").write_text(
            self._hub.box_file(self._hub.claim(station)), encoding="utf-8"
        )
        self.enrolment().run()
        self.config.write_text(self.config.read_text() + PLACE, encoding="utf-8")
        self.plug_in()

    def take_card_of(self, other: "EnrolledBox") -> None:
        """Have a copy of all that is on another box's card."""
        shutil.rmtree(self.data)
        shutil.copytree(other.data, self.data, ignore=shutil.ignore_patterns("*.sock"))
        self.plug_in()

    def plug_in(self) -> None:
        """Have it reach the broker over its own cable."""
        text = re.sub(r"(?m)^port = \d+$", f"port = {self.cable.port}", self.config.read_text(), count=1)
        self.config.write_text(text, encoding="utf-8")

    def cut_power(self) -> None:
        """Box and board lose it at once."""
        self.vitals.kill_all()
        self.board.unplug()

    def restore_power(self) -> None:
        """Both start anew."""
        self.new_boot()
        self.board.replug()
        self.vitals.start()

    def ask(self, question: str) -> dict[str, Any] | None:
        """Ask `edge vitals`; None: it does not answer that."""
        try:
            return asyncio.run(ask(self.data / "vitals.sock", question))
        except ControlError:
            return None

    def has_call(self) -> bool:
        """Whether a press is on its card, and its call open."""
        facts = self.ask("call")
        return facts is not None and CallFacts.model_validate(facts).call_seq is not None

    def owes_nothing(self) -> bool:
        """Whether the hub has said that it has all of the spool."""
        status = self.ask("spool status")
        return status is not None and not any(status["owed"].values())

    def spool(self) -> SpoolId:
        """Return the name of its spool."""
        status = self.ask("spool status")
        assert status is not None
        return parse_spool(status["spool"])

    def says(self, text: str) -> bool:
        """Whether its log has said so."""
        return self.log.exists() and text in self.log.read_text()
