"""When samples are cut, and whether into drafts or records."""

from edge.capture.rhythm import CutRhythm

NEAR_S, FAR_S = 0.02, 0.6


def made(rhythm: CutRhythm, count: int, *, is_live: bool, round_trip_s: float | None) -> list[bool]:
    return [rhythm.makes_records(is_live=is_live, round_trip_s=round_trip_s) for _ in range(count)]


def test_nobody_watches_and_each_second_is_drafted() -> None:
    rhythm = CutRhythm()
    assert not any(made(rhythm, 40, is_live=False, round_trip_s=FAR_S))
    assert rhythm.wait_s(is_live=False, round_trip_s=NEAR_S) == 1.0


def test_near_by_each_half_second_becomes_records() -> None:
    rhythm = CutRhythm()
    assert all(made(rhythm, 5, is_live=True, round_trip_s=NEAR_S))
    assert rhythm.wait_s(is_live=True, round_trip_s=NEAR_S) == 0.5


def test_from_afar_a_draft_stands_between_two_records() -> None:
    rhythm = CutRhythm()
    assert made(rhythm, 6, is_live=True, round_trip_s=FAR_S) == [False, True] * 3
    assert rhythm.wait_s(is_live=True, round_trip_s=FAR_S) < 1.0, "never more than a second is at risk"


def test_a_link_that_is_not_known_yet_is_far() -> None:
    assert made(CutRhythm(), 4, is_live=True, round_trip_s=None) == [False, True, False, True]


def test_who_begins_to_watch_from_afar_gets_at_once_what_was_drafted() -> None:
    rhythm = CutRhythm()
    made(rhythm, 7, is_live=False, round_trip_s=FAR_S)
    assert made(rhythm, 3, is_live=True, round_trip_s=FAR_S) == [True, False, True]
