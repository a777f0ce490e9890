"""Pieces of advice for tests."""

from contract.signals import Advice
from edge.advice.piece import Moment
from edge.advice.print_job import PrintJob

HERE, OTHER = "00000000000000aa", "00000000000000bb"  # spools
HOUR_US = 3_600_000_000
UTC_US = 1_795_684_920_000_000  # 26 November 2026, 16:22 in Vietnam
TEXT = "Theo dõi SpO₂, thở oxy 3 lít/phút.\nGọi lại sau 30 phút nếu không đỡ."


def advice(number: int, *, text: str = TEXT, spool: str = HERE, visit: int = 2) -> Advice:
    return Advice(
        advice=number,
        spool=spool,
        visit=visit,
        urgency="soon",
        text=text,
        by="Lan",
        made_utc_us=UTC_US,
    )


def at(hours: float, *, boot: str = "one", utc_us: int | None = None) -> Moment:
    """So many hours after that boot of the box."""
    return Moment(boot, round(hours * HOUR_US), utc_us)


def job(to: str, *, advice: int = 12, text: str = TEXT) -> PrintJob:
    return PrintJob(
        to=to,
        own="/",
        station="con-dao-01",
        code="K7-42",
        advice=advice,
        urgency="urgent",
        text=text,
        by="Lan",
        made_utc_us=UTC_US,
    )
