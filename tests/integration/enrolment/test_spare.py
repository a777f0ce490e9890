"""A spare takes over, and the old box comes back: two real `edge vitals`, a real mosquitto, `hub serve`."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from contract.ids import SpoolId, StationId, parse_spool
from edge.call.call_facts import CallFacts
from edge.clock import BoxClock
from edge.control_service import ask as ask_box
from edge.enrolment.enrol_service import Enrolment
from edge.errors import ControlError
from hub.store.sqlite import SqliteStore
from tests.enrolling import EnrollingHub
from tests.running_hub import read_store
from tests.simulators.board import BoardSim
from tests.simulators.cable import Cable
from tests.village.process import Process

STATION: Final = StationId("con-dao-01")
TAKES_OVER_WITHIN_S: Final = 300.0
LIMIT_S: Final = 120.0
PLACE: Final = """
[board]
port = "board"
[video]
camera = "none"
microphone = "none"
loudspeaker = "none"
screen = "none"
[call]
voice = false
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrollingHub]:
    with EnrollingHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


class Box:
    """A box with its board behind a cable, as the nurse has it."""

    def __init__(self, folder: Path, hub: EnrollingHub) -> None:
        self.data, self._boot, self._hub = folder / "data", folder / "boot", hub
        self._boot.mkdir(parents=True)
        self.data.mkdir()
        self.log = folder / "vitals.log"
        self.board, self.cable = BoardSim(self.data / "board"), Cable(hub.broker.port)
        self.vitals = Process(["edge", "vitals", "--config", str(self.data / "box.toml")], log=self.log)
        self._stack = ExitStack()

    def __enter__(self) -> "Box":
        self._stack.enter_context(self.board)
        self._stack.enter_context(self.cable)
        self._stack.callback(self.vitals.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def first_boot(self) -> None:
        """With a code on its boot partition, until its vitals have begun."""
        (self._boot / "haidang.txt").write_text(
            self._hub.box_file(self._hub.claim(STATION)), encoding="utf-8"
        )
        Enrolment(self.data, self._boot, BoxClock.read()).run()
        path = self.data / "box.toml"
        text = path.read_text().replace(f"port = {self._hub.broker.port}", f"port = {self.cable.port}")
        path.write_text(text + PLACE, encoding="utf-8")
        self.vitals.start()

    def ask(self, question: str) -> dict[str, Any] | None:
        """Ask `edge vitals`; None: it does not answer that."""
        try:
            return asyncio.run(ask_box(self.data / "vitals.sock", question))
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


def until(is_so: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    deadline_s = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.05)


def ask(hub: EnrollingHub, question: Callable[[SqliteStore], int]) -> int:
    with read_store(hub.config) as store:
        return question(store)


def presses(store: SqliteStore) -> int:
    return len(store.events(STATION, names=["press"]))


def test_a_spare_takes_over_and_the_old_box_only_hands_in_what_it_has(
    hub: EnrollingHub, tmp_path: Path
) -> None:
    with Box(tmp_path / "old", hub) as old, Box(tmp_path / "spare", hub) as spare:
        old.first_boot()
        until(lambda: ask(hub, lambda store: len(store.spools(STATION))) == 1, "the first box")
        old.cable.pull()
        old.board.press()
        until(old.has_call, "the press on the card")
        old.vitals.kill_all()  # its power fails, with what it could not send
        old.board.unplug()
        assert ask(hub, presses) == 0

        began_s = time.monotonic()
        spare.first_boot()
        until(lambda: ask(hub, lambda store: len(store.spools(STATION))) == 2, "the spare")
        spare.board.press()
        until(lambda: ask(hub, presses) == 1, "a press of the spare")
        assert time.monotonic() - began_s < TAKES_OVER_WITHIN_S

        old.cable.replug()
        old.board.replug()
        old.vitals.start()
        until(lambda: old.says("con-dao-01.2 is the station now"), "the old box to be told")
        until(lambda: ask(hub, presses) == 2, "the press that waited on the old box")
        old.board.press()  # who presses here presses nothing: the board has no host
        until(lambda: old.says("sends what it has, and does nothing else"), "the old box to be idle")
        until(old.owes_nothing, "all of the old box's spool")
        assert ask(hub, presses) == 2
        assert old.ask("call") is None  # its panel offers none
        spool = old.spool()
        classes = ask(hub, lambda store: len(store.ranges(STATION, spool)))
        assert classes >= 2  # its press, and what it measured
        assert spare.log.read_text().count("uplink:") == 0  # nobody pushed it out
        assert "already connected" not in (hub.broker.folder / "mosquitto.log").read_text()
