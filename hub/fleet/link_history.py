"""What is kept of a station's link for 90 days (core): an hour in fourteen bytes, a day in a row.

An hour holds what the statuses of that hour told, wherever the station was then: one that was sent a day late
is put into the hour of which it tells, and counted apart. That nothing was heard in an hour is never written:
it is what is missing.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contract.events import Status
from hub.fleet.presence import LATE_FACTOR, LIVE_IDLE_S

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
KEPT_DAYS: Final = 90
HOURS: Final = 24
OUTAGE_US: Final = int(LIVE_IDLE_S * LATE_FACTOR * 1e6)  # a gap in what was heard: the station was silent
LATE_US: Final = int(LIVE_IDLE_S * 1e6)  # a status that waited so long at the station tells of then, not now

_HOUR: Final = struct.Struct("<HBBHHHHH")
HOUR_BYTES: Final = _HOUR.size  # 14; docs/console-fleet.md says how many that makes
_NONE: Final = 0xFFFF
_NO_C: Final = 0xFF
_C_OFFSET: Final = 50  # °C; -50 … 204
_UP_STEP_BPS: Final = 1_000
_LOSS_BITS: Final = 0x3FF
_LOW_BIT: Final = 1 << 15
_NO_LOSS: Final = 0x3FF


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHour:
    """What the statuses of one hour told. None: none of them said.

    `live_count` came within LATE_US of being told, `late_count` later. The round trip is the mean and the
    longest, loss and age of the oldest record owed the worst, `up_bps` the best (in steps of 1 kbit/s).
    """

    live_count: int = 0
    late_count: int = 0
    round_trip_ms: int | None = None
    round_trip_max_ms: int | None = None
    loss_permille: int | None = None
    up_bps: int | None = None
    oldest_owed_min: int | None = None
    cpu_c: int | None = None
    was_low: bool = False  # the supply, at the moment of a status

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of the hour."""
        return not (self.live_count or self.late_count)

    def with_status(self, status: Status, *, is_late: bool) -> "LinkHour":
        """Return the hour with one more status in it."""
        count = self.live_count + self.late_count
        owed_min = oldest_owed_min(status)
        return replace(
            self,
            live_count=min(self.live_count + (not is_late), _NONE),
            late_count=min(self.late_count + is_late, 0xFF),
            round_trip_ms=_mean(self.round_trip_ms, status.round_trip_ms, count),
            round_trip_max_ms=_worst(self.round_trip_max_ms, status.round_trip_ms),
            loss_permille=_worst(self.loss_permille, status.loss_permille),
            up_bps=_worst(self.up_bps, status.up_bps),
            oldest_owed_min=_worst(self.oldest_owed_min, owed_min),
            cpu_c=_worst(self.cpu_c, None if status.cpu_c is None else round(status.cpu_c)),
            was_low=self.was_low or status.power == "low",
        )


def oldest_owed_min(status: Status) -> int | None:
    """Return how old the oldest record owed was, in whole minutes; 0: nothing; None: unknown."""
    waiting = [owed for owed in status.owed.values() if owed.records]
    ages_s = [owed.oldest_age_s for owed in waiting if owed.oldest_age_s is not None]
    if not waiting:
        return 0
    return int(max(ages_s) // 60) if ages_s else None


def empty_day() -> bytes:
    """Return a day of which nothing is known."""
    return pack_hour(LinkHour()) * HOURS


def pack_hour(hour: LinkHour) -> bytes:
    """Return the hour's fourteen bytes; what does not fit is cut to what does."""
    loss = _NO_LOSS if hour.loss_permille is None else min(hour.loss_permille, _NO_LOSS - 1)
    return _HOUR.pack(
        hour.live_count,
        hour.late_count,
        _NO_C if hour.cpu_c is None else min(max(hour.cpu_c + _C_OFFSET, 0), _NO_C - 1),
        _u16(hour.round_trip_ms),
        _u16(hour.round_trip_max_ms),
        loss | (_LOW_BIT if hour.was_low else 0),
        _u16(None if hour.up_bps is None else hour.up_bps // _UP_STEP_BPS),
        _u16(hour.oldest_owed_min),
    )


def unpack_hour(data: bytes, hour: int) -> LinkHour:
    """Return hour 0 … 23 of a day."""
    live, late, cpu, round_trip, longest, loss, up, owed = _HOUR.unpack_from(data, hour * HOUR_BYTES)
    return LinkHour(
        live_count=live,
        late_count=late,
        round_trip_ms=_known(round_trip),
        round_trip_max_ms=_known(longest),
        loss_permille=None if loss & _LOSS_BITS == _NO_LOSS else loss & _LOSS_BITS,
        up_bps=None if up == _NONE else up * _UP_STEP_BPS,
        oldest_owed_min=_known(owed),
        cpu_c=None if cpu == _NO_C else cpu - _C_OFFSET,
        was_low=bool(loss & _LOW_BIT),
    )


def with_hour(data: bytes, hour: int, new: LinkHour) -> bytes:
    """Return the day with another hour in it."""
    at = hour * HOUR_BYTES
    return data[:at] + pack_hour(new) + data[at + HOUR_BYTES :]


@dataclass(frozen=True, slots=True)
class Outage:
    """From when to when nothing was heard, hub UTC. `until_us` None: it lasts."""

    from_us: int
    until_us: int | None


def outage_between(before_us: int | None, heard_us: int) -> Outage | None:
    """Return the outage that ended when a station was heard at `heard_us`; None: it was none."""
    if before_us is None or heard_us - before_us <= OUTAGE_US:
        return None
    return Outage(before_us, heard_us)


def with_open_outage(past: Sequence[Outage], *, heard_us: int | None, now_us: int) -> list[Outage]:
    """Return the outages, newest first, with the one that lasts: that one is derived when read."""
    lasts = heard_us is not None and now_us - heard_us > OUTAGE_US
    open_one = [Outage(heard_us, None)] if lasts and heard_us is not None else []
    return [*open_one, *sorted(past, key=lambda one: -one.from_us)]


def without_the_hubs(outages: Sequence[Outage], of_hub: Sequence[Outage]) -> Iterator[tuple[Outage, bool]]:
    """Say of each outage whether it was (mostly) the hub's own: it heard nobody then, so nobody knows."""
    for one in outages:
        until_us = one.until_us
        own_us = sum(
            max(0, min(until_us or gap.until_us or 0, gap.until_us or 0) - max(one.from_us, gap.from_us))
            for gap in of_hub
        )
        yield one, until_us is not None and own_us * 2 > until_us - one.from_us


def out_us(outages: Sequence[Outage], *, from_us: int, until_us: int) -> int:
    """Return how long of a period the outages last."""
    return sum(max(0, min(one.until_us or until_us, until_us) - max(one.from_us, from_us)) for one in outages)


def _mean(before: int | None, new: int | None, count: int) -> int | None:
    if new is None or before is None:
        return before if new is None else new
    return round((before * count + new) / (count + 1))


def _worst(before: int | None, new: int | None) -> int | None:
    if new is None or before is None:
        return before if new is None else new
    return max(before, new)


def _u16(value: int | None) -> int:
    return _NONE if value is None else min(value, _NONE - 1)


def _known(value: int) -> int | None:
    return None if value == _NONE else value
