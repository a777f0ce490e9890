"""Which periods of a station can be played back (core over the store it is given).

A period is one visit in one boot of the box, and has one time line: the box's own clock. What was measured
while nobody was being seen is a period too, that says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contract.codes import Shape
from contract.events import VisitClosed, VisitOpened
from contract.ids import NO_VISIT, BootId, RecordClass, SpoolId, StationId, VisitNo, visit_code
from contract.varints import VARINT_MAX
from hub.store.interface import Store, StoredRecord
from hub.store.papers import VisitId
from hub.times.fit import UtcInterval
from hub.times.moments import read_moment

VISITS_MAX: Final = 60  # of the list: the newest; an older one is reached by its address
BOOTS_MAX: Final = 8  # of one visit; a box closes a visit when it starts anew, so that more are a fault
BEFORE_US: Final = 120_000_000  # the first signal opens a visit, and is older than the event that says so
AFTER_US: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class Period:
    """From `begin_us` to `end_us` of `boot`, on the box's clock. `code` is "" where nobody was being seen."""

    of: VisitId
    code: str
    boot: BootId
    begin_us: int
    end_us: int
    begin: UtcInterval
    end: UtcInterval

    @property
    def length_s(self) -> float:
        """How long it lasts."""
        return (self.end_us - self.begin_us) / 1e6


@dataclass(frozen=True, slots=True)
class _Told:
    """What the box said of a visit; a moment is (boot, µs), None: it did not say."""

    visit: VisitNo
    opened: tuple[BootId, int] | None
    closed: tuple[BootId, int] | None


def read_periods(store: Store, station: StationId) -> list[Period]:
    """Return the periods of a station, newest first."""
    found: list[Period] = []
    for spool in store.spools(station):
        if len(found) < VISITS_MAX:
            found += _periods_of(store, station, spool)
    return found[: 2 * VISITS_MAX]


def read_period(
    store: Store, station: StationId, of: VisitId, boot: BootId | None, *, at_us: int | None = None
) -> Period | None:
    """Return one period, the last one of its visit for no boot; None: there is no such thing, or no data of
    it. Of several of nobody's in a boot, the one that `at_us` lies in."""
    if of.visit == NO_VISIT:
        nobodys = [one for one in _periods_of(store, station, of.spool) if one.of == of and one.boot == boot]
        around = [one for one in nobodys if at_us is not None and one.begin_us <= at_us <= one.end_us]
        return next(iter(around or nobodys), None)
    told = next((one for one in _told(store, station, of.spool) if one.visit == of.visit), None)
    spans = {} if told is None else dict(_spans(told, later=None))
    if not spans and boot is not None:
        spans = {boot: (0, VARINT_MAX)}  # its events have not come, or cannot be opened
    periods = [
        period
        for one, span in spans.items()
        if boot in (None, one) and (period := _period(store, station, of, one, span=span)) is not None
    ]
    return periods[-1] if periods else None


def _periods_of(store: Store, station: StationId, spool: SpoolId) -> list[Period]:
    found: list[Period] = []
    later: tuple[BootId, int] | None = None  # where the visit after it was opened
    for told in _told(store, station, spool):
        spans = dict(_spans(told, later=later))
        periods = [
            period
            for boot, span in spans.items()
            if (period := _period(store, station, VisitId(spool, told.visit), boot, span=span)) is not None
        ]
        found += [one for one in (_nobodys(store, station, spool, told, later),) if one is not None]
        found += periods[::-1]
        later = told.opened or later
    return found


def _told(store: Store, station: StationId, spool: SpoolId) -> list[_Told]:
    """What is known of the newest visits of a spool, newest first."""
    opened: dict[VisitNo, tuple[BootId, int]] = {}
    closed: dict[VisitNo, tuple[BootId, int]] = {}
    for one in store.events(
        station, names=("visit opened", "visit closed"), newest=2 * VISITS_MAX, spool=spool
    ):
        at = one.record.header.boot, one.record.header.t_us
        match one.event:
            case VisitOpened(visit=visit):
                opened[VisitNo(visit)] = at  # the oldest of what was said twice
            case VisitClosed(visit=visit):
                closed[VisitNo(visit)] = at
            case _:
                pass
    numbers = sorted(opened.keys() | closed.keys(), reverse=True)[:VISITS_MAX]
    return [_Told(no, opened.get(no), closed.get(no)) for no in numbers]


def _spans(told: _Told, *, later: tuple[BootId, int] | None) -> Iterable[tuple[BootId, tuple[int, int]]]:
    """Where chunks of a visit can begin, by boot; generous: its number alone says whose they are."""
    first = told.opened or told.closed
    if first is None:
        return
    end = told.closed or later
    last_boot = first[0] if end is None else end[0]
    for boot in range(first[0], min(last_boot, first[0] + BOOTS_MAX) + 1):
        from_us = max(0, first[1] - BEFORE_US) if boot == first[0] and told.opened else 0
        until_us = end[1] + AFTER_US if end is not None and boot == end[0] else VARINT_MAX
        yield BootId(boot), (from_us, until_us)


def _nobodys(
    store: Store, station: StationId, spool: SpoolId, told: _Told, later: tuple[BootId, int] | None
) -> Period | None:
    """What was measured after a visit while nobody was being seen, in the boot in which it was closed."""
    if told.closed is None:
        return None
    boot, closed_us = told.closed
    opened_us = told.opened[1] if told.opened is not None and told.opened[0] == boot else 0
    from_us = max(opened_us, closed_us - AFTER_US)  # a chunk begins before the event that follows it
    until_us = later[1] if later is not None and later[0] == boot else VARINT_MAX
    return _period(store, station, VisitId(spool, NO_VISIT), boot, span=(from_us, until_us))


def _period(
    store: Store, station: StationId, of: VisitId, boot: BootId, *, span: tuple[int, int]
) -> Period | None:
    first, last = (
        store.edge_chunk(
            station,
            of.spool,
            visit=of.visit,
            boot=boot,
            from_t_us=span[0],
            until_t_us=span[1],
            is_last=is_last,
        )
        for is_last in (False, True)
    )
    if first is None or last is None:
        return None
    begin_us, end_us = first.record.header.t_us, last.record.header.t_us + _length_us(store, station, last)
    received_us = last.received_utc_us
    return Period(
        of,
        "" if of.visit == NO_VISIT else visit_code(of.spool, of.visit),
        boot,
        begin_us,
        end_us,
        read_moment(store, station, of.spool, boot, begin_us, received_us=received_us),
        read_moment(store, station, of.spool, boot, end_us, received_us=received_us),
    )


def _length_us(store: Store, station: StationId, one: StoredRecord) -> int:
    """How long a chunk lasts, by its header and the nominal rate of its kind of stream."""
    header = one.record.header
    of_set = store.stream_set(station, one.record_id.spool, header.stream_set)
    if of_set is None:
        return 1_000_000
    is_numeric = header.record_class is RecordClass.NUMERIC
    shapes: tuple[Shape, ...] = ("numeric",) if is_numeric else ("ecg", "pleth")
    rates_mhz = [stream.rate_mhz for stream in of_set.streams if stream.shape in shapes]
    return 1_000_000 if not rates_mhz else round(header.count * 1e9 / min(rates_mhz))
