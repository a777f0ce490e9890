"""Broker, hub and stations, started in order and ended in order."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from contract.front import FRONT_PORT
from tests.broker import Broker, free_port
from tests.front import front_table
from tests.simulators.links import Link, Profile
from tests.village.instruments import Instrument
from tests.village.process import ROOT, Process
from tests.village.station import GENERATED, Devices, Station

HUB_START_LIMIT_S: Final = 60.0
OPERATOR: Final = "truc-ban"
EVERYBODY: Final = "0.0.0.0"  # noqa: S104 - only with --lan, when a person asked for it


@dataclass(frozen=True, slots=True)
class Place:
    """A station to build: its id, what people call it, who sits there first, what it has, where it lies."""

    name: str
    title: str
    recording: str
    devices: Devices = GENERATED
    link: Profile | None = None  # None: beside the hub
    behind_link_of: str | None = None  # an earlier place, whose link both share
    instruments: tuple[Instrument, ...] = ()  # beside its board


PLACES: Final = (
    Place("con-dao-01", "Trạm y tế Côn Đảo", "an"),
    Place("co-to-02", "Trạm y tế Cô Tô", "binh"),
    Place("muong-nhe-03", "Trạm y tế Mường Nhé", "chi"),
)


class Village:
    """Everything in `folder`. Use as a context: broker first, then the hub, then the stations."""

    def __init__(
        self,
        folder: Path,
        places: Sequence[Place] = PLACES,
        *,
        console_port: int | None = None,
        lan_names: Sequence[str] = (),
        speed: float = 1.0,
        quota_bytes: int = 2_000_000_000,
        has_front: bool = False,
    ) -> None:
        """`has_front`: the hub has one port for everything too, at the server's address of the first link;
        people go there as well.
        """
        self.folder = folder
        self.broker = Broker(folder, stations=[place.name for place in places])
        self._is_lan = bool(lan_names)
        self._port = console_port or free_port()
        self._names = lan_names
        self._front_port = FRONT_PORT if has_front else None
        self._places = places
        self.config = folder / "hub.toml"
        self.hub = Process(["hub", "serve", "--config", str(self.config)], log=folder / "hub.log")
        self.stations: list[Station] = []
        for place in places:
            station = Station(
                place.name,
                folder / place.name,
                self.broker.boxes[place.name],
                broker_port=self.broker.port,
                recording=place.recording,
                speed=speed,
                quota_bytes=quota_bytes,
                devices=place.devices,
                link=self._shared_link(place.behind_link_of) or place.link,
                instruments=place.instruments,
            )
            self.stations.append(station)
        links = [station.link for station in self.stations if station.link is not None]
        far = [address for link in links for address in (link.hub_address, link.server_address)]
        self.hub_settings = ""  # more of hub.toml; write it before the hub starts
        if has_front:
            self._is_lan, self._names = True, [links[0].server_address]
            self.hub_settings = front_table(links[0].server_address, port=FRONT_PORT)
        self.broker.authority.make(names=[*self._names, *far], now=datetime.now(UTC))
        self.furnish: Callable[[Path], None] = lambda _: (
            None
        )  # the hub's store, by its hub.toml, before it starts
        self.password = ""
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """Where the console is."""
        scheme, host = ("https", self._names[0]) if self._is_lan else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self._front_port or self._port}/"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.broker)
            self._write_config()
            self.password = self.add_operator(OPERATOR, role="admin")
            self.furnish(self.config)
            stack.callback(self.hub.stop)
            self.start_hub()
            for station in self.stations:
                stack.enter_context(station)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_hub(self) -> None:
        """Start the hub and return when its console answers."""
        self.hub.start()
        wait_for_port(self._port, process=self.hub, limit_s=HUB_START_LIMIT_S)

    def _write_config(self) -> None:
        titles = "\n".join(f'{place.name} = "{place.title}"' for place in self._places)
        names = ", ".join(f'"{name}"' for name in self._names)
        self.config.write_text(
            f"""[broker]
host = "127.0.0.1"
port = {self.broker.port}

[console]
address = "{EVERYBODY if self._is_lan else "127.0.0.1"}"
port = {self._port}
https = {"true" if self._is_lan else "false"}
names = [{names}]

[stations]
{titles}

{self.hub_settings}""",
            encoding="utf-8",
        )

    def _shared_link(self, name: str | None) -> Link | None:
        return next((station.link for station in self.stations if station.name == name), None)

    def add_operator(self, name: str, *, role: str = "operator") -> str:
        """Make the account of somebody who answers, and return its password, new each time."""
        command = [sys.executable, "-m", "hub", "account", "add", name, "--role", role]
        command += ["--config", str(self.config)]
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        return done.stdout.decode().strip().rsplit(" ", 1)[-1]


def wait_for_port(port: int, *, process: Process, limit_s: float) -> None:
    """Return when something listens on `port`. Raises what `Process.wait_for` raises."""
    deadline_s = time.monotonic() + limit_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except OSError:
            if not process.is_running:
                raise ChildProcessError(f"it ended: {process.output()[-2000:]}") from None
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"nothing listens on {port}: {process.output()[-2000:]}") from None
            time.sleep(0.02)  # between tries of a connection; nothing announces that a process listens
