"""One sheet, from the job to the paper: drawn, and given to the printer or the stick that is meant."""

from pathlib import Path
from typing import Final

from edge.advice.cups import find_queue, print_on
from edge.advice.piece import Outcome, Print
from edge.advice.print_job import PrintJob
from edge.advice.sheet import FONT_FOLDER, draw
from edge.advice.stick import find_sticks, write_on
from edge.errors import PrintError

SYSFS: Final = Path("/sys")
MOUNTS: Final = Path("/proc/self/mounts")


def print_sheet(
    job: PrintJob, *, fonts: Path = FONT_FOLDER, sysfs: Path = SYSFS, mounts: Path = MOUNTS
) -> Outcome:
    """Print and return how that went; takes two minutes at most, and nobody else should wait for it."""
    if job.to == "none":
        return Outcome(how=Print.SWITCHED_OFF)
    try:
        pdf = draw(job, fonts=fonts)
    except PrintError as error:
        return Outcome(how=Print.NO_LETTERS, detail=str(error))
    queue = job.to.partition(":")[2] or (find_queue() if job.to == "auto" else None)
    if queue is not None:
        return print_on(queue, pdf, name=job.name)
    sticks = find_sticks(Path(job.own), sysfs=sysfs, mounts=mounts)
    if not sticks and job.to == "auto":
        return Outcome(how=Print.NOWHERE)
    return write_on(sticks, pdf, name=job.name)
