"""A press while the station has no link: for minutes it rings afterwards, for long it is owed a callback."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.calls.table import WAITING, State
from tests.calls.looks import Looks, until
from tests.calls.street import NO_DEVICES, add_accounts
from tests.village.process import Process
from tests.village.station import Station
from tests.village.village import Place, Village

FAILSAFE: Final = "lan"
PLACE: Final = Place("tram-1", "Trạm 1", "an", NO_DEVICES)


@dataclass(frozen=True, slots=True)
class Came:
    """How the press stood at the hub once the link was back. `age_error_s`: of its age when it came, by the
    hub, against how long it had waited."""

    state: State
    owner: str | None
    age_error_s: float


def outage(folder: Path, minutes: float, *, is_real: bool) -> Came:
    """Pull the cable, press, and plug it in again after so many minutes: `is_real`, else the box sleeps
    meanwhile, and the clock of its boot goes on as it does in sleep.
    """
    village = Village(folder, [PLACE])
    (folder / "routing.toml").write_text(f'failsafe = "{FAILSAFE}"\n', encoding="utf-8")
    village.hub_settings = '[folders]\nrouting = "routing.toml"\n'
    (station,) = village.stations
    station.vitals = Process(["tests.calls.box", str(station.config)], log=station.folder / "vitals.log")
    with village:
        add_accounts(folder / "accounts.db", [FAILSAFE])
        until(station.answers, "the box answers")
        return _outage(village, station, minutes * 60.0, is_real=is_real)


def _outage(village: Village, station: Station, seconds: float, *, is_real: bool) -> Came:
    looks = Looks(village.folder / "store")
    station.cable.pull()
    pressed_s = time.monotonic()
    station.board.press()
    station.board.release()
    until(_shows(station, "FAST_BLINK", "PULSE"), "the press on the disk of the box")
    if is_real:
        time.sleep(seconds)  # the outage lasts as long as it lasts
        asleep_s = 0.0
    else:
        asleep_s = seconds
        station.vitals.stop()
        station.sleep_s(seconds)
        station.vitals.start()
        until(station.answers, "the box answers")
    station.cable.replug()
    row = until(lambda: looks.new_call(station.name, set()), "the press at the hub")
    came_s = time.monotonic()
    expected = (State.CALLBACK,) if seconds > 600 else WAITING
    until(lambda: looks.is_in(row.call_id, *expected), "it rings, or is owed")
    if seconds > 600:
        until(lambda: looks.row(row.call_id).owner, "somebody owns it")
    after = looks.row(row.call_id)
    age_s = (row.sent_t_us - row.t_us) / 1e6
    return Came(State[after.state], after.owner, abs(age_s - (came_s - pressed_s + asleep_s)))


def _shows(station: Station, *patterns: str) -> Callable[[], bool]:
    return lambda: station.board.lamp.pattern.name in patterns
