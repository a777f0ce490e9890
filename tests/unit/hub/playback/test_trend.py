"""Bins of a trend: as many as a screen has room for, and the same however they are read."""

import pytest

from contract.ids import BootId, SpoolId, StationId, VisitNo
from hub.playback.looks import AGAIN_AFTER_S, Looks
from hub.playback.piece import Span
from hub.playback.trend import BINS_MAX, JOB_US, Bin, Line, Trend, bin_for
from hub.store.papers import VisitId

S = 1_000_000
OF = VisitId(SpoolId(7), VisitNo(3))


@pytest.mark.parametrize(
    ("length_s", "bin_s"),
    [(1, 1), (720, 1), (721, 2), (3_600, 5), (86_400, 120), (432_000, 600), (432_001, 1_200)],
)
def test_a_bin_is_as_short_as_there_is_room_for(length_s: int, bin_s: int) -> None:
    assert bin_for(length_s * S) == bin_s * S
    assert length_s / bin_s <= BINS_MAX


def test_a_bin_that_is_read_in_parts_is_as_if_it_were_read_in_one() -> None:
    line = Line(0, "SpO2", "%", "Nonin", "", is_unverified=False)
    whole, parts = Trend(5, 600 * S), Trend(5, 600 * S)
    numbers = [97.0, 96.0, 40.0, 98.0, 95.0]
    whole.add(line, 0, numbers)
    for at, number in enumerate(numbers):
        parts.begin_part(5 + at * JOB_US)
        parts.add(line, 0, [number])
    assert parts.lines == whole.lines == {line: {0: Bin(40.0, 96.0, 98.0)}}
    parts.begin_part(5 + len(numbers) * JOB_US)
    parts.add(line, 1, [50.0])
    assert parts.lines == {line: {0: Bin(40.0, 96.0, 98.0), 1: Bin(50.0, 50.0, 50.0)}}


def test_a_span_is_read_in_parts_that_make_it() -> None:
    span = Span(OF, BootId(1), 5, 2 * JOB_US + 6)
    parts = span.jobs(JOB_US)
    assert [(part.from_us, part.until_us) for part in parts] == [
        (5, JOB_US + 5),
        (JOB_US + 5, 2 * JOB_US + 5),
        (2 * JOB_US + 5, 2 * JOB_US + 6),
    ]
    assert {part.of for part in parts} == {OF}


def test_looking_on_is_one_look_and_coming_back_later_is_another() -> None:
    looks, station = Looks(), StationId("tram-01")

    def is_due(now_s: float, name: str = "Lan", of: VisitId | None = OF) -> bool:
        return looks.is_due("playback", name, station, of, now_s=now_s)

    assert [is_due(0.0), is_due(1.0), is_due(AGAIN_AFTER_S)] == [True, False, False]
    assert is_due(1.0, "Minh")
    assert is_due(1.0, of=None)
    assert is_due(2 * AGAIN_AFTER_S + 1)
    looks.forget("playback", "Lan", station, OF)  # it could not be written down
    assert is_due(2 * AGAIN_AFTER_S + 2)
