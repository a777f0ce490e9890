"""`edge enrol`: on first boot, before `edge vitals`; with --renew, from a timer."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from edge.clock import BoxClock
from edge.config import PANEL_PORT
from edge.enrolment.enrol_service import Enrolment
from edge.enrolment.page_service import EnrolmentPage
from edge.enrolment.qr_eye import QrEye
from edge.errors import BoxError

DATA_FOLDER = Path("/data/haidang")
BOOT_FOLDER = Path("/boot/firmware")


def enrol(
    data: Annotated[Path, typer.Option(help="Where box.toml, keys and spool are.")] = DATA_FOLDER,
    boot: Annotated[Path, typer.Option(help="Where somebody puts haidang.txt.")] = BOOT_FOLDER,
    port: Annotated[int, typer.Option(help="Of the page on the box's own screen.")] = PANEL_PORT,
    renew: Annotated[bool, typer.Option("--renew", help="Only ask for another certificate, once.")] = False,
) -> None:
    """Become the box of a station; returns at once when it is. Needs no clock that is right."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    page = EnrolmentPage()
    try:
        enrolment = Enrolment(data, boot, BoxClock.read(), tell=page.tell, see=QrEye().look)
        if renew:
            typer.echo(enrolment.renew())
        elif not enrolment.is_enrolled():
            with page.serve(port):
                enrolment.run()
    except BoxError as error:
        typer.echo(f"edge enrol: {error}", err=True)
        raise typer.Exit(1) from None
