"""What time it is at a station, and how far its clocks are from the hub's (core)."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from hub.console.ages import VIETNAM, Say


def zone_difference_text(zone: str, utc_ms: float, say: Say) -> str:
    """Return how far the clocks of a zone are from those of the pages: "giờ trạm sớm hơn 2 giờ"; "" for
    not at all. It stays true while a page is open, as a time of day would not.
    """
    then = datetime.fromtimestamp(utc_ms / 1000, UTC)
    minutes = (_offset(ZoneInfo(zone), then) - _offset(VIETNAM, then)) // timedelta(minutes=1)
    if minutes == 0:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    lasting = say("{h} giờ {m}", h=hours, m=f"{rest:02d}") if rest else say("{n} giờ", n=hours)
    key = "giờ trạm sớm hơn {lasting}" if minutes > 0 else "giờ trạm muộn hơn {lasting}"
    return say(key, lasting=lasting)


def station_clock_text(zone: str, utc_ms: float, say: Say) -> str:
    """Return whose clock times are told by where that is not the hub's own: "Asia/Tokyo (UTC+09:00), giờ trạm
    sớm hơn 2 giờ"; "" where it is the same."""
    difference = zone_difference_text(zone, utc_ms, say)
    return f"{zone} ({_offset_text(zone, utc_ms)}), {difference}" if difference else ""


def local_time_text(zone: str, utc_ms: float) -> str:
    """Return date and time on the clocks of a zone: "27/11/2026 15:05 (UTC+09:00)"."""
    there = datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return f"{there:%d/%m/%Y %H:%M} ({_offset_text(zone, utc_ms)})"


def _offset_text(zone: str, utc_ms: float) -> str:
    offset = f"{datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(ZoneInfo(zone)):%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
