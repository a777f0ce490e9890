from math import inf

from hub.alerts.facts import Fact
from hub.alerts.watch import Verdict, Watch, judge, raises, settles, worsens
from tests.unit.hub.alerts.rules_of_tests import HOT, SILENT


def test_a_value_must_hold_before_it_is_raised() -> None:
    watch = Watch()
    assert judge(watch, HOT, Fact(85, 100.0), now_s=100.0) == (Verdict.OVER, 400.0)
    assert not raises(watch, HOT, now_s=399.9)
    assert raises(watch, HOT, now_s=400.0)


def test_one_that_falls_back_meanwhile_begins_anew() -> None:
    watch = Watch()
    judge(watch, HOT, Fact(85, 100.0), now_s=100.0)
    assert judge(watch, HOT, Fact(79, 200.0), now_s=200.0)[0] is Verdict.NEITHER
    judge(watch, HOT, Fact(85, 300.0), now_s=300.0)
    assert not raises(watch, HOT, now_s=599.9) and raises(watch, HOT, now_s=600.0)


def test_what_is_too_old_or_never_told_is_unknown_and_no_time_counts() -> None:
    watch = Watch()
    assert judge(watch, HOT, None, now_s=0.0) == (Verdict.UNKNOWN, None)
    judge(watch, HOT, Fact(85, 100.0), now_s=100.0)
    assert judge(watch, HOT, Fact(85, 100.0), now_s=1_099.9)[0] is Verdict.OVER
    assert judge(watch, HOT, Fact(85, 100.0), now_s=1_100.0) == (Verdict.UNKNOWN, None)
    assert not raises(watch, HOT, now_s=1_100.0)
    raised = Watch(is_raised=True, clear_s=50.0)
    judge(raised, HOT, None, now_s=99_999.0)
    assert not settles(raised, HOT, now_s=99_999.0)  # unknown is not over


def test_between_the_limits_an_alert_neither_ends_nor_begins() -> None:
    raised = Watch(over_s=0.0, is_raised=True)
    assert judge(raised, HOT, Fact(75, 100.0), now_s=100.0)[0] is Verdict.NEITHER
    assert raised.clear_s is None
    assert judge(raised, HOT, Fact(70, 200.0), now_s=200.0) == (Verdict.CLEAR, 800.0)
    assert not settles(raised, HOT, now_s=799.9) and settles(raised, HOT, now_s=800.0)
    judge(raised, HOT, Fact(75, 300.0), now_s=300.0)  # not over any more
    assert not settles(raised, HOT, now_s=900.0)


def test_silence_passes_its_limit_by_the_clock_alone() -> None:
    watch = Watch()
    fact = Fact(since_s=1_000.0)
    assert judge(watch, SILENT, fact, now_s=1_000.0) == (Verdict.CLEAR, 1_900.0)
    assert judge(watch, SILENT, fact, now_s=1_899.9)[0] is Verdict.NEITHER
    assert judge(watch, SILENT, fact, now_s=1_900.0) == (Verdict.OVER, 2_200.0)
    assert raises(watch, SILENT, now_s=2_200.0)


def test_silence_that_nobody_could_have_heard_ended_is_never_good_news() -> None:
    floor = Fact(since_s=1_000.0, is_floor=True)
    raised = Watch(is_raised=True)
    assert judge(raised, SILENT, floor, now_s=1_001.0)[0] is Verdict.UNKNOWN
    assert raised.clear_s is None
    watch = Watch()
    assert judge(watch, SILENT, floor, now_s=1_900.0)[0] is Verdict.OVER


def test_the_worse_limit_has_its_own_hold() -> None:
    watch = Watch(over_s=0.0, is_raised=True)
    assert judge(watch, HOT, Fact(91, 1_000.0), now_s=1_000.0)[1] == 1_300.0
    assert not worsens(watch, HOT, now_s=1_299.9) and worsens(watch, HOT, now_s=1_300.0)
    judge(watch, HOT, Fact(89, 1_100.0), now_s=1_100.0)
    assert not worsens(watch, HOT, now_s=1_400.0)


def test_what_has_never_been_is_more_than_any_limit() -> None:
    watch = Watch()
    assert judge(watch, SILENT, Fact(inf), now_s=5.0)[0] is Verdict.OVER
