from contract.ids import BootId
from contract.times import Anchor, Source
from edge.live.station_time import SURE_US, StationTime

UTC_US = 1_795_000_000_000_000


def anchor(t_us: int, utc_us: int, err_us: int, source: Source = "hub") -> Anchor:
    return Anchor(BootId(1), t_us, utc_us, err_us, source)


def test_before_anybody_said_so_nobody_knows_what_time_it_is() -> None:
    assert StationTime().now(now_us=5).utc_us is None
    assert not StationTime().now(now_us=5).is_sure


def test_the_best_word_counts_and_a_worse_one_changes_nothing() -> None:
    time = StationTime()
    time.learn(anchor(0, UTC_US + 90_000_000, 300_000_000, "rtc"))
    assert time.now(now_us=0).utc_us == UTC_US + 90_000_000
    assert not time.now(now_us=0).is_sure
    time.learn(anchor(1_000_000, UTC_US + 1_000_000, 50_000))
    assert time.now(now_us=2_000_000).utc_us == UTC_US + 2_000_000
    assert time.now(now_us=2_000_000).is_sure
    time.learn(anchor(2_000_000, UTC_US, 60_000_000, "staff"))
    assert time.now(now_us=2_000_000).utc_us == UTC_US + 2_000_000


def test_a_small_correction_moves_no_clock_under_a_page_and_a_large_one_is_told() -> None:
    time = StationTime()
    time.learn(anchor(0, UTC_US, 100_000))
    step_no = time.step_no
    time.learn(anchor(1_000_000, UTC_US + 1_000_000 + 200_000, 50_000))
    assert (time.step_no, time.now(now_us=1_000_000).utc_us) == (step_no, UTC_US + 1_000_000)
    time.learn(anchor(2_000_000, UTC_US + 2_000_000 + 700_000, 20_000))
    assert (time.step_no, time.now(now_us=2_000_000).utc_us) == (step_no + 1, UTC_US + 2_700_000)


def test_what_a_crystal_drifts_makes_an_old_word_unsure() -> None:
    time = StationTime()
    time.learn(anchor(0, UTC_US, 100_000))
    assert time.now(now_us=60 * 60 * 1_000_000).is_sure
    assert not time.now(now_us=SURE_US * 10_000).is_sure
