"""The box's command line: services are started here, each with what it needs; tools are in edge/cli.py.

The services of a box are in memory side by side and for good. What the tools need, Typer and Rich with it,
would be another 5 to 24 MB in each of them. They have one option.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NoReturn

from edge.clock import BoxClock
from edge.config import BoxConfig, read_config, with_credentials
from edge.errors import BoxError, FactoryReturnError, leaves_of
from supervisor.notify import Supervisor

DEFAULT_CONFIG: Final = Path("/etc/haidang/box.toml")


def vitals(config: Path) -> None:
    """Capture, keep, send, call. Runs until it is stopped."""
    from edge.factory.wipe import go_on  # every import below a service is its own: no other is to carry it

    try:
        was = go_on(config)  # a factory return that was killed in the midst
        if was is not None:
            raise FactoryReturnError(f"this box was {was}, and is as it was delivered; enrol it")
    except BoxError as error:
        _say_why([error])
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    settings = with_credentials(_read(config), None if credentials is None else Path(credentials))
    try:
        asyncio.run(_serve(settings))
    except BoxError as error:
        _say_why([error])
    except ExceptionGroup as group:
        ours, others = group.split(BoxError)
        if ours is None or others is not None:
            raise
        _say_why(leaves_of(ours))


async def _serve(settings: BoxConfig) -> None:
    from edge.vitals_service import Vitals  # loads capture, spool and uplink

    clock, supervisor = BoxClock.read(settings.boot_file), _supervisor()
    video = (sys.executable, "-m", "edge", "video", "--config", str(settings.file))
    service = Vitals(settings, clock, random.SystemRandom(), video_command=video, supervisor=supervisor)
    await _until_told(service.run())


def video(config: Path) -> None:
    """Picture and voice of the call of now. Called at the socket on its standard input; ends with it."""
    logging.getLogger("aioice").setLevel(logging.WARNING)  # a line for each pair of addresses
    _run(_meet(_read(config)), who="edge video")


async def _meet(settings: BoxConfig) -> None:
    from edge.video.video_service import Video  # loads the video libraries
    from edge.video.vitals_link import take_listener

    clock, listener, supervisor = BoxClock.read(settings.boot_file), take_listener(0), _supervisor()
    await _until_told(Video(settings, clock, random.SystemRandom(), listener, supervisor).run())


def panel(config: Path) -> None:
    """The page on the station's own screen, at 127.0.0.1 alone. Runs until it is stopped."""
    _run(_show(_read(config)), who="edge panel")


async def _show(settings: BoxConfig) -> None:
    from edge.panel.panel_service import serve_panel  # loads the web libraries

    await _until_told(serve_panel(settings, BoxClock.read(settings.boot_file), _supervisor()))


def network(config: Path) -> None:
    """Keep this machine on the best link that reaches the hub. Sets a route; runs until it is stopped."""
    _run(_watch_links(_read(config)), who="edge network")


async def _watch_links(settings: BoxConfig) -> None:
    from edge.network.network_service import Network

    service = Network(settings, BoxClock.read(settings.boot_file), _supervisor())
    await _until_told(service.run())


SERVICES: Final[Mapping[str, Callable[[Path], None]]] = MappingProxyType(
    {"vitals": vitals, "video": video, "panel": panel, "network": network}
)


def main(words: list[str]) -> None:
    """Do what the command line says. Raises SystemExit."""
    if words and words[0] in SERVICES:
        service = SERVICES[words[0]]
        parser = argparse.ArgumentParser(prog=f"edge {words[0]}", description=service.__doc__)
        parser.add_argument("-c", "--config", type=Path, default=DEFAULT_CONFIG, help="The box's TOML file.")
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
        service(parser.parse_args(words[1:]).config)
    else:
        from edge.cli import app  # every tool, Typer and Rich

        app(words)


def _run(work: Coroutine[None, None, None], *, who: str) -> None:
    try:
        asyncio.run(work)
    except BoxError as error:
        _say_why([error], who=who)


def _say_why(errors: Iterable[Exception], *, who: str = "edge vitals") -> NoReturn:
    for error in errors:
        print(f"{who} cannot run: {error}", file=sys.stderr)
    raise SystemExit(1)


def _supervisor() -> Supervisor:
    return Supervisor.found_in(os.environ, pid=os.getpid())


async def _until_told(work: Coroutine[None, None, None]) -> None:
    """Run until SIGTERM or SIGINT."""
    task = asyncio.create_task(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _read(config: Path) -> BoxConfig:
    try:
        return read_config(config)
    except BoxError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main(sys.argv[1:])
