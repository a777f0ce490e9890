"""Advice is said until its station has it, again and again, but not for ever, and at once when it is back."""

from dataclasses import replace

from contract.ids import CallId, SpoolId, StationId, VisitNo
from contract.signals import Advice
from hub.cases.advice_saying import REPEAT_S, SAID_FOR_S, AdviceSaying, signal_of
from hub.store.papers import AdviceRow, VisitId

NOON_US = 1_800_000_000_000_000
HERE, THERE = StationId("con-dao-01"), StationId("ly-son-02")
NOBODY: frozenset[StationId] = frozenset()


def advice(no: int, station: StationId = HERE, *, made_utc_us: int = NOON_US) -> AdviceRow:
    return AdviceRow(
        no=no,
        call_id=CallId(station, SpoolId(0xB0C5), 7),
        of=VisitId(SpoolId(0xB0C6), VisitNo(3)),
        urgency="urgent",
        text="nằm nghỉ",
        by="lan",
        made_utc_us=made_utc_us,
        steps=(),
    )


def numbers(saying: AdviceSaying, now_s: float, absent: frozenset[StationId] = NOBODY) -> list[int]:
    return [row.no for row in saying.due(now_s=now_s, absent=absent)]


def test_it_is_said_at_once_and_every_ten_seconds_until_the_store_has_it_settled() -> None:
    saying = AdviceSaying()
    saying.take([advice(1)], now_s=100.0, now_utc_us=NOON_US)
    assert numbers(saying, 100.0) == [1]
    saying.said(1, now_s=100.0)
    assert numbers(saying, 100.0 + REPEAT_S - 0.1) == []
    assert numbers(saying, 100.0 + REPEAT_S) == [1]
    saying.take([], now_s=111.0, now_utc_us=NOON_US)
    assert (numbers(saying, 200.0), saying.is_empty) == ([], True)


def test_what_did_not_go_out_is_tried_again_at_the_next_look() -> None:
    saying = AdviceSaying()
    saying.take([advice(1)], now_s=100.0, now_utc_us=NOON_US)
    assert numbers(saying, 100.0) == numbers(saying, 100.1) == [1]


def test_nothing_is_said_to_who_is_away_and_all_of_it_when_they_are_back() -> None:
    saying = AdviceSaying()
    saying.take([advice(1), advice(2, THERE)], now_s=100.0, now_utc_us=NOON_US)
    assert numbers(saying, 100.0, frozenset({HERE})) == [2]
    for no in (1, 2):
        saying.said(no, now_s=100.0)
    saying.hello(HERE)
    assert numbers(saying, 100.1) == [1]


def test_after_a_day_it_is_said_no_more_also_over_a_restart() -> None:
    saying = AdviceSaying()
    saying.take([advice(1)], now_s=0.0, now_utc_us=NOON_US + int(SAID_FOR_S * 1e6) - 60_000_000)
    assert numbers(saying, 59.0) == [1]
    assert saying.over(now_s=59.0) == []
    assert numbers(saying, 60.0) == []
    assert [row.no for row in saying.over(now_s=60.0)] == [1]


def test_a_wall_clock_that_is_set_makes_it_neither_older_nor_younger_while_the_hub_runs() -> None:
    saying = AdviceSaying()
    saying.take([advice(1)], now_s=0.0, now_utc_us=NOON_US)
    saying.take([advice(1)], now_s=5.0, now_utc_us=NOON_US + 10 * int(SAID_FOR_S * 1e6))
    assert saying.over(now_s=5.0) == []
    behind = AdviceSaying()
    behind.take([advice(1)], now_s=0.0, now_utc_us=0)  # the hub's clock was put back by years
    assert behind.over(now_s=SAID_FOR_S - 1) == []
    assert [row.no for row in behind.over(now_s=SAID_FOR_S)] == [1]


def test_the_signal_names_the_visit_in_the_visits_own_spool() -> None:
    assert signal_of(advice(9)) == Advice(
        advice=9,
        spool="000000000000b0c6",
        visit=3,
        urgency="urgent",
        text="nằm nghỉ",
        by="lan",
        made_utc_us=NOON_US,
    )


def test_advice_of_a_practice_call_is_said_as_practice() -> None:
    assert signal_of(replace(advice(9), practice="drill")).practice == "drill"
    assert signal_of(advice(9)).practice is None
