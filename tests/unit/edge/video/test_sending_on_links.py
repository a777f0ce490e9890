"""A whole sender over links in virtual time: what the controller is for, in literal seconds."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from statistics import fmean

import pytest

from tests.simulators.links.known import (
    BUFFERBLOAT_TCP_512K,
    FLOOR_64K,
    MICROWAVE_OUTAGE,
    RFC51_1M,
    RFC54_2FLOWS_700K,
    VSAT_256_64,
)
from tests.simulators.links.profile import Burst, Profile, TcpFlow, Way, steady
from tests.simulators.sending.calls import Run, run
from tests.simulators.sending.report import Report, report

SEEDS = 4  # of what chance has much to say in
BACK = steady(500e3, delay_s=0.05)


def link(up: Way, *, seconds: float, down: Way = BACK) -> Profile:
    return Profile(name="a test's", up=up, down=down, seconds=seconds)


@cache
def ran(profile: Profile) -> tuple[Run, Report]:
    result = run(profile)
    return result, report(result)


def targets(result: Run, from_s: float, to_s: float) -> list[int]:
    return [one.target_bps for one in result.calls[0].samples if from_s <= one.at_s < to_s]


@pytest.mark.parametrize(
    ("bps", "delay_s", "loss"), [(64e3, 0.1, 0.0), (64e3, 0.3, 0.0), (100e3, 0.15, 0.02), (300e3, 0.05, 0.0)]
)
def test_a_narrow_link_is_used_but_not_filled(bps: float, delay_s: float, loss: float) -> None:
    _, told = ran(link(steady(bps, delay_s=delay_s, queue_s=1.0, loss=loss), seconds=30.0))
    assert told.utilisation > 0.83
    assert told.queue_p50_ms < 90
    assert told.queue_p95_ms < 230


def test_the_poorest_link_is_not_flooded_at_the_start() -> None:
    result, told = ran(replace(FLOOR_64K, seconds=20.0))
    assert max(one.started_s - one.arrived_s for one in result.passed if one.started_s is not None) < 0.6
    assert told.frozen_s[0] < 1.0
    assert told.lost == 0.0


def test_a_wide_link_is_found_in_seconds() -> None:
    profile = link(steady(2e6, delay_s=0.05), seconds=12.0)
    runs = [report(run(profile, seed=seed)) for seed in range(4)]
    assert max(one.starts_s for one in runs) < 6.0
    assert fmean(one.queue_p95_ms for one in runs) < 65


def test_a_satellite_is_found_within_seconds_whatever_it_loses() -> None:
    result, told = ran(link(steady(1e6, delay_s=0.3, loss=0.05), seconds=20.0))
    assert told.starts_s < 10.0
    assert min(targets(result, 10.0, 20.0)) > 600_000


def test_a_step_up_is_found_within_six_seconds_and_a_step_down_drained_within_two() -> None:
    _, told = ran(RFC51_1M)
    assert max(told.up_s) <= 6.0
    assert max(told.drain_s) <= 2.0
    assert told.queue_p95_ms < 90
    assert told.utilisation > 0.78


def test_what_is_on_its_way_is_limited_so_that_a_fall_to_a_tenth_drains_at_once() -> None:
    up = Way(rate=((0.0, 900e3), (15.0, 90e3)), delay_s=0.1, queue_bytes=60_000)
    result, told = ran(link(up, seconds=22.0))
    before = max(targets(result, 14.0, 15.2)) / 90e3  # so many times what the link then carries
    assert max(told.drain_s) <= 0.5 * before  # what left before the first word of it takes 0.3 of them
    waits = [one.started_s - one.arrived_s for one in result.passed if one.started_s and one.arrived_s > 15.0]
    assert max(waits) < 0.35 * before


def test_room_is_found_by_trains_where_the_picture_asks_for_little() -> None:
    profile = link(steady(1e6, delay_s=0.05), seconds=12.0)
    result = run(profile, most_bps=60e3)
    assert max(targets(result, 8.0, 12.0)) > 600_000
    assert report(result).utilisation < 0.2


def test_trains_that_find_nothing_are_rare() -> None:
    result, told = ran(replace(FLOOR_64K, seconds=20.0))
    assert 5 <= result.calls[0].padding_count < 60
    assert told.padding_share < 0.06


def test_after_an_outage_voice_is_back_in_half_a_second_and_the_picture_in_one() -> None:
    result, told = ran(replace(MICROWAVE_OUTAGE, seconds=45.0))
    assert max(told.voice_back_s) <= 0.5
    assert max(told.picture_back_s) <= 1.0
    assert told.frozen_s[0] < 11.2
    out = [one.at_s for one in result.calls[0].samples if one.is_out]
    assert 25.9 < min(out) < 26.5
    assert 34.9 < max(out) < 35.4
    assert min(targets(result, 38.0, 45.0)) > 300_000
    kept = [one for one in result.passed if 26.5 < one.arrived_s < 35.0 and one.fate == "delivered"]
    assert len(kept) < 60  # what looks for life: nothing that would be said ten seconds late


def test_the_end_of_a_fade_is_found_within_three_seconds() -> None:
    up = Way(rate=((0.0, 500e3), (12.0, 50e3), (16.0, 500e3)), delay_s=0.06, queue_s=1.0)
    result, _ = ran(link(up, seconds=22.0))
    assert max(targets(result, 13.0, 16.0)) < 200_000
    assert max(targets(result, 16.0, 19.0)) > 300_000


def test_a_tenth_lost_without_a_queue_is_no_sign() -> None:
    up = Way(rate=((0.0, 500e3),), delay_s=0.05, loss=0.1, queue_s=0.5)
    runs = [run(link(up, seconds=25.0), seed=seed) for seed in range(SEEDS)]
    assert fmean(sorted(targets(one, 8.0, 25.0))[17] for one in runs) > 330_000  # a tenth of them is lower
    assert fmean(report(one).queue_p95_ms for one in runs) < 120


def test_bursts_of_loss_are_no_sign_either() -> None:
    up = Way(rate=((0.0, 200e3),), delay_s=0.1, burst=Burst(to_bad=0.005, to_good=0.245), queue_s=1.0)
    runs = [run(link(up, seconds=25.0), seed=seed) for seed in range(SEEDS)]
    assert fmean(report(one).utilisation for one in runs) > 0.85


def test_a_queue_too_short_to_be_seen_does_not_overflow_all_the_time() -> None:
    short = link(steady(200e3, delay_s=0.05, queue_s=0.06), seconds=25.0)
    runs = [report(run(short, seed=seed)) for seed in range(SEEDS)]
    assert fmean(one.lost for one in runs) < 0.08
    assert fmean(one.utilisation for one in runs) > 0.8


@pytest.mark.parametrize("queue_s", [0.3, 1.0])
def test_under_somebody_elses_upload_a_share_is_held(queue_s: float) -> None:
    profile = replace(
        BUFFERBLOAT_TCP_512K,
        up=replace(BUFFERBLOAT_TCP_512K.up, queue_s=queue_s),
        tcp=(TcpFlow(begins_s=10.0, ends_s=30.0, control="cubic"),),
        seconds=35.0,
    )
    result, told = ran(profile)
    assert min(targets(result, 15.0, 30.0)) >= 60_000
    assert sum(targets(result, 15.0, 30.0)) / 150 >= 80_000
    assert told.utilisation > 0.4


def test_what_is_held_is_given_up_when_the_upload_ends() -> None:
    profile = replace(BUFFERBLOAT_TCP_512K, tcp=(TcpFlow(begins_s=5.0, ends_s=15.0, control="cubic"),))
    result, _ = ran(replace(profile, seconds=28.0))
    assert min(targets(result, 25.0, 28.0)) > 300_000


def test_two_calls_share_a_link_also_when_one_comes_later() -> None:
    _, told = ran(RFC54_2FLOWS_700K)
    assert told.fairness is not None
    assert told.fairness >= 0.95
    assert told.utilisation > 0.85
    assert told.queue_p95_ms < 110


def test_minutes_over_a_satellite() -> None:
    result, told = ran(replace(VSAT_256_64, seconds=120.0))
    assert not any(one.is_out for one in result.calls[0].samples)
    assert told.utilisation > 0.8
    assert told.queue_p95_ms < 120
    assert told.concealed[0] < 0.02


def test_repairs_in_advance_spare_a_satellite_the_pauses_of_a_round_trip() -> None:
    profile = replace(VSAT_256_64, seconds=60.0)
    with_repairs, without = (
        sum(report(run(profile, seed=seed, has_repairs=has_repairs)).frozen_s[0] for seed in (0, 1, 2))
        for has_repairs in (True, False)
    )
    assert with_repairs < 9.0
    assert with_repairs < 0.35 * without


def test_nothing_is_sent_in_advance_where_nothing_is_lost() -> None:
    profile = replace(FLOOR_64K, seconds=20.0)
    assert run(profile).passed == run(profile, has_repairs=False).passed


BAD_DAY = Profile(  # fades and outages, an upload each quarter of an hour
    name="bad_day",
    up=Way(
        rate=(
            *((0.0, 180e3), (40.0, 64e3), (70.0, 0.0), (73.0, 120e3), (110.0, 30e3), (125.0, 250e3)),
            *((180.0, 0.0), (195.0, 90e3)),
        ),
        repeat_s=240.0,
        delay_s=0.12,
        jitter_s=0.02,
        loss=0.01,
        queue_s=1.0,
    ),
    down=steady(64e3, delay_s=0.12, queue_s=1.0, loss=0.01),
    tcp=(TcpFlow(begins_s=300.0, ends_s=345.0, control="cubic"),),
    seconds=600.0,
)


def test_a_bad_day_is_lived_through() -> None:
    result, told = ran(BAD_DAY)
    call = result.calls[0]
    pauses = [later - earlier for earlier, later in zip(call.voice_s, call.voice_s[1:], strict=False)]
    assert max(pauses) < 16.5  # the outage is of 15 s
    assert told.utilisation > 0.7
    assert told.lost < 0.06
    assert len([at_s for at_s in call.decoded_s if at_s > 570.0]) > 100


def test_the_same_call_comes_out_the_same() -> None:
    profile = replace(FLOOR_64K, seconds=5.0)
    assert run(profile).passed == run(profile).passed


def test_beside_vitals_a_film_on_the_poorest_link_does_not_stand_still() -> None:
    runs = [
        report(run(FLOOR_64K, seconds=40.0, seed=seed, is_film=True, has_vitals=True)) for seed in range(3)
    ]
    assert fmean(one.frozen_s[0] for one in runs) < 4.0
    assert fmean(one.fps[0] for one in runs) > 5.0
    assert fmean(one.utilisation for one in runs) > 0.85


def test_of_two_tracks_one_is_always_seen_in_a_dip_and_soon_after_an_outage() -> None:
    rate = ((0.0, 1.5e6), (20.0, 400e3), (24.0, 1.5e6), (36.0, 0.0), (40.0, 1.5e6))
    way = replace(steady(1.5e6, delay_s=0.05, queue_s=0.6, loss=0.02), rate=rate)
    for seed in range(2):
        result = run(link(way, seconds=50.0), seed=seed, has_high=True)
        call = result.calls[0]
        seen = pairwise(one for one in call.decoded_s if one > 1.0)
        pauses = [(before_s, after_s - before_s) for before_s, after_s in seen if after_s - before_s > 0.9]
        assert [round(at_s) for at_s, _ in pauses] == [36], "the outage"
        assert pauses[0][1] < 5.0
        assert call.high_count > 400, "and while there is room it is the high one"
