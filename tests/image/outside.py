"""What stands outside the box: a real mosquitto and a real hub, and what the hub has of the station."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from contract.ids import RecordClass, StationId
from hub.config import read_config
from hub.store.interface import CallRow
from hub.store.sqlite import SqliteStore
from images.places import HOUSE
from tests.village.village import Village

STATION: Final = StationId("ban-thu-01")
SEEN_INSIDE_AS: Final = "10.0.2.2"  # the loopback of this machine, through QEMU's user network
ASK_S: Final = 0.2
WITHOUT_UNITS: Final = """data_dir = "/data/haidang/spool"
[hub]
ca = "/data/haidang/keys/ca.crt"
certificate = "/data/haidang/keys/station.crt"
key = "/data/haidang/keys/station.key"
seal_key = "/data/haidang/keys/hub-seal.pub"
"""
DEVICES: Final = """[board]
port = "/dev/ttyUSB0"

[button]
input = "/dev/input/by-path/platform-i8042-serio-0-event-kbd"

[video]
camera = "none"
microphone = "none"
loudspeaker = "none"

[call]
voice = false
"""


class Outside:
    """Hub and broker on loopback. Use as a context; `keys` and `settings` are what the box is given."""

    def __init__(self, folder: Path) -> None:
        self._village = Village(folder, ())
        self.port = self._village.broker.port
        authority = self._village.broker.authority
        authority.make(names=[SEEN_INSIDE_AS], now=datetime.now(UTC))
        given = self._village.broker.enrol(STATION)
        paths = (given.ca, given.certificate, given.key, given.seal_key)
        names = ("ca.crt", "station.crt", "station.key", "hub-seal.pub")
        self.keys = {name: path.read_bytes() for name, path in zip(names, paths, strict=True)}
        self.settings = self._settings()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._village)
            self._config = read_config(self._village.config)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _settings(self) -> str:
        """Return the box's configuration: what the units ask for, and what enrolment would add."""
        units = HOUSE / "systemd/box/box.toml"
        base = units.read_text(encoding="utf-8") if units.exists() else WITHOUT_UNITS
        hub = f'[hub]\nhost = "{SEEN_INSIDE_AS}"\nport = {self.port}\n'
        return f'station = "{STATION}"\n{base.replace("[hub]", hub, 1)}\n{DEVICES}'

    def wait_until(self, is_so: Callable[[SqliteStore], bool], *, limit_s: float, what: str) -> float:
        """Return after how many seconds something was so in the hub's store. Raises AssertionError: never."""
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < limit_s:
            store = SqliteStore(self._config.store_folder, is_writer=False)
            try:
                if is_so(store):
                    return time.monotonic() - begun_s
            finally:
                store.close()
            time.sleep(ASK_S)  # the store of another process announces nothing to us
        raise AssertionError(f"in {limit_s:.0f} s it never came to this at the hub: {what}")

    def has_event(self, name: str, *, count: int = 1) -> Callable[[SqliteStore], bool]:
        """Return a question: does the hub have so many events of that name?"""
        return lambda store: len(store.events(STATION, names=[name])) >= count

    def waveforms(self, store: SqliteStore) -> int:
        """Return how many records of waveforms the hub has."""
        return sum(
            1
            for spool in store.spools(STATION)
            for _ in store.chunks(STATION, spool, record_class=RecordClass.WAVEFORM)
        )

    def calls(self, store: SqliteStore) -> list[CallRow]:
        """Return the calls of the station."""
        return [row for row in store.newest_calls() if row.call_id.station == STATION]
