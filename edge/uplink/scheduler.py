"""Which records go next (core): the lane decides, the class only says where they are kept.

Lane 0: calls, before everything. 1: numerics and events younger than a minute. 2: live waveforms, newest
first. 3: the rest, oldest first, always keeping a tenth of the bytes; but first of it what somebody has just
asked for, a photograph, and then the day that waits. Where the link's bytes are used up, the waveforms and
parts of that day wait on (docs/networks.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final

from contract.ids import BootId, RecordClass
from contract.limits import PARCEL_RECORDS_MAX
from edge.spool.batch import OwedRecord
from edge.uplink.owed import Owed

FRESH_S: Final = 60.0
ASKED_S: Final = 600.0  # a part was just asked for, in a call; when it is older it is history as the rest
BACKLOG_SHARE: Final = 0.1
STRAYS_MAX: Final = 16  # records stored last that tell of something older, such as a tombstone
FEW_SHARE: Final = 8  # an eighth of a parcel
_ALL: Final = (RecordClass.NUMERIC, RecordClass.WAVEFORM, RecordClass.PART)
_NOT_BULK: Final = (RecordClass.NUMERIC,)
RECORD_OVERHEAD_BYTES: Final = 3  # its length in the parcel


def riders(
    owed: Owed, records: Sequence[OwedRecord], *, boot: BootId, now_us: int, limit_bytes: int
) -> list[OwedRecord]:
    """Return the waveforms that may go in the same parcel as these numerics and events: those of the last
    minute, newest first, as far as they fit. A parcel of their own costs as much again as a second of them.

    One at least goes along where the others are few bytes: alone it would be hardly shorter.
    """
    if any(record.record_class != RecordClass.NUMERIC for record in records):
        return []
    chosen: list[OwedRecord] = []
    left_bytes = limit_bytes - _size(records)
    for record in owed.waiting_newest(RecordClass.WAVEFORM):
        left_bytes -= _size([record])
        is_hardly_longer = not chosen and _size(records) <= limit_bytes // FEW_SHARE
        if (
            (left_bytes < 0 and not is_hardly_longer)
            or not _is_fresh(record, boot, now_us)
            or len(chosen) + len(records) >= PARCEL_RECORDS_MAX
        ):
            break
        chosen.append(record)
    return chosen[::-1]


class Scheduler:
    """Keeps the backlog's share over the bytes sent while there is a backlog."""

    def __init__(self) -> None:
        self._backlog_credit_bytes = 0.0

    def next_parcel(
        self,
        owed: Owed,
        *,
        boot: BootId,
        now_us: int,
        is_live: bool,
        limit_bytes: int,
        holds_bulk: bool = False,
    ) -> tuple[RecordClass, list[OwedRecord]] | None:
        """Return the class and records of the next parcel, at least one record, else as many as fit
        `limit_bytes`. `holds_bulk`: waveforms and parts wait, but those that somebody looks at or asked for.
        """
        calls = _fill(owed.waiting(RecordClass.CALL), limit_bytes)
        if calls:
            return RecordClass.CALL, calls
        classes = _NOT_BULK if holds_bulk else _ALL
        backlog = self._backlog(
            owed, boot=boot, now_us=now_us, is_live=is_live, limit_bytes=limit_bytes, classes=classes
        )
        live = self._live(owed, boot=boot, now_us=now_us, is_live=is_live, limit_bytes=limit_bytes)
        if live and not (backlog and self._backlog_credit_bytes > 0):
            if backlog:
                self._backlog_credit_bytes += BACKLOG_SHARE / (1 - BACKLOG_SHARE) * _size(live[1])
            return live
        if backlog:
            self._backlog_credit_bytes = max(
                -float(limit_bytes), self._backlog_credit_bytes - _size(backlog[1])
            )
        else:
            self._backlog_credit_bytes = 0.0
        return backlog or live

    @staticmethod
    def _live(
        owed: Owed, *, boot: BootId, now_us: int, is_live: bool, limit_bytes: int
    ) -> tuple[RecordClass, list[OwedRecord]] | None:
        for record_class in (
            (RecordClass.NUMERIC, RecordClass.WAVEFORM) if is_live else (RecordClass.NUMERIC,)
        ):
            fresh: list[OwedRecord] = []
            strays = 0
            for record in owed.waiting_newest(record_class):
                if _is_fresh(record, boot, now_us):
                    fresh.append(record)
                    continue
                strays += 1
                if strays > STRAYS_MAX:
                    break
            # events are told in order; of waveforms the newest matters most
            ordered = fresh if record_class == RecordClass.WAVEFORM else fresh[::-1]
            chosen = _fill(ordered, limit_bytes)
            if chosen:
                return record_class, sorted(chosen, key=lambda record: record.seq)
        return None

    @staticmethod
    def _backlog(
        owed: Owed,
        *,
        boot: BootId,
        now_us: int,
        is_live: bool,
        limit_bytes: int,
        classes: Sequence[RecordClass],
    ) -> tuple[RecordClass, list[OwedRecord]] | None:
        newest_parts = owed.waiting_newest(RecordClass.PART)
        asked = list(takewhile(lambda part: _is_younger(part, boot, now_us, ASKED_S), newest_parts))
        if asked:
            return RecordClass.PART, _fill(reversed(asked), limit_bytes)
        heads: list[tuple[tuple[int, int], RecordClass]] = []
        for record_class in classes:
            head = next(_old(owed, record_class, boot=boot, now_us=now_us, is_live=is_live), None)
            if head is not None:
                heads.append(((head.boot, head.t_us), record_class))
        if not heads:
            return None
        record_class = min(heads)[1]
        old = _old(owed, record_class, boot=boot, now_us=now_us, is_live=is_live)
        return record_class, _fill(old, limit_bytes)


def _old(
    owed: Owed, record_class: RecordClass, *, boot: BootId, now_us: int, is_live: bool
) -> Iterator[OwedRecord]:
    """What no faster lane takes, oldest first; what one takes is at most a minute's, and skipped."""
    has_lane = _in_live_lane(record_class, is_live)
    return (r for r in owed.waiting(record_class) if not (has_lane and _is_fresh(r, boot, now_us)))


def _in_live_lane(record_class: RecordClass, is_live: bool) -> bool:
    return record_class == RecordClass.NUMERIC or (record_class == RecordClass.WAVEFORM and is_live)


def _is_fresh(record: OwedRecord, boot: BootId, now_us: int) -> bool:
    return _is_younger(record, boot, now_us, FRESH_S)


def _is_younger(record: OwedRecord, boot: BootId, now_us: int, age_s: float) -> bool:
    return record.boot == boot and now_us - record.t_us < age_s * 1e6


def _size(records: Iterable[OwedRecord]) -> int:
    return sum(record.size_bytes + RECORD_OVERHEAD_BYTES for record in records)


def _fill(records: Iterable[OwedRecord], limit_bytes: int) -> list[OwedRecord]:
    chosen: list[OwedRecord] = []
    size = 0
    for record in records:
        size += record.size_bytes + RECORD_OVERHEAD_BYTES
        if chosen and (size > limit_bytes or len(chosen) >= PARCEL_RECORDS_MAX):
            break
        chosen.append(record)
    return chosen
