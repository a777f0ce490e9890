"""A whole box in its network: `edge vitals` with a board, and `edge network`; and a whole hub that rings."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from edge.control_service import ask
from edge.errors import ControlError
from edge.health.report import Finding, Report
from edge.network.findings import PART
from firmware_bridge.board.messages import OutputPattern
from hub.pki.authority import Enrolment
from tests.broker import free_port
from tests.calls.seat import Seat
from tests.networks.internet import CABLE, HUB_NAME, MOBILE, Internet
from tests.networks.name_server import NameServer
from tests.simulators.board import BoardSim
from tests.simulators.cable import Cable
from tests.village.eyes import wait_until
from tests.village.process import Process
from tests.village.village import OPERATOR, Village

STATION: Final = "con-dao-01"
PORT: Final = 8883
LINKS: Final = f"""
[[link]]
name = "cable"
interface = "{CABLE}"
class = "ethernet"

[[link]]
name = "4G"
interface = "{MOBILE}"
class = "mobile"
"""


class NetworkBox:
    """Use as a context, in an `Internet` that is begun. `settings`: more of box.toml."""

    def __init__(self, folder: Path, given: Enrolment, internet: Internet, settings: str = LINKS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config = folder, folder / "box.toml"
        self.board = BoardSim(folder / "board", "an")
        self.vitals, self.network = (
            Process(
                ["edge", name, "--config", str(self.config)],
                log=folder / f"{name}.log",
                entry=lambda: internet.box.entry,
            )
            for name in ("vitals", "network")
        )
        (folder / "boot").write_text(f"{secrets.token_hex(8)}\n{time.clock_gettime(time.CLOCK_BOOTTIME)}\n")
        self.config.write_text(
            f'''station = "{STATION}"
data_dir = "data"
[hub]
host = "{HUB_NAME}"
port = {PORT}
ca = "{given.ca}"
certificate = "{given.certificate}"
key = "{given.key}"
seal_key = "{given.seal_key}"
[board]
port = "board"
[video]
camera = "none"
microphone = "none"
loudspeaker = "none"
[call]
voice = false
[clock]
boot_file = "boot"
[network]
return_after_s = 3
{settings}''',
            encoding="utf-8",
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.board)
            for process in (self.vitals, self.network):
                stack.callback(process.stop)
                process.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def findings(self, part: str) -> list[Finding]:
        """What `edge doctor` says of a part; nothing while nobody answers."""
        asked = ask(self.folder / "data" / "vitals.sock", "doctor")
        try:
            answer: dict[str, Any] = asyncio.run(asked)
        except ControlError:
            return []
        return [one for one in Report.model_validate(answer["report"]).findings if one.part == part]

    def says(self, text: str, *, part: str = PART) -> bool:
        """Whether the doctor says so."""
        return any(text in one.text for one in self.findings(part))

    def restart(self) -> None:
        """Both processes start anew, as after a power cut."""
        for process in (self.network, self.vitals):
            process.kill_all()
        for process in (self.vitals, self.network):
            process.start()

    def press_is_kept(self) -> None:
        """Press; return when the lamp says that it is registered."""
        self.board.press()
        registered = OutputPattern.FAST_BLINK
        self.wait_until(lambda: self.board.lamp.pattern is registered, what="the press is registered")
        self.board.release()

    def owed_of(self, record_class: str) -> int:
        """How many records of a class the hub does not have, as the doctor says."""
        text = " ".join(one.text for one in self.findings("spool"))
        found = re.search(rf"(\d+) of class {record_class}", text)
        return int(found[1]) if found else 0

    def owed(self) -> int:
        """How many of numbers and waveforms."""
        return self.owed_of("1") + self.owed_of("2")

    def is_up(self) -> bool:
        """Whether both processes run."""
        return self.vitals.is_running and self.network.is_running

    def is_connected(self) -> bool:
        """Whether the broker has it."""
        return self.says("connected to", part="link")

    def wait(self, text: str, *, limit_s: float = 60.0) -> Finding:
        """Return the doctor's finding on networks with that text, as soon as there is one."""
        self.wait_until(lambda: self.says(text), what=f"the doctor says {text!r}", limit_s=limit_s)
        return next(one for one in self.findings(PART) if text in one.text)

    def wait_until(self, happened: Callable[[], bool], *, what: str, limit_s: float = 60.0) -> None:
        """Return when `happened`. Raises TimeoutError, with what the box says."""
        try:
            wait_until(lambda: happened() or not self.is_up(), what=what, limit_s=limit_s)
            assert self.is_up(), self.logs()
        except TimeoutError as error:
            said = "\n".join(one.text for one in self.findings(PART))
            raise TimeoutError(f"{error}\n{said}\n{self.logs()}") from error

    def logs(self) -> str:
        """The last of what both processes said."""
        return "".join(one.output()[-1500:] for one in (self.vitals, self.network))


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything of a test: the hub with one operator who is ready, the internet, its names, the box."""

    internet: Internet
    names: NameServer
    box: NetworkBox
    seat: Seat
    door: Cable  # where the hub listens
    village: Village

    def press_rings(self, *, limit_s: float = 60.0) -> float:
        """Press; return after how long the lamp says that it rings at an operator's."""
        began_s = time.monotonic()
        self.box.board.press()
        self.rings(limit_s=limit_s)
        self.box.board.release()
        return time.monotonic() - began_s

    def rings(self, *, limit_s: float = 60.0) -> None:
        """Return when the lamp says that it rings at an operator's."""
        self.box.wait_until(
            lambda: self.box.board.lamp.pattern is OutputPattern.DOUBLE_FLASH,
            what="it rings at an operator's",
            limit_s=limit_s,
        )

    def hang_up(self) -> None:
        """The nurse takes the call back; return when the lamp is off."""
        asyncio.run(ask(self.box.folder / "data" / "vitals.sock", "cancel call"))
        self.box.wait_until(lambda: self.box.board.lamp.pattern is OutputPattern.OFF, what="the call is over")


@contextmanager
def scene(folder: Path, *, links: Sequence[str] = (CABLE, MOBILE), settings: str = LINKS) -> Iterator[Scene]:
    """Yield it, the box connected to the hub and its links judged."""
    port = free_port()
    village = Village(folder, [], console_port=port)
    given = village.broker.enrol(STATION)
    with Internet(folder / "internet", links) as internet:
        village.broker.authority.make(names=[HUB_NAME, internet.hub_address], now=datetime.now(UTC))
        door = Cable(village.broker.port, address=internet.hub_address, port=PORT)
        with (
            NameServer(internet.hub_address, HUB_NAME) as names,
            village,
            door,
            Seat(port, OPERATOR, village.password, is_ready=True) as seat,
            NetworkBox(folder / "box", given, internet, settings) as box,
        ):
            box.wait_until(box.is_connected, what="the box is connected")
            yield Scene(internet, names, box, seat, door, village)
