"""`device drivers|decode|simulate`: what needs no port."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypedDict

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from firmware_bridge.drivers.catalogue import all_drivers, driver_named
from firmware_bridge.drivers.driver import Driver
from firmware_bridge.errors import BridgeError, RecordingError
from firmware_bridge.terminal.reading_json import counted, streams_of, told
from firmware_bridge.terminal.recording import device_bytes

bytes_app = typer.Typer()
out = Console()
err = Console(stderr=True)


class _AsItIs(TypedDict):
    highlight: bool
    markup: bool
    soft_wrap: bool


AS_IT_IS: Final = _AsItIs(highlight=False, markup=False, soft_wrap=True)  # to be copied, and cut by `grep`
DECODE_CHUNK_BYTES = 65_536
DriverName = Annotated[str, typer.Option("--driver", "-d", help="`device drivers` lists them.")]
Link = Annotated[Path, typer.Option("--link", help="Where the port appears; must not exist yet.")]


@bytes_app.command()
def drivers() -> None:
    """List the drivers, what they read, and how sure we are of each."""
    table = Table(box=None, padding=(0, 2, 1, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for driver in all_drivers().values():
        lines = " or ".join(f"{line.baud} 8{line.parity}1" for line in driver.lines)
        tells = ", ".join(stream.name for stream in driver.streams)
        unsure = f"\nunverified: {driver.unverified}" if driver.unverified else ""
        asked = ", must be asked" if driver.talk is not None else ""
        table.add_row(driver.name, Text(f"{driver.device}\n{lines}{asked}; {tells}{unsure}"))
    out.print(table, highlight=False, markup=False)


@bytes_app.command()
def decode(
    file: Annotated[Path, typer.Argument(help="Bytes of a device, or a recording; - is standard input.")],
    driver: DriverName,
    is_hex: Annotated[
        bool, typer.Option("--hex", help="FILE is text: bytes in hexadecimal, # comments, H and D lines.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, counts at the end.")
    ] = False,
) -> None:
    """Say what the bytes in FILE mean, frame by frame, and count what is damaged or lost."""
    chosen = driver_or_stop(driver)
    data = _bytes_of(file, is_hex=is_hex)
    decoder, streams = chosen.decoder(), streams_of(chosen)
    for at in range(0, len(data) + 1, DECODE_CHUNK_BYTES):
        readings = decoder.feed(data[at : at + DECODE_CHUNK_BYTES])
        if at + DECODE_CHUNK_BYTES > len(data):
            readings += decoder.finish()
        for reading in readings:
            _say(told(reading, streams), as_json=as_json)
    _say(counted(decoder.counts), as_json=as_json)
    if data and not decoder.counts.frames:
        err.print(f"no frame of {driver} in {len(data)} bytes; try another driver, or `device probe`")
        raise typer.Exit(1)


def _say(event: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(event) + "\n")
        return
    rest = {key: value for key, value in event.items() if key not in ("offset", "size", "event")}
    place = f"{event['offset']:>8} " if "offset" in event else " " * 9
    text = "  ".join(f"{key} {_plain(value)}" for key, value in rest.items())
    sys.stdout.write(f"{place}{event['event']:<12} {text}\n")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "(" + " ".join(f"{key}={_plain(one)}" for key, one in value.items()) + ")"
    if isinstance(value, list):
        return ",".join(map(str, value)) or "none"
    return "-" if value is None else str(value)


def _bytes_of(file: Path, *, is_hex: bool) -> bytes:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return device_bytes(content, is_hex=is_hex)
    except OSError as error:
        stop(f"{file}: {error.strerror}")
    except RecordingError as error:
        stop(f"{file}: {error}")


@bytes_app.command()
def simulate(driver: DriverName, link: Link) -> None:
    """Be an instrument: a pseudo-terminal that speaks a driver's bytes, until it is stopped."""
    chosen = driver_or_stop(driver)
    free_or_stop(link)
    module = ("-m", "tests.simulators.devices", chosen.name, "--link", str(link))
    os.execv(sys.executable, (sys.executable, *module))  # noqa: S606 - what stops us stops it


def free_or_stop(link: Path) -> None:
    """Return if a port can appear at `link`, else end and say why not."""
    if link.exists() or link.is_symlink():
        stop(f"{link}: exists already; name a path that does not")
    if not os.access(link.parent, os.W_OK | os.X_OK):
        stop(f"{link}: nothing can be made in {link.parent}; name a folder that is yours")


def driver_or_stop(name: str) -> Driver:
    """Return the driver `name`, or end and say which there are."""
    try:
        return driver_named(name)
    except BridgeError as error:
        stop(str(error))


def stop(text: str) -> NoReturn:
    """End, and say why."""
    err.print(text, style="bold", **AS_IT_IS)
    raise typer.Exit(2)
