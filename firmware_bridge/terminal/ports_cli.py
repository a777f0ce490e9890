"""`device list|probe|watch|record|replay`: what touches a port."""

import asyncio
import contextlib
import json
import os
import pty
import select
import signal
import sys
import time
import tty
from collections.abc import Callable, Coroutine
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO, TypeVar, cast

import numpy as np
import typer
from rich.live import Live
from rich.text import Text

from firmware_bridge.bridge import BoardBridge
from firmware_bridge.drivers.driver import Driver, Line
from firmware_bridge.errors import PortError, RecordingError
from firmware_bridge.events import Event, PortMissing
from firmware_bridge.instruments.instrument_bridge import InstrumentBridge
from firmware_bridge.port import SerialPort
from firmware_bridge.ports.hotplug import list_ports
from firmware_bridge.ports.listening import probe
from firmware_bridge.ports.ownership import owner_of
from firmware_bridge.ports.probing import Outcome
from firmware_bridge.terminal.bytes_cli import (
    AS_IT_IS,
    DriverName,
    Link,
    driver_or_stop,
    err,
    free_or_stop,
    out,
    stop,
)
from firmware_bridge.terminal.recording import Chunk, chunks_of, heading, line_of
from firmware_bridge.terminal.screen import Screen

ports_app = typer.Typer()
T = TypeVar("T")

OWN_BOARD = "own-board"
REFRESH_S = 0.1
CHUNK_S = 0.02  # between chunks of a recording without times
USUAL_LINE = Line(9600)  # of one whose driver is not written yet
Port = Annotated[str, typer.Argument(help="The port's path, as `device list` shows it.")]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=0.1, help="End after so long; without it Ctrl-C does.")
]
Baud = Annotated[
    int | None, typer.Option(min=50, max=4_000_000, help="Of the line; else its driver's, or 9600.")
]
Parity = Annotated[Literal["N", "O", "E"] | None, typer.Option(help="Of the line; else its driver's, or N.")]


@ports_app.command("list")
def list_() -> None:
    """List the serial adapters, how each can be known again, and who owns it."""
    try:
        ports = list_ports()
    except PortError as error:
        stop(str(error))
    for one in ports:
        how = "its serial number" if one.mark else "its place only"
        owner = owner_of(one.path)
        out.print(f"{one.path}  {one.vid_pid} {one.model}", **AS_IT_IS)
        out.print(f"    adapter  {one.name}", **AS_IT_IS)
        out.print(f"    known by {how}; used by {owner or 'nobody'}", **AS_IT_IS)
    if not ports:
        out.print("no serial adapter is plugged in")


@ports_app.command("probe")
def probe_(port: Port) -> None:
    """Listen to a port for up to half a minute and say who is behind it. Writes nothing."""
    with err.status(f"listening to {port} …"):
        result = _run(probe(port, boottime_s=time.monotonic), None)
    if result is None:
        stop("stopped before it was known")
    out.print(f"{result.outcome.value}: {result.text}", **AS_IT_IS)
    raise typer.Exit(0 if result.outcome in (Outcome.FOUND, Outcome.BOARD) else 1)


@ports_app.command()
def watch(
    port: Port,
    driver: DriverName,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an event, no picture.")] = False,
    seconds: Seconds = None,
) -> None:
    """Draw what an instrument says, asking it to if its driver must. `own-board` is our own board."""
    _stop_if_owned(port)
    _run(_watch(port, driver, as_json=as_json or not out.is_terminal), seconds)


async def _watch(port: str, driver: str, *, as_json: bool) -> None:
    screen = Screen(columns=max(20, out.width - 2))
    hear: Callable[[Event], None]
    if as_json:
        hear = _say_json
    else:

        def hear(event: Event) -> None:
            screen.on_event(event, now_s=time.monotonic())

    bridge = _bridge(port, driver, hear)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bridge.run())
        if not as_json:
            tasks.create_task(_draw(screen))


async def _draw(screen: Screen) -> None:
    with Live(console=out, screen=True, auto_refresh=False) as live:
        while True:
            live.update(Text("\n".join(screen.lines(now_s=time.monotonic()))), refresh=True)
            await asyncio.sleep(REFRESH_S)


def _bridge(port: str, driver: str, hear: Callable[[Event], None]) -> BoardBridge | InstrumentBridge:
    if driver == OWN_BOARD:
        return BoardBridge(port, hear, boottime_s=time.monotonic, last_presses={})
    return InstrumentBridge(driver_or_stop(driver), port, hear, device=port, boottime_s=time.monotonic)


