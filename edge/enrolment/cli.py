"""`edge enrol`: on first boot, before `edge vitals`; with --renew, from a timer."""

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from edge.clock import BoxClock
from edge.config import PANEL_PORT
from edge.enrolment.enrol_service import Enrolment
from edge.enrolment.page_service import EnrolmentPage
from edge.enrolment.qr_eye import QrEye
from edge.enrolment.told import Told
from edge.errors import BoxError
from supervisor.notify import Supervisor

DATA_FOLDER = Path("/data/haidang")
BOOT_FOLDER = Path("/boot/firmware")


def enrol(
    data: Annotated[Path, typer.Option(help="Where box.toml, keys and spool are.")] = DATA_FOLDER,
    boot: Annotated[Path, typer.Option(help="Where somebody puts haidang.txt.")] = BOOT_FOLDER,
    port: Annotated[int, typer.Option(help="Of the page on the box's own screen.")] = PANEL_PORT,
    renew: Annotated[bool, typer.Option("--renew", help="Only ask for another certificate, once.")] = False,
    mark: Annotated[Path | None, typer.Option(help="A file to make as soon as the box is enrolled.")] = None,
) -> None:
    """Become the box of a station; returns at once when it is. Needs no clock that is right."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    supervisor, page = Supervisor.found_in(os.environ, pid=os.getpid()), EnrolmentPage()

    def tell(told: Told) -> None:
        page.tell(told)
        supervisor.say_status(told.line())

    try:
        enrolment = Enrolment(data, boot, BoxClock.read(), tell=tell, see=QrEye().look)
        if renew:
            typer.echo(enrolment.renew())
            return
        if not enrolment.is_enrolled():
            with page.serve(port):
                supervisor.say_ready("waits to be enrolled")  # it may wait for days: the machine has started
                enrolment.run()
        if mark is not None:
            mark.touch()
        supervisor.say_ready("enrolled")
    except BoxError as error:
        typer.echo(f"edge enrol: {error}", err=True)
        raise typer.Exit(1) from None
