from math import inf

import pytest

from contract.events import AnchorSet, Conditions, DeviceState, LeadState, Owed, Status
from hub.alerts.facts import AT_REST, OF_HEARING, QUANTITIES, Fact, StationFacts, fact
from hub.alerts.rules import BUILT_IN
from hub.alerts.station_facts import station_facts
from hub.alerts.watch import Verdict, Watch, judge
from hub.fleet.presence import Presence, Word
from hub.live.station_now import StationNow
from tests.unit.hub.live.station_events import BOARD, UTC_US, S, next_person, tell, visit_now

STATUS = Status(
    owed={"1": Owed(records=3, oldest_age_s=7.0), "2": Owed(records=90, oldest_age_s=600.0)},
    spool_bytes=10, disk_free_bytes=20, round_trip_ms=250, frames_damaged=0, samples_lost=0, refused=0,
)  # fmt: skip
NOW_S = 5_000.0  # of the hub's line, when the box's boot stands at 100 s


def known(now: StationNow, *, age_s: float | None = 1.0, hears_since_s: float | None = 0.0) -> StationFacts:
    there = Presence(Word.NEVER if age_s is None else Word.LIVE, age_s, False, {})
    return station_facts(
        now,
        there,
        hears_since_s=hears_since_s,
        pressed_utc_us=None,
        copied=None,
        now_s=NOW_S,
        now_utc_us=UTC_US + 100 * S,
    )


def test_of_a_station_that_was_never_heard_nothing_is_known() -> None:
    assert known(StationNow(), age_s=None) == StationFacts()


def test_silence_counts_from_when_it_was_heard_while_the_hub_could_hear() -> None:
    assert known(StationNow(), age_s=600.0).silent == Fact(since_s=4_400.0)
    assert known(StationNow(), age_s=600.0, hears_since_s=None).silent is None
    assert known(StationNow(), age_s=600.0, hears_since_s=4_900.0).silent == Fact(
        since_s=4_900.0, is_floor=True
    )


def test_a_status_says_how_the_box_was_when_it_was_made() -> None:
    now = StationNow()
    tell(now, STATUS, 40.0)
    facts = known(now)
    assert facts.owed_age is not None and facts.owed_age.told_s == pytest.approx(NOW_S - 60.0, abs=0.1)
    values = (
        facts.owed_age.value,
        fact(facts, "owed_count"),
        fact(facts, "disk_free"),
        fact(facts, "round_trip"),
    )
    assert values[0] == 600.0
    assert [one.value for one in values[1:] if isinstance(one, Fact)] == [93.0, 20.0, 0.25]
    assert facts.temperature is None  # no status says it yet


def test_what_the_machine_says_of_itself_is_a_fact_of_its_moment() -> None:
    now = StationNow()
    said = {"cpu_c": 83.5, "power": "low", "clock_off_ms": -90_000, "disk_mb": 1_000}
    tell(now, STATUS.model_copy(update={**said, "disk_free_bytes": 250_000_000}), 40.0)
    facts = known(now)
    names = ("temperature", "under_voltage", "clock_offset", "disk_free_share")
    found = [fact(facts, name) for name in names]
    assert [one.value for one in found if isinstance(one, Fact)] == [83.5, 1.0, 90.0, 0.25]
    tell(now, STATUS.model_copy(update={"power": "was low"}), 50.0)
    over = fact(known(now), "under_voltage")
    assert isinstance(over, Fact)
    assert over.value == 0.0
    assert over.told_s == pytest.approx(NOW_S - 50.0, abs=0.1)


def test_a_box_whose_time_nothing_says_is_as_unsure_as_can_be() -> None:
    now = StationNow()
    tell(now, STATUS, 40.0)
    assert known(now).clock_unsure is not None and known(now).clock_unsure.value == inf  # type: ignore[union-attr]
    tell(now, AnchorSet(boot=1, t_us=41 * S, utc_us=UTC_US + 41 * S, err_us=30_000, source="hub"), 42.0)
    tell(now, STATUS, 43.0)
    unsure = known(now).clock_unsure
    assert unsure is not None and 0 < unsure.value < 1


def test_electrodes_are_off_only_while_somebody_is_seen() -> None:
    now = StationNow()
    tell(now, LeadState(device=BOARD, off=(0,)), 10.0)
    assert known(now).leads_off == Fact(told_s=NOW_S - 1.0)
    next_person(now, 2, 50.0)
    assert now.visit == visit_now(2, 50.0)
    off = known(now).leads_off
    assert off is not None and off.since_s == pytest.approx(NOW_S - 50.0, abs=0.1)
    assert off.about == BOARD
    tell(now, LeadState(device=BOARD, off=()), 60.0)
    assert known(now).leads_off == Fact(told_s=NOW_S - 1.0)


def test_a_device_that_is_gone_or_broken_is_so_since_it_was_said() -> None:
    now = StationNow()
    streams(now)
    tell(now, Conditions(device=BOARD, on=("device fault",)), 20.0)
    fault = known(now).device_fault
    assert fault is not None and fault.since_s == pytest.approx(NOW_S - 80.0, abs=0.1)
    tell(now, DeviceState(device=BOARD, state="gone"), 30.0)
    gone = known(now).device_gone
    assert gone is not None and gone.since_s == pytest.approx(NOW_S - 70.0, abs=0.1)
    assert known(now).device_fault == Fact(told_s=NOW_S - 1.0)


def streams(now: StationNow) -> None:
    from contract.events import Stream, StreamSet

    ecg = Stream(stream=0, mdc=131329, label="I", shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV")
    tell(now, StreamSet(set_no=1, device=BOARD, streams=(ecg,)), 5.0)


def test_nothing_is_the_matter_with_a_station_that_is_no_more() -> None:
    for rule in BUILT_IN.values():
        if not QUANTITIES[rule.looks_at].is_of_hub:
            assert judge(Watch(), rule, fact(AT_REST, rule.looks_at), now_s=1e9)[0] is Verdict.CLEAR


def test_only_facts_of_hearing_are_others_because_a_station_was_heard() -> None:
    now = StationNow()
    tell(
        now, STATUS.model_copy(update={"cpu_c": 60.0, "power": "low", "clock_off_ms": 5, "disk_mb": 9}), 40.0
    )
    before, after = known(now, age_s=9.0), known(now, age_s=0.0)
    others = {name for name in StationFacts.__slots__ if fact(before, name) != fact(after, name)}
    assert others == OF_HEARING
