"""What the engineer set at the place: one TOML file, read once; errors name file, key, what is expected."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from contract.errors import RefusedError
from contract.front import FRONT_PORT
from contract.ids import BY_NAME, BoxName, BoxNo, StationId, parse_station
from edge.clock import KERNEL_BOOT_FILE
from edge.device_config import DEVICE_KEYS, read_devices
from edge.errors import ConfigError
from edge.health.wall_clock import RTC_FILE
from edge.link_config import LINK_KEYS, LinkSettings, read_links
from firmware_bridge.ports.device_settings import DeviceSettings

AutoAnswer = Literal["never", "emergency"]
PANEL_PORT: Final = 8080
SCREEN_MM: Final = (80, 2_000)
NAME_MAX: Final = 80  # characters of a station's name
BOX_MAX: Final = 999_999
FACTORY_MARK: Final = "factory-return"  # beside the file, while the box is being wiped (edge.factory.wipe)
ENROLMENT_STATE: Final = "enrolment.json"  # beside the file: which codes were used, when the hub was asked
RETURN_AFTER_S: Final = (1, 3_600)
MENDED_FILE: Final = Path("/run/data-mended")  # images/recipe/files/usr/libexec/haidang/check-data
QUOTA_MIN_BYTES: Final = 32_000_000  # below, a day of one lead does not fit
KNOWN: Final = {
    "station": (),
    "station_name": (),
    "data_dir": (),
    "hub": ("host", "port", "front_port", "box", "ca", "certificate", "key", "seal_key"),
    "board": ("port", "baud"),
    "button": ("gpio", "input"),
    "call": ("hotline", "auto_answer", "voice", "languages"),
    "device": DEVICE_KEYS,
    "link": LINK_KEYS,
    "network": ("return_after_s",),
    "panel": ("port", "language", "screen_mm_wide", "blank_after_min"),
    "print": ("to",),
    "sockets": ("control", "picture", "video"),
    "spool": ("quota_bytes",),
    "clock": ("boot_file", "rtc_file"),
    "machine": ("serial_file", "mended_file"),
    "commands": ("restart",),
    "video": ("camera", "microphone", "loudspeaker", "screen"),
}
LANGUAGES: Final = ("vi", "en")  # Vietnam's, and of who visits
LANGUAGES_MAX: Final = 4  # said one after the other
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-zA-Z0-9]{1,8}){0,2}")  # a folder of words; BCP 47
_GPIO_LINE: Final = re.compile(r"[a-zA-Z0-9_-]+:[0-9]{1,4}")
_PRINTER: Final = re.compile(r"auto|usb|none|cups:[^\s/#]{1,127}")  # a queue's name as CUPS takes it
_AUTO_ANSWERS: Final[tuple[AutoAnswer, ...]] = ("never", "emergency")
_SOURCES: Final = {  # how each setting may begin; what follows the colon is a path or a device's name
    "camera": ("auto", "v4l2:", "file:", "generated", "none"),
    "microphone": ("alsa:", "file:", "generated", "none"),
    "loudspeaker": ("alsa:", "file:", "none"),
    "screen": ("auto", "fb:", "panel", "none"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoConfig:
    """Where picture and voice come from and go to.

    `camera`: "auto" (the first that V4L2 offers), "v4l2:/dev/video0", "file:PATH" (any film, over and
    over), "generated" (a drawn face), "none". `microphone`: "alsa:NAME", "file:PATH", "generated" (a soft
    tone), "none". `loudspeaker`: "alsa:NAME", "file:PATH" (written as WAV), "none". `screen`, for the
    operator's picture: "auto" (the framebuffer, if there is one), "fb:/dev/fb0", "panel" (the page of
    `edge panel`, while it is looked at), "none". Relative paths of files are taken from the file's folder.
    """

    camera: str
    microphone: str
    loudspeaker: str
    screen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonConfig:
    """A call button on the box itself. `kind` "gpio": `place` is CHIP:LINE ("gpiochip0:17"), closed to ground
    when pressed. "input": the path of an input device, any key of which is the button.
    """

    kind: Literal["gpio", "input"]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConfig:
    """How the station's side of a call behaves. `hotline`: the number that is shown when nobody answers;
    None: there is none. `auto_answer` "emergency": a ring of the hub that is one answers itself, after it was
    announced for five seconds. `voice`: it says aloud what the lamp shows, in each of `languages` in turn.
    """

    hotline: str | None = None
    auto_answer: AutoAnswer = "never"
    voice: bool = True
    languages: tuple[str, ...] = LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelConfig:
    """The page on the station's own screen, at `port` of loopback. `screen_mm_wide`: of the whole picture, as
    measured; None: what the screen itself tells, if it does. `blank_after_min`: dark when nobody is there for
    so long; 0: never.
    """

    port: int = PANEL_PORT
    language: str = LANGUAGES[0]
    screen_mm_wide: float | None = None
    blank_after_min: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketsConfig:
    """Where the box's services meet; None: in `data_dir`. `control`: `edge vitals` is asked. `picture`: `edge
    video` gives the operator's picture to the panel. `video`: somebody else listens there and starts `edge
    video` when it is called (systemd/box/system/haidang-video.socket); None: it is a child of `edge vitals`.
    """

    control: Path | None = None
    picture: Path | None = None
    video: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """How `edge network` chooses among `links`, the best first; (): those that it finds. `return_after_s`: so
    long must a better link reach the hub before one that works is left for it.
    """

    links: tuple[LinkSettings, ...] = ()
    return_after_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxConfig:
    """One box. Paths are absolute; relative ones in the file are taken from the file's folder.

    `board_port` None: the box has no board of ours; `button` None: nor a button of its own. `devices`:
    instruments of which the engineer said something; others are found by themselves. `front_port`: the hub's
    port for everything, where the network lets nothing else pass; None: there is none.
    """

    file: Path
    station: StationId
    data_dir: Path
    hub_host: str
    hub_port: int
    box: BoxNo = BY_NAME  # which of its station's boxes the hub took it for
    ca: Path
    certificate: Path
    key: Path
    seal_key: Path  # the hub's key at enrolment (contract.sealing.read_hub_key); newer ones it offers itself
    board_port: Path | None
    board_baud: int
    devices: tuple[DeviceSettings, ...] = ()
    button: ButtonConfig | None = None
    front_port: int | None = None
    station_name: str | None = None  # as people call it
    panel: PanelConfig = PanelConfig()
    print_to: str = "auto"  # the default queue of CUPS, or else a USB stick; "cups:NAME", "usb", "none"
    quota_bytes: int
    boot_file: Path
    rtc_file: Path = RTC_FILE  # where a battery clock shows its seconds, if there is one
    serial_file: Path | None = None  # what the machine is called (edge.machine_name); None: as it says itself
    mended_file: Path = (
        MENDED_FILE  # how the card's file system was mended at this start; else it is not there
    )
    video: VideoConfig
    call: CallConfig = CallConfig()
    sockets: SocketsConfig = SocketsConfig()
    network: NetworkConfig = NetworkConfig()
    restart_command: tuple[str, ...] = ()  # what starts the machine anew when the hub asks; (): nothing does

    @property
    def box_name(self) -> BoxName:
        """What the broker knows this box by."""
        return BoxName(self.station, self.box)

    @property
    def replaced_file(self) -> Path:
        """There while another box is the station; its text is the name of the box that it was said to."""
        return self.data_dir / "replaced"

    @property
    def name(self) -> str:
        """What people call the station; its identity where nobody said."""
        return self.station_name or self.station

    @property
    def picture_socket(self) -> Path:
        """Where `edge video` gives the operator's picture to the panel."""
        return self.sockets.picture or self.data_dir / "picture.sock"

    @property
    def video_socket(self) -> Path:
        """Where `edge video` is called."""
        return self.sockets.video or self.data_dir / "video.sock"

    @property
    def network_folder(self) -> Path:
        """Where `edge network` keeps counters and the hub's last address; another user's than `data_dir`."""
        return self.data_dir.with_name("network")

    @property
    def control_socket(self) -> Path:
        """Where the running service is asked."""
        return self.sockets.control or self.data_dir / "vitals.sock"


def read_config(file: Path) -> BoxConfig:
    """Return the box described by `file`. Raises ConfigError; also while the box is being wiped."""
    if (mark := file.with_name(FACTORY_MARK)).exists():
        raise ConfigError(f"{mark}: this box is being returned to how it was delivered; start it once more")
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}; `hub enrol STATION --out DIR` writes one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is not TOML: {error}") from error
    return box_of(file, document)


def box_of(file: Path, document: dict[str, Any]) -> BoxConfig:
    """Return the box that a TOML document describes. `file`: what errors name, and from whose folder relative
    paths count; it is not read. Raises ConfigError.
    """
    _refuse_unknown(file, document)
    settings = _Settings(file, document)
    try:
        station = parse_station(settings.text("station"))
    except RefusedError as error:
        raise ConfigError(f"{file}: station: {error}") from error
    return BoxConfig(
        file=file,
        station=station,
        data_dir=settings.path("data_dir"),
        hub_host=settings.text("hub.host"),
        hub_port=(hub_port := settings.number("hub.port", 1, 65535, 8883)),
        front_port=settings.other_port("hub.front_port", FRONT_PORT, hub_port),
        box=BoxNo(settings.number("hub.box", 0, BOX_MAX, BY_NAME)),
        ca=settings.path("hub.ca"),
        certificate=settings.path("hub.certificate"),
        key=settings.path("hub.key"),
        seal_key=settings.path("hub.seal_key"),
        board_port=settings.path("board.port") if "board" in document else None,
        board_baud=settings.number("board.baud", 9600, 4_000_000, 460_800),
        devices=read_devices(file, document.get("device")),
        button=settings.button() if "button" in document else None,
        station_name=settings.name(),
        panel=settings.panel(),
        print_to=settings.printer(),
        quota_bytes=settings.number("spool.quota_bytes", QUOTA_MIN_BYTES, 2**50, 2_000_000_000),
        boot_file=settings.path("clock.boot_file", KERNEL_BOOT_FILE),
        rtc_file=settings.path("clock.rtc_file", RTC_FILE),
        serial_file=settings.path("machine.serial_file")
        if "serial_file" in document.get("machine", ())
        else None,
        mended_file=settings.path("machine.mended_file", MENDED_FILE),
        video=VideoConfig(
            camera=settings.source("camera", "auto"),
            microphone=settings.source("microphone", "alsa:default"),
            loudspeaker=settings.source("loudspeaker", "alsa:default"),
            screen=settings.source("screen", "auto"),
        ),
        call=settings.call(),
        sockets=settings.sockets(),
        network=settings.network(),
        restart_command=settings.words("commands.restart"),
    )


def with_credentials(config: BoxConfig, folder: Path | None) -> BoxConfig:
    """Return it with the key that systemd put into `folder` ($CREDENTIALS_DIRECTORY), where it did: the key's
    own file is another user's. Source: systemd.exec(5), LoadCredential= of a folder.
    """
    if folder is None:
        return config
    given = folder / f"{config.key.parent.name}_{config.key.name}"
    return replace(config, key=given) if given.exists() else config


def _refuse_unknown(file: Path, document: dict[str, Any]) -> None:
    for name, value in document.items():
        if name not in KNOWN:
            raise ConfigError(f"{file}: {name} is not a setting; there are {', '.join(KNOWN)}")
        if isinstance(value, dict):
            for inner in value:
                if inner not in KNOWN[name]:
                    raise ConfigError(
                        f"{file}: [{name}] {inner} is not a setting; there are {', '.join(KNOWN[name])}"
                    )


class _Settings:
    def __init__(self, file: Path, document: dict[str, Any]) -> None:
        self._file, self._document = file, document

    def _value(self, name: str) -> Any:
        value: Any = self._document
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{self._file}: {name}: expected a text, found {value!r}")
        return value

    def path(self, name: str, default: Path | None = None) -> Path:
        if default is not None and self._value(name) is None:
            return default
        return (self._file.parent / self.text(name)).absolute()

    def button(self) -> ButtonConfig:
        gpio, device = self._value("button.gpio"), self._value("button.input")
        if (gpio is None) == (device is None):
            raise ConfigError(f"{self._file}: [button]: expected either gpio or input")
        if gpio is None:
            return ButtonConfig(kind="input", place=str(self.path("button.input")))
        if not _GPIO_LINE.fullmatch(self.text("button.gpio")):
            expected = 'CHIP:LINE, such as "gpiochip0:17"'
            raise ConfigError(f"{self._file}: button.gpio: expected {expected}, found {gpio!r}")
        return ButtonConfig(kind="gpio", place=gpio)

    def call(self) -> CallConfig:
        value = self._value("call.auto_answer")
        auto_answer = next((one for one in _AUTO_ANSWERS if one == (value or "never")), None)
        if auto_answer is None:
            expected = " or ".join(f'"{one}"' for one in _AUTO_ANSWERS)
            raise ConfigError(f"{self._file}: call.auto_answer: expected {expected}, found {value!r}")
        hotline = None if self._value("call.hotline") is None else self.text("call.hotline")
        return CallConfig(
            hotline=hotline,
            auto_answer=auto_answer,
            voice=self.truth("call.voice", True),
            languages=self.languages(),
        )

    def sockets(self) -> SocketsConfig:
        names = [name for name in KNOWN["sockets"] if self._value(f"sockets.{name}") is not None]
        return SocketsConfig(**{name: self.path(f"sockets.{name}") for name in names})

    def network(self) -> NetworkConfig:
        return NetworkConfig(
            links=read_links(self._file, self._document.get("link")),
            return_after_s=self.number("network.return_after_s", *RETURN_AFTER_S, 60),
        )

    def name(self) -> str | None:
        if self._value("station_name") is None:
            return None
        name = " ".join(self.text("station_name").split())
        if len(name) > NAME_MAX:
            raise ConfigError(f"{self._file}: station_name: expected at most {NAME_MAX} characters")
        return unicodedata.normalize("NFC", name)

    def panel(self) -> PanelConfig:
        language, wide_mm = self._value("panel.language"), self._value("panel.screen_mm_wide")
        if language not in (None, *LANGUAGES):
            expected = " or ".join(f'"{one}"' for one in LANGUAGES)
            raise ConfigError(f"{self._file}: panel.language: expected {expected}, found {language!r}")
        is_number = isinstance(wide_mm, int | float) and not isinstance(wide_mm, bool)
        if wide_mm is not None and not (is_number and SCREEN_MM[0] <= wide_mm <= SCREEN_MM[1]):
            expected = f"the width of the picture in mm, {SCREEN_MM[0]} … {SCREEN_MM[1]}"
            raise ConfigError(f"{self._file}: panel.screen_mm_wide: expected {expected}, found {wide_mm!r}")
        return PanelConfig(
            port=self.number("panel.port", 1024, 65535, PANEL_PORT),
            language=language or LANGUAGES[0],
            screen_mm_wide=None if wide_mm is None else float(wide_mm),
            blank_after_min=self.number("panel.blank_after_min", 0, 1440, 5),
        )

    def printer(self) -> str:
        value = "auto" if self._value("print.to") is None else self.text("print.to")
        if not _PRINTER.fullmatch(value):
            expected = '"auto", "usb", "none" or "cups:NAME", a queue of `lpstat -e`'
            raise ConfigError(f"{self._file}: print.to: expected {expected}, found {value!r}")
        return value

    def source(self, name: str, default: str) -> str:
        value = default if self._value(f"video.{name}") is None else self.text(f"video.{name}")
        kind, colon, rest = value.partition(":")
        if kind + colon not in _SOURCES[name] or bool(colon) != bool(rest):
            forms = ", ".join(f"{form}…" if form.endswith(":") else form for form in _SOURCES[name])
            raise ConfigError(f"{self._file}: video.{name}: expected one of {forms}, found {value!r}")
        return f"file:{(self._file.parent / rest).absolute()}" if kind == "file" else value

    def truth(self, name: str, default: bool) -> bool:
        value = self._value(name)
        if not isinstance(value, bool | None):
            raise ConfigError(f"{self._file}: {name}: expected true or false, found {value!r}")
        return default if value is None else value

    def languages(self) -> tuple[str, ...]:
        value = self._value("call.languages")
        if value is None:
            return LANGUAGES
        names = value if isinstance(value, list) and len(value) in range(1, LANGUAGES_MAX + 1) else [None]
        if not all(isinstance(name, str) and _LANGUAGE.fullmatch(name) for name in names):
            expected = f'1 to {LANGUAGES_MAX} languages, such as ["vi", "en"]'
            raise ConfigError(f"{self._file}: call.languages: expected {expected}, found {value!r}")
        return tuple(dict.fromkeys(names))

    def words(self, name: str) -> tuple[str, ...]:
        value = self._value(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
            expected = 'a program and its arguments, such as ["systemctl", "reboot"]'
            raise ConfigError(f"{self._file}: {name}: expected {expected}, found {value!r}")
        return tuple(value)

    def other_port(self, name: str, default: int, known: int) -> int | None:
        """Return a port beside the one that is known; 0: there is none."""
        port = self.number(name, 0, 65535, default)
        return None if port in (0, known) else port

    def number(self, name: str, low: int, high: int, default: int) -> int:
        value = self._value(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ConfigError(
                f"{self._file}: {name}: expected a whole number {low} … {high}, found {value!r}"
            )
        return value
