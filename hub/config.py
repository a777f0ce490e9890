"""The hub's configuration: one TOML file, read once. An unknown key is an error too."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from contract.errors import RefusedError
from contract.ids import StationId, parse_station

PORT_MAX: Final = 65_535
SERVERS_MAX: Final = 4  # of a kind; a browser asks each of them at the start of every call
SECRET_MIN_BYTES: Final = 8
_HOST: Final = r"(\[[0-9a-fA-F:]+\]|[^\s:?/@\[\]]+)(:[0-9]{1,5})?"
_STUN: Final = re.compile(rf"stuns?:{_HOST}")
_TURN: Final = re.compile(rf"turns?:{_HOST}(\?transport=(udp|tcp))?")


class ConfigError(Exception):
    """The configuration cannot be used. The text names file, key and what is expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """Where the broker listens, and what `hub broker-config` tells it to listen on."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleConfig:
    """Where the console listens. `is_https` uses the installation's own server certificate."""

    address: str
    port: int
    is_https: bool
    names: tuple[str, ...]  # further host names and addresses by which browsers and boxes reach this machine

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        host = "127.0.0.1" if self.address in ("0.0.0.0", "::") else self.address  # noqa: S104 - compared, not bound
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.is_https else 'http'}://{host}:{self.port}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaConfig:
    """By which servers picture and voice find their way where there is no direct one; none by default.

    `turn_secret` is shared with the TURN server (coturn: use-auth-secret, static-auth-secret); it is kept out
    of the configuration, in a file of its own.
    """

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    turn_secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that the hub is told. Folders are absolute."""

    path: Path
    store_folder: Path
    pki_folder: Path
    accounts_path: Path
    broker: BrokerConfig
    console: ConsoleConfig
    media: MediaConfig
    station_names: Mapping[StationId, str]  # what people call it; one that is missing is shown by its id

    @property
    def inbox_folder(self) -> Path:
        """Where records lie that came by hand, until they are in the store."""
        return self.store_folder / "inbox"


def read_config(path: Path) -> Config:
    """Return the configuration in `path`; relative folders count from there. Raises ConfigError."""
    path = path.absolute()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); make one with: hub init FOLDER") from error
    return parse_config(text, path=path)


def parse_config(text: str, *, path: Path) -> Config:
    """Return the configuration in `text`. Raises ConfigError."""
    try:
        root = _Table(tomllib.loads(text), path=path, name="")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    folders, broker, console = root.table("folders"), root.table("broker"), root.table("console")
    media = root.table("media")
    config = Config(
        path=path,
        store_folder=path.parent / folders.text("store", "store"),
        pki_folder=path.parent / folders.text("pki", "pki"),
        accounts_path=path.parent / folders.text("accounts", "accounts.db"),
        broker=BrokerConfig(host=broker.text("host", "127.0.0.1"), port=broker.port("port", 8883)),
        console=ConsoleConfig(
            address=console.text("address", "127.0.0.1"),
            port=console.port("port", 8443),
            is_https=console.flag("https", True),
            names=console.texts("names"),
        ),
        media=MediaConfig(
            stun=media.servers("stun", _STUN),
            turn=media.servers("turn", _TURN),
            turn_secret=media.secret("turn_secret_file"),
        ),
        station_names=root.table("stations").station_names(),
    )
    for table in (root, folders, broker, console, media):
        table.refuse_the_rest()
    if config.media.turn and not config.media.turn_secret:
        raise ConfigError(
            f"{path}: media.turn_secret_file is missing: expected the file with the TURN server's secret"
        )
    return config


CONFIG_TEMPLATE: Final = """\
# Haidang hub. Relative folders count from this file.

[folders]
store = "store"          # records, calls, waveforms: hub backup FOLDER
pki = "pki"              # certificates and keys: hub seal escrow --out FILE, and guard it
accounts = "accounts.db"

[broker]
host = "{broker_host}"
port = {broker_port}

[console]
address = "{address}"    # "0.0.0.0": other machines may open the console
port = {port}
https = {https}
names = {names}          # further host names and addresses of this machine, for its certificate

[media]                  # for links on which two browsers do not find one another by themselves
# stun = ["stun:turn.example.vn:3478"]
# turn = ["turn:turn.example.vn:3478", "turns:turn.example.vn:443?transport=tcp"]   # where only 443 passes
# turn_secret_file = "turn.secret"   # coturn: use-auth-secret, static-auth-secret; readable by the hub alone

[stations]               # what people call them
# con-dao-01 = "Trạm y tế Côn Đảo"
"""


class _Table:
    """One table of the file, each key asked for by type. Raises ConfigError with file, key, expectation."""

    def __init__(self, values: dict[str, Any], *, path: Path, name: str) -> None:
        self._values, self._path, self._name = dict(values), path, name

    def _fault(self, key: str, expected: str, value: object) -> ConfigError:
        where = f"{self._name}.{key}" if self._name else key
        return ConfigError(f"{self._path}: {where} = {str(value)[:80]!r}: expected {expected}")

    def table(self, key: str) -> "_Table":
        value = self._values.pop(key, {})
        if not isinstance(value, dict):
            raise self._fault(key, "a table", value)
        return _Table(value, path=self._path, name=key)

    def text(self, key: str, default: str) -> str:
        value = self._values.pop(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self._fault(key, "a text", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self._fault(key, "a list of texts", value)
        return tuple(value)

    def servers(self, key: str, form: re.Pattern[str]) -> tuple[str, ...]:
        found = self.texts(key)
        kind = key.upper()
        if len(found) > SERVERS_MAX:
            raise self._fault(key, f"at most {SERVERS_MAX} {kind} servers", list(found))
        for one in found:
            if not form.fullmatch(one):
                raise self._fault(key, f'{kind} servers, such as "{key}:host:3478"', one)
        return found

    def secret(self, key: str) -> bytes:
        """Return what the file named there holds, empty when none is named."""
        name = self.text(key, "-")
        if name == "-":
            return b""
        file = self._path.parent / name
        try:
            secret = file.read_bytes().strip()
        except OSError as error:
            raise self._fault(key, f"a file that can be read ({file}: {error.strerror})", name) from error
        if len(secret) < SECRET_MIN_BYTES:
            raise self._fault(key, f"a file with a secret of at least {SECRET_MIN_BYTES} letters", name)
        return secret

    def port(self, key: str, default: int) -> int:
        value = self._values.pop(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= PORT_MAX:
            raise self._fault(key, f"a TCP port, 1 … {PORT_MAX}", value)
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._values.pop(key, default)
        if not isinstance(value, bool):
            raise self._fault(key, "true or false", value)
        return value

    def station_names(self) -> dict[StationId, str]:
        names = {}
        for key in list(self._values):
            try:
                station = parse_station(key)
            except RefusedError as error:
                raise self._fault(key, f"a station's id as the key ({error})", self._values[key]) from error
            names[station] = self.text(key, "")
        return names

    def refuse_the_rest(self) -> None:
        if self._values:
            key, value = next(iter(self._values.items()))
            raise self._fault(key, "no such key; look for a slip in its name", value)
