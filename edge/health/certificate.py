"""Whether the box's certificate is renewed in time (core), by the hub's clock and none of the box."""

from typing import Final

from edge.health.report import Finding

LATE_DAYS: Final = 23  # of 90: renewal begins 30 days before the end, and is tried every day
DAY_S: Final = 86_400.0


def certificate_finding(ends_utc_s: float | None, *, now_utc_s: float | None) -> Finding:
    """Return how it stands. None: the certificate cannot be read, or nobody has told the time yet."""
    if ends_utc_s is None:
        remedy = "`edge enrol` asks the hub for another"
        return Finding(part="certificate", is_well=False, text="it cannot be read", remedy=remedy)
    if now_utc_s is None:
        return Finding(part="certificate", is_well=True, text="it is there; nobody has told the time yet")
    days = (ends_utc_s - now_utc_s) / DAY_S
    text = f"good for {days:.0f} days" if days > 0 else f"expired {-days:.0f} days ago"
    if days >= LATE_DAYS:
        return Finding(part="certificate", is_well=True, text=text)
    remedy = (
        "the hub's page must be reached, not the broker alone: journalctl -u haidang-renew; is it revoked?"
    )
    return Finding(part="certificate", is_well=False, text=f"{text}, and not renewed", remedy=remedy)
