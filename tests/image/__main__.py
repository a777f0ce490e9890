"""Boots the built image and has it show what a box must: `./run image test`."""

import sys
import tempfile
import time
from pathlib import Path

import typer

from images.build_service import build
from tests.image.board import BoardOnUsb
from tests.image.machine import Machine
from tests.image.outside import Outside
from tests.image.steps import STEPS, Scene


def main() -> None:
    """Build the amd64 image if it is not there, boot it, and run every step; say how long each took."""
    card = build("amd64")
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="haidang-image-") as name:
        failed = _run(Path(name), card)
    typer.echo(f"{len(STEPS) - failed} passed, {failed} failed in {time.monotonic() - begun_s:.0f} s")
    sys.exit(1 if failed else 0)


def _run(folder: Path, card: Path) -> int:
    devices = ["-device", "qemu-xhci,id=usb"]
    devices += ["-chardev", f"socket,id=board,path={folder / 'cable'},server=on,wait=off"]
    devices += ["-device", "i6300esb", "-action", "watchdog=reset"]
    failed = 0
    with Outside(folder / "hub") as outside, Machine(folder, card, devices=devices) as box:
        box.wait_for_shell()
        typer.echo(f"{time.monotonic() - box.power_s:6.1f} s from power to a shell")
        with BoardOnUsb(folder, folder / "cable", "an") as board:
            scene = Scene(box, outside, board)
            for step in STEPS:
                begun_s = time.monotonic()
                try:
                    told = step(scene)
                except (AssertionError, TimeoutError, RuntimeError) as error:
                    failed += 1
                    told = f"FAILED: {error}"
                name = step.__name__.replace("_", " ")
                typer.echo(f"{time.monotonic() - begun_s:6.1f} s {name}: {told}")
    return failed


if __name__ == "__main__":
    typer.run(main)
