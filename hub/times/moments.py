"""When a moment of any boot was, by what the store knows (core over the store it is given).

A boot that nothing ties to UTC lies between its neighbours: boots follow one another, and what of each is
known to have passed takes its time.
"""

from typing import Final

from contract.ids import BootId, SpoolId, StationId
from contract.times import DRIFT_PPM
from hub.store.interface import Store
from hub.times.fit import UtcInterval

BOOTS_MAX: Final = 64  # between two that are tied: of more, only the order is used


def read_moment(
    store: Store,
    station: StationId,
    spool: SpoolId,
    boot: BootId,
    t_us: int,
    *,
    received_us: int | None = None,
) -> UtcInterval:
    """Return when `t_us` of `boot` was.

    `received_us`, the hub's UTC when it came, bounds only a boot without anchors: where there are some, it
    may be the hub's clock that is wrong.
    """
    fit = store.time_fit(station, spool, boot, t_us=t_us)
    if fit.knots:
        return fit.at(t_us)
    before, after = store.anchored_boots(station, spool, boot)
    earliest_us, latest_us = None, received_us
    if before is not None:
        end_us = store.last_moment_us(station, spool, before)
        earliest_us = store.time_fit(station, spool, before, t_us=end_us).at(end_us).earliest_us
        if earliest_us is not None:
            earliest_us += _at_least_us(_passed_us(store, station, spool, before + 1, boot) + t_us)
    if after is not None:
        start_us = store.time_fit(station, spool, after, t_us=0).at(0).latest_us
        if start_us is not None:
            rest_us = max(0, store.last_moment_us(station, spool, boot) - t_us)
            start_us -= _at_least_us(rest_us + _passed_us(store, station, spool, boot + 1, after))
            latest_us = start_us if latest_us is None else min(latest_us, start_us)
    if earliest_us is not None and latest_us is not None and earliest_us > latest_us:
        return UtcInterval(None, latest_us)  # a clock that tied a neighbour was wrong
    return UtcInterval(earliest_us, latest_us)


def _passed_us(store: Store, station: StationId, spool: SpoolId, first: int, end: int) -> int:
    """The time of the boots `first` … `end` - 1 that is known to have passed."""
    if end - first > BOOTS_MAX:
        return 0
    return sum(store.last_moment_us(station, spool, BootId(boot)) for boot in range(first, end))


def _at_least_us(box_us: int) -> int:
    return box_us - box_us * DRIFT_PPM // 1_000_000
