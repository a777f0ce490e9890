"""A whole hub for boxes that come in: mosquitto and `hub serve` with HTTPS, as they stand on a server."""

import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from contract.ids import BoxName, StationId
from hub.config import Config, read_config
from hub.enrolment.box_file import box_file
from hub.enrolment.cli import pin_of
from hub.people.accounts import Accounts
from hub.people.boxes import Box, Standings
from hub.pki.authority import Enrolment
from hub.store.sqlite import SqliteStore
from tests.broker import Broker, free_port
from tests.running_hub import read_store
from tests.village.process import ENDS_WITH_US

LIMIT_S = 60.0
HEARD_WITHIN_S = 240.0  # boxes, a hub and a broker on a machine that does much else
T = TypeVar("T")


class EnrollingHub:
    """Use as a context. `hub`: its command line. `names`: by which boxes reach it, beside 127.0.0.1."""

    def __init__(self, folder: Path, *, stations: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> None:
        self.broker = Broker(folder, stations=stations)
        self.broker.authority.make(names=names, now=datetime.now(UTC))
        self._folder, self._names = folder, names
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Config:
        """The hub's configuration."""
        return read_config(self._folder / "hub.toml")

    def __enter__(self) -> Self:
        self.broker.start()
        reload = json.dumps(["kill", "-HUP", str(self.broker.pid)])
        (self._folder / "hub.toml").write_text(
            f"[broker]\nport = {self.broker.port}\nreload = {reload}\n"
            f"[console]\nport = {free_port()}\nnames = {json.dumps(self._names)}\n",
            encoding="utf-8",
        )
        with (self._folder / "hub.log").open("ab") as log:
            command = [*ENDS_WITH_US, sys.executable, "-m", "hub", "serve", "--config"]
            self._process = subprocess.Popen(
                [*command, str(self._folder / "hub.toml")], stderr=log, cwd=Path(__file__).parents[1]
            )
        context = ssl.create_default_context(cafile=str(self.broker.authority.ca))
        address = ("127.0.0.1", self.config.console.port)
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            try:
                plain = socket.create_connection(address, timeout=LIMIT_S)
                context.wrap_socket(plain, server_hostname="127.0.0.1").close()
                return self
            except OSError:
                assert self._process.poll() is None, (self._folder / "hub.log").read_text()
                assert time.monotonic() < deadline_s, "the hub does not serve"
                time.sleep(0.02)  # between tries of a connection; nothing announces that it listens

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(LIMIT_S)
        self.broker.__exit__()

    def ask(self, question: Callable[[SqliteStore], T]) -> T:
        """Return what its store answers now."""
        with read_store(self.config) as store:
            return question(store)

    def presses(self, station: StationId) -> int:
        """Return how many presses of a station are in its store."""
        return self.ask(lambda store: len(store.events(station, names=["press"])))

    def hub(self, *words: str) -> str:
        """Run `hub …` as somebody at the server does; return what it says."""
        command = [sys.executable, "-m", "hub", *words, "--config", str(self._folder / "hub.toml")]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            cwd=Path(__file__).parents[1],
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def claim(self, station: str) -> str:
        """Return a new code of a station."""
        return self.hub("claim", station).split()[0]

    def box_file(self, code: str) -> str:
        """Return haidang.txt with that code."""
        return box_file(pin_of(self.config), code)

    def box(self, name: str) -> Box:
        """Return a box of the book."""
        with closing(Accounts(self.config.accounts_path)) as accounts:
            found = accounts.boxes.box(BoxName.parse(name))
        assert found is not None
        return found

    def age(self, name: str, *, days: int) -> None:
        """Have a box's newest certificate be so much older, in the book."""
        box = self.box(name)
        ends_s, made_s = box.ends_utc_s - days * 86_400, box.renewed_utc_s - days * 86_400
        with closing(Accounts(self.config.accounts_path)) as accounts:
            accounts.boxes.note_certificate(box.name, 1, ends_utc_s=ends_s, now_utc_s=made_s)

    def standings(self) -> Standings:
        """Return how all boxes stand."""
        with closing(Accounts(self.config.accounts_path)) as accounts:
            return accounts.boxes.standings()

    def deeds(self, station: str) -> list[str]:
        """Return what the book of deeds has of a station, newest first."""
        with closing(Accounts(self.config.accounts_path)) as accounts:
            return [deed.deed for deed in accounts.deeds.about(StationId(station))]


def files_of(data: Path) -> Enrolment:
    """Return the files of a box that has enrolled itself into `data`."""
    keys = data / "keys"
    return Enrolment(keys / "ca.crt", keys / "box.crt", keys / "box.key", keys / "hub-seal.pub")


def until(is_so: Callable[[], bool], what: str, *, limit_s: float = HEARD_WITHIN_S) -> None:
    """Return as soon as `is_so`; the store of another process announces nothing to us."""
    deadline_s = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.05)
