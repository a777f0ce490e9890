"""A simulated station: a board, instruments, a cable, and a real `edge vitals`."""

import asyncio
import secrets
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contract.ids import StationId
from edge.control_service import ask
from edge.errors import ControlError
from edge.health.report import Report
from hub.pki.authority import Enrolment
from tests.simulators.board import BoardSim
from tests.simulators.board.queue import SAMPLE_QUEUE_BYTES
from tests.simulators.cable import Cable
from tests.simulators.links import Link, Profile
from tests.village.instruments import Instrument
from tests.village.process import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What box.toml says of camera and sound; this machine need have neither. `voice`: prompts are said, and
    are among what the loudspeaker plays."""

    camera: str = "generated"
    microphone: str = "generated"
    loudspeaker: str = "none"
    voice: bool = False


GENERATED: Final = Devices()


class Station:
    """One box with what belongs to it, in `folder`. Use as a context; `vitals` starts with it.

    With a `link` the box is in a network of its own, and reaches the hub's broker and a browser's media over
    that emulated link only. A `Link` is that of another station, which runs as long: both are behind it.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        enrolment: Enrolment,
        *,
        broker_port: int,
        recording: str,
        speed: float = 1.0,
        quota_bytes: int = 2_000_000_000,
        devices: Devices = GENERATED,
        link: Profile | Link | None = None,
        instruments: Sequence[Instrument] = (),
    ) -> None:
        self.name, self.folder = StationId(name), folder
        self.recording = recording
        folder.mkdir(parents=True, exist_ok=True)
        self._has_own_link = isinstance(link, Profile)
        self.link = Link(link, log=folder / "link.log") if isinstance(link, Profile) else link
        if self.link is None:
            self.cable = Cable(broker_port)
        else:
            port = self.link.profile.only_tcp_port or 0
            self.cable = Cable(broker_port, address=self.link.hub_address, port=port)
        uid = bytes.fromhex(f"{zlib.crc32(name.encode()):08x}") + b"BOX1"
        self.board = BoardSim(
            folder / "board",
            recording,
            uid=uid,
            speed=speed,
            queue_bytes=round(SAMPLE_QUEUE_BYTES * max(1.0, speed)),
        )  # half a minute of real time, however fast
        self._tables = "\n".join(one.table for one in instruments)
        self.instruments = {
            one.port: one.sim(folder, seed=seed) for seed, one in enumerate(instruments)
        }  # by port
        self.config = folder / "box.toml"
        self.vitals = Process(
            ["edge", "vitals", "--config", str(self.config)], log=folder / "vitals.log", entry=self._entry
        )
        self._enrolment, self._quota_bytes, self._devices = enrolment, quota_bytes, devices
        self.settings = ""  # more of box.toml; write it before the station starts
        self.hub: tuple[str, int] | None = None  # where box.toml says that it is; None: at the cable's end
        self.environment: dict[str, str] = {}  # what the box's system has set otherwise than this machine
        self._boot_file = folder / "boot"
        self._stack = ExitStack()

    def __enter__(self) -> "Station":
        with ExitStack() as stack:
            if self.link is not None and self._has_own_link:
                stack.enter_context(self.link)
            stack.enter_context(self.board)
            for instrument in self.instruments.values():
                stack.enter_context(instrument)
            stack.enter_context(self.cable)
            self._write_config()
            self.new_boot()
            stack.callback(self.vitals.stop)
            self.vitals.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _entry(self) -> Sequence[str]:
        there = self.link.entry if self.link is not None else []
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        return [*there, *(["env", *settings] if settings else [])]

    def _write_config(self) -> None:
        given = self._enrolment
        here = "localhost" if self.link is None else self.cable.address
        host, port = self.hub or (here, self.cable.port)
        self.config.write_text(
            f'''station = "{self.name}"
data_dir = "data"

[hub]
host = "{host}"
port = {port}
ca = "{given.ca}"
certificate = "{given.certificate}"
key = "{given.key}"
seal_key = "{given.seal_key}"

[board]
port = "board"

[spool]
quota_bytes = {self._quota_bytes}

[video]
camera = "{self._devices.camera}"
microphone = "{self._devices.microphone}"
loudspeaker = "{self._devices.loudspeaker}"

[call]
voice = {str(self._devices.voice).lower()}

[clock]
boot_file = "boot"  # many boxes on one kernel: each names its own boots

{self._tables}

{self.settings}''',
            encoding="utf-8",
        )

    def new_boot(self) -> None:
        """From the next start on it is another boot, whose clock begins now."""
        self._write_boot(secrets.token_hex(8), time.clock_gettime(time.CLOCK_BOOTTIME))

    def sleep_s(self, seconds: float) -> None:
        """From the next start on its clock is ahead by so much: the box was suspended in the same boot."""
        name, began_s = self.boot
        self._write_boot(name, began_s - seconds)

    @property
    def boot(self) -> tuple[str, float]:
        """The boot's name, and the CLOCK_BOOTTIME of this machine at which its clock was zero."""
        name, began_s = self._boot_file.read_text().split()
        return name, float(began_s)

    def _write_boot(self, name: str, began_s: float) -> None:
        self._boot_file.write_text(f"{name}\n{began_s}\n")

    def cut_power(self) -> None:
        """Box and board lose power at once."""
        self.vitals.kill_all()
        self.board.unplug()

    def restore_power(self) -> None:
        """Box and board start anew: another boot of both."""
        self.new_boot()
        self.board.replug()
        self.vitals.start()

    def next_person(self, recording: str) -> None:
        """The nurse says so, takes the sensors off and puts them on the next person."""
        self.ask("next person")
        self.board.leads_off()
        self.board.probe_off()
        self._have_contact(is_on=False)
        self.board.next_person(recording)
        self.recording = recording

    def sensors_on(self) -> None:
        """Electrodes and probes are on somebody."""
        self.board.leads_on()
        self.board.probe_on()
        self._have_contact(is_on=True)

    def _have_contact(self, *, is_on: bool) -> None:
        for instrument in self.instruments.values():
            instrument.device.has_contact = is_on

    def ask(self, question: str) -> dict[str, Any]:
        """Ask the running service. Raises ControlError."""
        asked = ask(self.folder / "data" / "vitals.sock", question)
        with ThreadPoolExecutor(1) as thread:  # the caller's may have a loop of its own: Playwright's
            return thread.submit(asyncio.run, asked).result()

    def answers(self) -> bool:
        """Whether the service runs and answers."""
        try:
            self.report()
        except ControlError:
            return False
        return True

    def report(self) -> Report:
        """What `edge doctor` would print."""
        return Report.model_validate(self.ask("doctor")["report"])
