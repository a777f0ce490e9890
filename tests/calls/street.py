"""Broker, hub, four boxes, three operators and a tab: one street for all kills."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.people.accounts import Accounts, Role
from tests.browser import chromium
from tests.calls.looks import Looks
from tests.calls.seat import Hand, Seat
from tests.calls.tab import Tab
from tests.village.process import Process
from tests.village.station import Devices
from tests.village.village import OPERATOR, Place, Village

SEATS: Final = ("lan", "minh")  # in unit "a", with the tab
SILENT: Final = "im"  # has a page and no sound: unit "b"
AWAY: Final = "vang"  # has no page: unit "c"
ROUTING: Final = f"""
failsafe = "lan"
[units.tinh]
[units.a]
parent = "tinh"
[units.b]
parent = "tinh"
[units.c]
parent = "tinh"
[[groups]]
unit = "a"
members = ["{OPERATOR}", "lan", "minh"]
[[groups]]
unit = "b"
members = ["{SILENT}"]
[[groups]]
unit = "c"
members = ["{AWAY}"]
[stations]
tram-1 = "a"
tram-2 = "a"
tram-3 = "b"
tram-4 = "c"
"""
PASSWORD: Final = "mot hai ba bon nam"
NO_DEVICES: Final = Devices(camera="none", microphone="none", loudspeaker="none")
PLACES: Final = tuple(
    Place(f"tram-{number}", f"Trạm {number}", recording, NO_DEVICES)
    for number, recording in enumerate(("an", "binh", "chi", "an"), start=1)
)


@dataclass(frozen=True, slots=True)
class Street:
    """All of it. `port`: of the console."""

    village: Village
    port: int
    seats: dict[str, Seat]
    tab: Tab
    looks: Looks

    def hand(self, name: str) -> Hand:
        """Return what an account can do with a session that it has."""
        return self.seats[name] if name in self.seats else Hand(self.port, name, self.tab.cookie)


@contextmanager
def street(folder: Path, places: Sequence[Place] = PLACES) -> Iterator[Street]:
    """Start all of it in `folder`; end it."""
    village = Village(folder, places)
    (folder / "routing.toml").write_text(ROUTING, encoding="utf-8")
    village.hub_settings = '[folders]\nrouting = "routing.toml"\n'
    for station in village.stations:
        arguments = ["tests.calls.box", str(station.config)]
        station.vitals = Process(arguments, log=station.folder / "vitals.log")
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        stack.enter_context(village)
        add_accounts(folder / "accounts.db", (*SEATS, SILENT, AWAY))
        port = int(village.url.rstrip("/").rsplit(":", 1)[-1])
        seats = {
            name: stack.enter_context(Seat(port, name, PASSWORD, is_ready=name != SILENT))
            for name in (*SEATS, SILENT)
        }
        tab = stack.enter_context(Tab(browser, village, OPERATOR, village.password))
        yield Street(village, port, seats, tab, Looks(folder / "store"))


def add_accounts(path: Path, names: Sequence[str]) -> None:
    """Make these accounts with PASSWORD; the hub knows of them within seconds."""
    with closing(Accounts(path)) as accounts:
        for name in names:
            accounts.add(name, PASSWORD, role=Role.OPERATOR, now_utc_s=time.time())
