"""The hub's configuration: one TOML file, read once. An unknown key is an error too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from contract.errors import RefusedError
from contract.front import FRONT_PORT
from contract.ids import StationId, parse_station
from hub.toml_table import ConfigError, Table

PORT_MAX: Final = 65_535
SERVERS_MAX: Final = 4  # of a kind; a browser asks each of them at the start of every call
_HOST: Final = r"(\[[0-9a-fA-F:]+\]|[^\s:?/@\[\]]+)(:[0-9]{1,5})?"
_STUN: Final = re.compile(rf"stuns?:{_HOST}")
_TURN: Final = re.compile(rf"turns?:{_HOST}(\?transport=(udp|tcp))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """Where the broker listens, and what `hub broker-config` tells it to listen on."""

    host: str
    port: int
    reload: tuple[str, ...] = ()  # what makes the broker read the list of revoked boxes anew; (): others do


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

    @property
    def far_url(self) -> str:
        """The address for people elsewhere: by the first of `names`; without any, that of this machine."""
        if not self.names:
            return self.url
        host = f"[{self.names[0]}]" if ":" in self.names[0] else self.names[0]
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
class FrontConfig:
    """The one port behind which broker, console and a relay of our own are reached too.

    `address`: of this machine; the relay speaks from it. `outside`: by which the world knows it, where a
    router translates; None: by the same. `console_port` and `relay_port` are of loopback, for the front
    alone.
    """

    address: str
    port: int = FRONT_PORT
    outside: str | None = None
    console_port: int = 8444
    relay_port: int = 5349
    relay_udp_ports: tuple[int, int] = (49_152, 65_535)  # from, to


@dataclass(frozen=True, slots=True, kw_only=True)
class MailConfig:
    """By which server letters about alerts go out. `tls`: "tls" from the first byte, "starttls", or "none",
    which is for this machine only. `sender`: the address that they come from. `user` "": none is needed.
    """

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password: bytes = field(default=b"", repr=False)
    ca_path: Path | None = None  # None: the authorities that this machine trusts


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that the hub is told. Folders are absolute."""

    path: Path
    store_folder: Path
    pki_folder: Path
    accounts_path: Path
    broker: BrokerConfig
    console: ConsoleConfig
    media: MediaConfig  # of a hub with a front: the secret is still to be read (hub/front/relay.py)
    station_names: Mapping[StationId, str]  # what people call it; one that is missing is shown by its id
    routing_path: Path | None = None  # who is asked to answer; None: everybody, around the clock
    alerts_path: Path | None = None  # rules of alerts, and who is told; None: the built-in ones, nobody
    mail: MailConfig | None = None  # None: no letters go out
    metrics_token: bytes = field(default=b"", repr=False)  # b"": /metrics for this machine only
    front: FrontConfig | None = None  # None: every service at a port of its own, and nothing else

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
    root = Table.read(text, path=path)
    folders, broker, console = root.table("folders"), root.table("broker"), root.table("console")
    media, routing = root.table("media"), folders.text_or_none("routing")
    alerts, metrics = folders.text_or_none("alerts"), root.table("metrics")
    config = Config(
        path=path,
        store_folder=path.parent / folders.text("store", "store"),
        pki_folder=path.parent / folders.text("pki", "pki"),
        accounts_path=path.parent / folders.text("accounts", "accounts.db"),
        routing_path=None if routing is None else path.parent / routing,
        alerts_path=None if alerts is None else path.parent / alerts,
        mail=_mail(root.table("mail")) if "mail" in root else None,
        metrics_token=metrics.secret("token_file"),
        broker=BrokerConfig(
            host=broker.text("host", "127.0.0.1"), port=_port(broker, 8883), reload=broker.texts("reload")
        ),
        console=ConsoleConfig(
            address=console.text("address", "127.0.0.1"),
            port=_port(console, 8443),
            is_https=console.flag("https", True),
            names=console.texts("names"),
        ),
        media=MediaConfig(
            stun=_servers(media, "stun", _STUN),
            turn=_servers(media, "turn", _TURN),
            turn_secret=media.secret("turn_secret_file"),
        ),
        station_names=_station_names(root.table("stations")),
    )
    if "front" in root:
        config = _with_front(config, root.table("front"), media)
    for table in (root, folders, broker, console, media, metrics):
        table.refuse_the_rest()
    if config.front is None and config.media.turn and not config.media.turn_secret:
        raise media.missing("turn_secret_file", "the file with the TURN server's secret")
    return config


