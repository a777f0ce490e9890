"""Boots the built image and has it show what a box must: `./run image test`."""

import sys
import tempfile
import time
from pathlib import Path

import typer

from edge.enrolment.box_file import FILE_NAME
from images.build_service import build
from tests.image.board import BoardOnUsb, adapter_devices
from tests.image.machine import Machine
from tests.image.outside import Outside
from tests.image.steps import STEPS, Scene

WATCHDOG = ["-device", "i6300esb", "-action", "watchdog=reset"]


def main() -> None:
    """Build the amd64 image if it is not there, boot it, and run every step; say how long each took."""
    card = build("amd64")
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="haidang-image-") as name:
        failed = _run(Path(name), card)
    typer.echo(f"{len(STEPS) - failed} passed, {failed} failed in {time.monotonic() - begun_s:.0f} s")
    sys.exit(1 if failed else 0)


def _run(folder: Path, card: Path) -> int:
    failed = 0
    devices = [*adapter_devices(folder), *WATCHDOG]
    with Outside(folder / "hub") as outside:
        files = {FILE_NAME: outside.claim_file}
        with (
            Machine(folder, card, files=files, devices=devices) as box,
            BoardOnUsb(folder, box.hardware, "an") as board,
        ):
            box.wait_for_shell()
            typer.echo(f"{time.monotonic() - box.power_s:6.1f} s from power to a shell")
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
