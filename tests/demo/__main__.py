"""`./run demo [--lan] [--port N]`: mosquitto, the hub and three stations, and keys to trouble them with."""

import argparse
import contextlib
import io
import signal
import socket
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edge.errors import BoxError
from hub.fleet.organisation_cli import import_, seed_vietnam
from tests.demo.keys import OXIMETER, Strip, single_keys
from tests.simulators.voices import VOICES, NoVoiceError, speak
from tests.village.instruments import Instrument
from tests.village.station import Devices
from tests.village.village import OPERATOR, PLACES, Place, Village

FIRST_PORT: Final = 8600
STATIONS: Final = Path(__file__).with_name("stations.csv")  # where the three stand
PROVINCES: Final = ("Thành phố Hồ Chí Minh", "Quảng Ninh", "Điện Biên")
PORTS_TRIED: Final = 50
LOOK_EVERY_S: Final = 1.0
KEYS: Final = (
    "[1-3] station   [p]ress its button   [c]able out/in   [b]oard out/in   [k]ill/restore its power\n"
    "[m]easure a blood pressure   [o]ximeter out/in   [n]ext patient   [x] cancel the call   [q]uit"
)
INSTRUMENTS: Final = {  # beside the board of the station that is chosen first
    PLACES[0].name: (
        Instrument(port=OXIMETER, driver="contec-cms50-c", name="oximeter"),
        Instrument(port="monitor", driver="creative-pc100", name="monitor"),
    )
}
LAMPS: Final = {
    "OFF": "off",
    "FAST_BLINK": "registered",
    "PULSE": "kept: no word of the hub",
    "SLOW_BLINK": "at the hub",
    "DOUBLE_FLASH": "ringing",
    "STEADY": "answered",
}


def main() -> int:
    """Run until Ctrl-C or q; leave nothing behind."""
    options = _options()
    out = Console()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT too: a script may have it ignored
        signal.signal(number, _end)
    port = _free_port(options.port)
    if port != options.port:
        out.print(f"port {options.port} is in use; taking {port}")
    names = _lan_names() if options.lan else []
    if options.lan and not names:
        out.print(
            "--lan: this machine has no address in a network; start without --lan, or join a network first"
        )
        return 1
    with tempfile.TemporaryDirectory(prefix="haidang-demo-") as folder:
        out.print("starting mosquitto, the hub and three stations …")
        try:
            places = _speaking_places(out, Path(folder))
            village = Village(Path(folder), places, console_port=port, lan_names=names)
            village.furnish = _write_cards
            with village:
                _greet(out, village, is_lan=options.lan)
                _watch(out, village)
                out.print("ending everything …")
        except KeyboardInterrupt:
            out.print("ended")
        except ChildProcessError as error:
            out.print(f"the demo cannot run: {error}", markup=False)
            return 1
    return 0


def _write_cards(config: Path) -> None:
    """Give the stations their places in the country: list, map and wall show them."""
    with contextlib.redirect_stdout(io.StringIO()):
        seed_vietnam(list(PROVINCES), by="demo", config=config)
        import_(STATIONS, write=True, by="demo", config=config)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--lan", action="store_true", help="serve HTTPS to other machines of this network")
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="the console's port (%(default)s)")
    return parser.parse_args()


def _speaking_places(out: Console, folder: Path) -> list[Place]:
    """The three stations, each with a face that moves and, where espeak-ng is there, a voice of its own. What
    is said to them is played into a file. One has instruments beside its board.
    """
    places, has_voices = [], True
    for place in PLACES:
        wav = folder / f"{place.name}.wav"
        try:
            speak(VOICES[place.name], wav)
        except NoVoiceError as error:
            if has_voices:
                out.print(f"{error}; the stations send a tone instead", markup=False)
            has_voices = False
        microphone = f"file:{wav}" if has_voices else "generated"
        loudspeaker = f"file:{folder / f'{place.name}-heard.wav'}"
        devices = Devices(microphone=microphone, loudspeaker=loudspeaker, voice=has_voices)
        places.append(replace(place, devices=devices, instruments=INSTRUMENTS.get(place.name, ())))
    return places


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _greet(out: Console, village: Village, *, is_lan: bool) -> None:
    out.print()
    out.print(f"  open      [bold]{village.url}[/bold]")
    out.print(f"  log in    [bold]{OPERATOR}[/bold]  with  [bold]{village.password}[/bold]")
    if is_lan:
        out.print("  the browser will warn of an unknown authority: it is this demo's own, made just now")
    out.print("  press     p here, answer with F2 in the browser, and talk")
    out.print()


def _watch(out: Console, village: Village) -> None:
    strip = Strip(village)
    with single_keys() as next_key, Live(console=out, auto_refresh=False, transient=True) as live:
        if not sys.stdin.isatty():
            out.print("no terminal: the keys are off; end it with Ctrl-C or SIGTERM")
        looked_s = 0.0
        while not strip.is_over:
            now_s = time.monotonic()
            strip.tick(now_s=now_s)
            if now_s - looked_s >= LOOK_EVERY_S:
                looked_s = now_s
                live.update(_picture(strip), refresh=True)
            key = next_key(0.2)
            if key is not None:
                try:
                    strip.press_key(key, now_s=now_s)
                except BoxError as error:
                    strip.said = str(error)
                live.update(_picture(strip), refresh=True)


def _picture(strip: Strip) -> Group:
    table = Table(box=None, padding=(0, 2))
    for title in ("", "station", "call lamp", "visit", "cable", "link", "owed to the hub", "board"):
        table.add_column(title, no_wrap=True)
    for number, station in enumerate(strip.village.stations):
        mark = f"{'▶' if number == strip.chosen else ' '} {number + 1}"
        if number in strip.without_power:
            table.add_row(mark, station.name, "—", "—", "—", "no power", "—", "no power")
            continue
        lamp = LAMPS.get(station.board.lamp.pattern.name, station.board.lamp.pattern.name)
        cable = "out" if station.cable.is_pulled else "in"
        try:
            found = {finding.part: finding for finding in station.report().findings}
        except BoxError:
            table.add_row(mark, station.name, lamp, "…", cable, "starting", "…", "…")
            continue
        owed = found["spool"].text.partition("owed: ")[2]
        link = "connected" if found["link"].is_well else "not connected"
        board = "out" if number in strip.board_out else "in"
        oximeter = station.instruments.get(OXIMETER)
        if oximeter is not None and not oximeter.is_plugged:
            board += ", oximeter out"
        visit = found["visit"].text.removesuffix(" is open")
        table.add_row(mark, station.name, lamp, visit, cable, link, owed, board)
    return Group(table, Text(), Text(strip.said), Text(KEYS))


def _free_port(first: int) -> int:
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
                return port
            except OSError:
                continue
    raise SystemExit(f"ports {first} … {first + PORTS_TRIED - 1} are all in use; name another with --port")


def _lan_names() -> list[str]:
    """Return this machine's addresses by which others reach it, the best first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; asks the routing table (RFC 5737 address)
            best = [probe.getsockname()[0]]
        except OSError:
            best = []
    found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return [*best, *sorted(str(one) for one in found if not str(one).startswith("127.") and one not in best)]


if __name__ == "__main__":
    raise SystemExit(main())