def _say_json(event: Event) -> None:
    told = {"event": type(event).__name__, **asdict(event)}
    sys.stdout.write(json.dumps(told, default=_plain) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> object:
    match value:
        case np.ndarray():
            return value.tolist()
        case bytes():
            return value.hex()
        case frozenset():
            return sorted(value)
        case Enum():
            return value.value
        case _:
            return str(value)


@ports_app.command()
def record(
    port: Port,
    file: Annotated[Path, typer.Argument(help="Must not exist yet.")],
    driver: Annotated[str, typer.Option("--driver", "-d", help="Of one that must be asked to send.")] = "",
    baud: Baud = None,
    parity: Parity = None,
    seconds: Seconds = None,
) -> None:
    """Keep the bytes of a port with their times, as text. Without --driver nothing is written to the port."""
    named = driver_or_stop(driver) if driver else None
    usual = named.lines if named else (USUAL_LINE,)
    said = Line(baud or usual[0].baud, parity or usual[0].parity)
    lines = (said,) if baud or parity else usual
    _stop_if_owned(port)
    try:
        kept = file.open("x", encoding="ascii")
    except OSError as error:
        stop(f"{file}: {error.strerror}")
    problem = ""
    with kept:
        began_utc = datetime.now(UTC).isoformat(timespec="seconds")
        line = " or ".join(f"{one.baud} 8{one.parity}1" for one in lines)
        kept.write(heading(driver=driver or "none", line=line, began_utc=began_utc))
        keeper = _Keeper(kept)
        asked = replace(named, lines=lines) if named else None
        try:
            _run(_ask(port, asked, keeper) if asked else _listen(port, lines[0], keeper), seconds)
        except PortError as error:
            problem = str(error)
    if not keeper.count:
        file.unlink()
        stop(problem or f"nothing came: there is no {file}; one that must be asked needs --driver")
    out.print(f"{keeper.count} bytes in {file}", **AS_IT_IS)
    if problem:
        stop(problem)


class _Keeper:
    """Writes what comes, as it comes."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._began_s, self.count = file, time.monotonic(), 0

    def keep(self, at_s: float, data: bytes) -> None:
        self.count += len(data)
        self._file.write(line_of(Chunk(max(at_s - self._began_s, 0.0), is_host=False, data=data)))
        self._file.flush()


async def _listen(port: str, line: Line, keeper: _Keeper) -> None:
    """Keep what comes, and say nothing, until the port goes. Raises PortError."""
    with SerialPort(port, baud=line.baud, parity=line.parity) as opened:
        while True:
            data = await opened.read(timeout_s=None)
            if data:
                keeper.keep(time.monotonic(), data)


async def _ask(port: str, driver: Driver, keeper: _Keeper) -> None:
    """Keep what comes of an instrument that is asked to send, until the port goes. Raises PortError."""

    def end_without_port(event: Event) -> None:
        if isinstance(event, PortMissing):
            raise PortError(event.path, event.text, event.remedy)

    bridge = InstrumentBridge(
        driver, port, end_without_port, device=port, boottime_s=time.monotonic, on_bytes=keeper.keep
    )
    await bridge.run()


@ports_app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recording, or a hex dump.")],
    link: Link,
    speed: Annotated[float, typer.Option(min=0.01, help="Times as fast as it was recorded.")] = 1.0,
) -> None:
    """Be the instrument of a recording: a pseudo-terminal that says the same, at the same times, from when
    somebody opens it."""
    free_or_stop(link)
    try:
        chunks = [one for one in chunks_of(file.read_text(encoding="utf-8-sig")) if not one.is_host]
    except OSError as error:
        stop(f"{file}: {error.strerror}")
    except UnicodeDecodeError as error:
        stop(f"{file}: byte {error.start} is no text; only a recording or a hex dump can be replayed")
    except RecordingError as error:
        stop(f"{file}: {error}")
    if not chunks:
        stop(f"{file}: no bytes of an instrument are in it")
    device_fd, host_fd = pty.openpty()
    for fd in (device_fd, host_fd):
        tty.setraw(fd)
    port = Path(os.ttyname(host_fd))
    os.close(host_fd)
    try:
        with contextlib.suppress(KeyboardInterrupt):  # it may come as soon as the link is there
            link.symlink_to(port)
            out.print(f"{len(chunks)} chunks on {link}", **AS_IT_IS)
            _wait_for_a_reader(device_fd)
            _play(chunks, device_fd, speed)
    finally:
        if link.is_symlink() and link.readlink() == port:  # and not somebody else's
            link.unlink()
        os.close(device_fd)


def _wait_for_a_reader(device_fd: int) -> None:
    """Return when the other end is open: until then it counts as hung up."""
    ends = select.poll()
    ends.register(device_fd, 0)
    while ends.poll(0):
        time.sleep(CHUNK_S)


def _play(chunks: list[Chunk], fd: int, speed: float) -> None:
    began_s = time.monotonic()
    for number, chunk in enumerate(chunks):
        at_s = (number * CHUNK_S if chunk.at_s is None else chunk.at_s) / speed
        time.sleep(max(0.0, began_s + at_s - time.monotonic()))
        os.write(fd, chunk.data)  # waits while nobody reads and the terminal is full


def _stop_if_owned(port: str) -> None:
    if (owner := owner_of(port)) is not None:
        stop(f"{port}: {owner} uses the port: it was not touched; end that program")


def _run(work: Coroutine[Any, Any, T], seconds: float | None) -> T | None:
    """Run until it ends, `seconds` are over, or somebody says Ctrl-C or ends this program. None: it did not
    end."""

    async def stoppable() -> T:
        this = cast("asyncio.Task[T]", asyncio.current_task())
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, this.cancel)
        return await asyncio.wait_for(work, seconds)

    with contextlib.suppress(KeyboardInterrupt, TimeoutError, asyncio.CancelledError):
        return asyncio.run(stoppable())
    return None
