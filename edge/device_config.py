"""The `[[device]]` tables of the box's configuration (core): instruments about which the engineer says more
than their bytes do.
"""

import re
from pathlib import Path
from typing import Any, Final

from edge.errors import ConfigError
from firmware_bridge.drivers.catalogue import all_drivers
from firmware_bridge.drivers.driver import Line
from firmware_bridge.ports.device_settings import DeviceSettings

DEVICE_KEYS: Final = ("driver", "port", "adapter", "name", "baud", "parity")
BAUD_MIN, BAUD_MAX = 300, 4_000_000
_NAME: Final = re.compile(r"[0-9a-zA-Z._:-]{1,64}")  # as on the wire
_PARITIES: Final = ("N", "O", "E")


def read_devices(file: Path, tables: Any) -> tuple[DeviceSettings, ...]:
    """Return what the tables say. `file` is named in errors, and relative ports are taken from its folder.
    Raises ConfigError."""
    if tables is None:
        return ()
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{file}: device: expected tables, each headed [[device]]")
    devices = tuple(_Table(file, number, table).settings() for number, table in enumerate(tables, start=1))
    for number, one in enumerate(devices, start=1):
        for before in devices[: number - 1]:
            if one.where == before.where:
                raise ConfigError(f"{file}: [[device]] {number}: {one.where} is another device's already")
            if one.name and one.name == before.name:
                raise ConfigError(
                    f"{file}: [[device]] {number}: name: {one.name} is another device's already"
                )
    return devices


class _Table:
    """One device; its number counts from 1, as people count."""

    def __init__(self, file: Path, number: int, table: dict[str, Any]) -> None:
        self._file, self._where, self._table = file, f"{file}: [[device]] {number}", table

    def settings(self) -> DeviceSettings:
        for key in self._table:
            if key not in DEVICE_KEYS:
                raise ConfigError(
                    f"{self._where}: {key} is not a setting; there are {', '.join(DEVICE_KEYS)}"
                )
        driver = self._text("driver")
        if driver and driver not in all_drivers():
            known = ", ".join(sorted(all_drivers()))
            raise ConfigError(f"{self._where}: driver: there is no {driver!r}; there are {known}")
        name = self._text("name")
        if name and not _NAME.fullmatch(name):
            expected = "1 … 64 of the letters a-z, A-Z, digits and . _ : -"
            raise ConfigError(f"{self._where}: name: expected {expected}, found {name!r}")
        if name in ("board", "button"):
            raise ConfigError(f"{self._where}: name: {name} is taken; call it otherwise")
        return DeviceSettings(where=self._place(), driver=driver, name=name, line=self._line(driver))

    def _place(self) -> str:
        port, adapter = self._text("port"), self._text("adapter")
        if bool(port) == bool(adapter):
            expected = 'either port = "/dev/…" or adapter = "…", as `device list` names it'
            raise ConfigError(f"{self._where}: expected {expected}")
        return str((self._file.parent / port).absolute()) if port else adapter

    def _line(self, driver: str) -> Line | None:
        baud, parity = self._table.get("baud"), self._table.get("parity")
        if baud is None and parity is None:
            return None
        if not driver:
            raise ConfigError(f"{self._where}: driver: expected one, for baud or parity is given")
        usual = all_drivers()[driver].lines[0]
        if baud is not None and (type(baud) is not int or not BAUD_MIN <= baud <= BAUD_MAX):
            expected = f"expected bit/s, {BAUD_MIN} … {BAUD_MAX}, found {baud!r}"
            raise ConfigError(f"{self._where}: baud: {expected}")
        if parity is not None and parity not in _PARITIES:
            raise ConfigError(f'{self._where}: parity: expected "N", "O" or "E", found {parity!r}')
        return Line(baud or usual.baud, parity or usual.parity)

    def _text(self, key: str) -> str:
        value = self._table.get(key, "")
        if not isinstance(value, str) or (key in self._table and not value):
            raise ConfigError(f"{self._where}: {key}: expected a text, found {value!r}")
        return value
