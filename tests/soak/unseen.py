"""Samples of records that were given up with a tombstone before anybody looked at the box (core).

A full card of a box that cannot send gives a record up a second after it made it, between two looks. Its
tombstone names it; what it held is what lies between the records beside it, and no more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.soak.holdings import Holdings, Piece
from tests.soak.ledger import RecordKey

Stream = tuple[int, int]  # board boot, the board's stream


def unseen_spans(
    held: Holdings, placed: Mapping[Stream, Sequence[Piece]], lengths: Mapping[Stream, int]
) -> Iterator[tuple[Stream, int, int]]:
    """Yield (stream, first index, end index) of what records that nobody saw may have held.

    `placed`: all columns that were seen, by the stream that they are of; `lengths`: of all streams.
    """
    for low, high in _runs(held.unseen):
        beside = _beside(low, high, placed)
        for stream, length in lengths.items():
            seen = placed.get(stream, ())
            if stream[0] not in beside or {one.key.record_class for one in seen} != {low.record_class}:
                continue  # what goes into records of another class is not lost with this one
            of_spool = [one for one in seen if one.key.spool == low.spool]
            start = max((one.end_index for one in of_spool if one.key < low), default=0)
            end = min((one.first_index for one in of_spool if one.key > high), default=length)
            yield stream, start, end


def _runs(keys: Iterable[RecordKey]) -> list[tuple[RecordKey, RecordKey]]:
    """First and last of each run of consecutive seqs."""
    runs: list[tuple[RecordKey, RecordKey]] = []
    for key in sorted(set(keys)):
        if runs and key == runs[-1][1]._replace(seq=runs[-1][1].seq + 1):
            runs[-1] = (runs[-1][0], key)
        else:
            runs.append((key, key))
    return runs


def _beside(low: RecordKey, high: RecordKey, placed: Mapping[Stream, Sequence[Piece]]) -> set[int]:
    """The boots of the board of which the records beside a run are."""
    all_of = [(one.key, boot) for (boot, _), of in placed.items() for one in of if one.key[:2] == low[:2]]
    before = max((one for one in all_of if one[0] < low), default=None)
    after = min((one for one in all_of if one[0] > high), default=None)
    return {one[1] for one in (before, after) if one is not None}
