"""Boots the built image and has it show what a box must: `./run image test`."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Error

from edge.enrolment.box_file import FILE_NAME
from edge.place.place_file import PLACE_NAME
from images.build_service import build
from images.places import Arch
from tests.image.kinds import KINDS, Kind
from tests.image.machine import Machine
from tests.image.outside import Outside
from tests.image.screen import DEVICES as SCREEN
from tests.image.steps import PLACE, STEPS, Scene, without_claim
from tests.image.usb import adapter_devices, board_on_usb, oximeter_on_usb
from tests.village.desk import on_duty

FAULTS = (AssertionError, RuntimeError, OSError, ValueError, Error)  # the last one is a page's
WATCHDOG = ["-device", "i6300esb", "-action", "watchdog=reset"]


def main(
    arch: Annotated[Arch, typer.Option(help="Which card: arm64 for a Raspberry Pi.")] = Arch.AMD64,
) -> None:
    """Build the image if it is not there, boot it, and run every step; say how long each took."""
    card = build(arch)
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="haidang-image-") as name:
        failed = _run(Path(name), card, KINDS[arch])
    typer.echo(f"{len(STEPS) - failed} passed, {failed} failed in {time.monotonic() - begun_s:.0f} s")
    sys.exit(1 if failed else 0)


def _run(folder: Path, card: Path, kind: Kind) -> int:
    failed = 0
    devices = [*adapter_devices(folder), *WATCHDOG, *SCREEN]
    with Outside(folder / "hub") as outside:
        place = PLACE.format(button=kind.button.setting)
        files = {FILE_NAME: without_claim(outside.claim_file), PLACE_NAME: place}
        with (
            Machine(folder, card, files=files, devices=devices, kind=kind) as box,
            board_on_usb(box) as board,
            oximeter_on_usb(box) as oximeter,
            on_duty(outside.url, outside.account) as page,
        ):
            box.wait_for_shell()
            typer.echo(f"{time.monotonic() - box.power_s:6.1f} s from power to a shell")
            scene = Scene(box, outside, board, oximeter, page)
            for step in STEPS:
                begun_s = time.monotonic()
                try:
                    told = step(scene)
                except FAULTS as error:
                    failed += 1
                    told = f"FAILED: {error}"
                name = step.__name__.replace("_", " ")
                typer.echo(f"{time.monotonic() - begun_s:6.1f} s {name}: {told}")
    return failed


if __name__ == "__main__":
    typer.run(main)