CONFIG_TEMPLATE: Final = """\
# Haidang hub. Relative folders count from this file.

[folders]
store = "store"          # records, calls, waveforms: hub backup FOLDER
pki = "pki"              # certificates and keys: hub seal escrow --out FILE, and guard it
accounts = "accounts.db"
# routing = "routing.toml" # who is asked to answer; without it everybody, always: hub route --check
# alerts = "alerts.toml"   # rules of alerts, who is told; without it the built-in ones: hub alerts --check

[broker]
host = "{broker_host}"
port = {broker_port}
# reload = ["systemctl", "reload", "mosquitto"]   # when a box is revoked; without it, see docs/enrolment.md

[console]
address = "{address}"    # "0.0.0.0": other machines may open the console
port = {port}
https = {https}
names = {names}          # further host names and addresses of this machine, for its certificate

[media]                  # for links on which two browsers do not find one another by themselves
# stun = ["stun:turn.example.vn:3478"]
# turn = ["turn:turn.example.vn:3478", "turns:turn.example.vn:443?transport=tcp"]   # where only 443 passes
# turn_secret_file = "turn.secret"   # coturn: use-auth-secret, static-auth-secret; readable by the hub alone

# [front]                  # where networks let nothing but TCP 443 pass: hub front-config
# address = "10.1.2.3"     # of this machine; outside = "203.0.113.7" where a router translates it

# [mail]                   # letters about alerts that nobody owns
# host = "mail.example.vn"
# port = 587             # tls = "starttls"; or 465 and "tls"
# tls = "starttls"
# from = "hai-dang@example.vn"
# user = "hai-dang"
# password_file = "mail.password"   # readable by the hub alone

# [metrics]
# token_file = "metrics.token"   # Prometheus on another machine: Authorization: Bearer …

[stations]               # what people call them
# con-dao-01 = "Trạm y tế Côn Đảo"
"""


def _port(table: Table, default: int) -> int:
    return table.integer("port", default, least=1, most=PORT_MAX, expected=f"a TCP port, 1 … {PORT_MAX}")


def _with_front(config: Config, table: Table, media: Table) -> Config:
    """Return the configuration with its front, whose relay stands in place of other TURN servers."""
    default = FrontConfig(address="")
    front = FrontConfig(
        address=_address(table, "address", table.text("address")),
        port=_port(table, default.port),
        outside=_address(table, "outside", table.text("outside")) if "outside" in table else None,
        console_port=_inner_port(table, "console_port", default.console_port),
        relay_port=_inner_port(table, "relay_port", default.relay_port),
    )
    table.refuse_the_rest()
    if config.media.turn or config.media.turn_secret:
        raise media.fault("turn", "nothing: [front] has a relay of its own", list(config.media.turn))
    if not config.console.is_https or not config.console.names:
        expected = "a console with https and names, by which boxes and browsers reach this machine"
        raise table.fault("address", expected, front.address)
    name = config.console.names[0]
    host = f"[{name}]" if ":" in name else name
    turn = (f"turns:{host}:{front.port}?transport=tcp",)
    return replace(config, front=front, media=replace(config.media, turn=turn))


def _inner_port(table: Table, key: str, default: int) -> int:
    expected = f"a TCP port, 1 … {PORT_MAX}, that is free"
    return table.integer(key, default, least=1, most=PORT_MAX, expected=expected)


def _address(table: Table, key: str, text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or address.is_unspecified or address.is_multicast:
        raise table.fault(key, "an address of this machine, such as 10.1.2.3", text)
    return str(address)


TLS_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_HERE: Final = ("localhost", "127.0.0.1", "::1")


def _mail(table: Table) -> MailConfig:
    host, tls, user = table.text("host"), table.text("tls", "starttls"), table.text_or_none("user") or ""
    if tls not in TLS_PORTS:
        raise table.fault("tls", f"one of {', '.join(TLS_PORTS)}", tls)
    if tls == "none" and host not in _HERE:
        raise table.fault("tls", '"starttls" or "tls": without, what is said may be read on the way', tls)
    sender, ca_file = table.text("from"), table.text_or_none("ca_file")
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", sender) or not sender.isascii():
        raise table.fault("from", 'an address such as "hai-dang@example.vn"', sender)
    password = table.secret("password_file")
    if user and not password:
        raise table.missing("password_file", f"the file with the password of {user}")
    mail = MailConfig(
        host=host,
        port=_port(table, TLS_PORTS[tls]),
        tls=tls,
        sender=sender,
        user=user,
        password=password,
        ca_path=None if ca_file is None else table.path.parent / ca_file,
    )
    if mail.ca_path is not None and not mail.ca_path.is_file():
        raise table.fault("ca_file", f"a file with certificates ({mail.ca_path})", ca_file)
    table.refuse_the_rest()
    return mail


def _servers(table: Table, key: str, form: re.Pattern[str]) -> tuple[str, ...]:
    found = table.texts(key)
    kind = key.upper()
    if len(found) > SERVERS_MAX:
        raise table.fault(key, f"at most {SERVERS_MAX} {kind} servers", list(found))
    for one in found:
        if not form.fullmatch(one):
            raise table.fault(key, f'{kind} servers, such as "{key}:host:3478"', one)
    return found


def _station_names(table: Table) -> dict[StationId, str]:
    names = {}
    for key in table.names():
        name = table.text(key)
        try:
            names[parse_station(key)] = name
        except RefusedError as error:
            raise table.fault(key, f"a station's id as the key ({error})", name) from error
    return names
