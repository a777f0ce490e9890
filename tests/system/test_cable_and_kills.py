"""Cable out, processes killed: what was committed is at the hub exactly once, and a press still rings."""

import random
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page

from contract.events import Press
from contract.ids import CallId
from hub.calls.age import EXACT_WITHIN_S
from hub.console.ages import age_text
from hub.store.interface import CallRow
from tests.browser import screenshot
from tests.browser import wait_until as wait_on_page
from tests.village.desk import RINGING, hear_calls, heard_calls, operator
from tests.village.eyes import Committed, body_of, look, open_calls, owes_nothing, spool_of, wait_until
from tests.village.station import Station
from tests.village.village import PLACES, Village

OUTAGE_S: Final = 60.0
KILLS: Final = 3
AGE_MAX_ERROR_S: Final = 3.0  # of an age, on a machine so loaded that a press takes seconds to be seen
RANDOM: Final = random.Random(20261122)  # repeatable


def wait_for_samples(village: Village, station: Station) -> None:
    """Return when the hub holds the first samples of a station: everything works."""
    wait_until(lambda: bool(look(village, station.name).samples), what="the first samples")


def shows(station: Station, pattern: str) -> bool:
    """Whether the call lamp shows this."""
    return station.board.lamp.pattern.name == pattern


def kill_and_look(station: Station) -> Committed:
    """Kill `edge vitals` with drafts on disk, return what was committed by then, start it again."""
    wait_until(lambda: bool(spool_of(station).drafts), what="a draft is committed")
    station.vitals.kill()
    committed = spool_of(station)
    station.vitals.start()
    wait_until(station.answers, what="vitals runs again")
    return committed


def assert_all_there_once(village: Village, station: Station, seen: list[Committed]) -> None:
    """Return when the box owes nothing. Every record and draft of `seen` is then at the hub, exactly once."""
    seen = [*seen, spool_of(station)]
    wait_until(partial(owes_nothing, station), what="everything is at the hub", limit_s=180)
    stored = look(village, station.name)
    station.vitals.stop()
    last = spool_of(station)
    drafts = frozenset().union(*(one.drafts for one in seen[:-1]))  # the last ones are still being replaced
    assert {identity for one in seen for identity in one.records} <= stored.records
    assert stored.records <= set(last.records), "the hub holds records that the box never had"
    assert stored.doubled == 0
    kept = Counter(body_of(raw) for raw in last.records.values())
    assert all(kept[body] == 1 for body in drafts), "a committed draft did not become exactly one record"
    assert all(stored.bodies[body] == 1 for body in drafts), (
        "a recovered draft is not at the hub exactly once"
    )


@pytest.mark.timeout(400)
def test_a_minute_without_cable_and_three_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    with Village(tmp_path, PLACES[:1]) as village, operator(village) as page:
        station = village.stations[0]
        wait_for_samples(village, station)
        hear_calls(page)
        station.cable.pull()
        pulled_s = time.monotonic()
        seen, pressed_s, pressed_utc_s = [], 0.0, 0.0
        for kill in range(KILLS):
            pause_until(pulled_s + OUTAGE_S * (kill + RANDOM.uniform(0.3, 0.9)) / KILLS)
            seen.append(kill_and_look(station))
            if kill == 1:
                station.board.press()
                station.board.release()
                pressed_s, pressed_utc_s = time.monotonic(), time.time()
                wait_until(partial(shows, station, "FAST_BLINK"), what="registered")
        pause_until(pulled_s + OUTAGE_S)
        assert any(one.drafts for one in seen), "no draft was committed before a kill"
        assert not open_calls(village), "a press crossed a pulled cable"
        assert not heard_calls(page)
        station.cable.replug()
        assert_rings_with_its_age(page, station, pressed_utc_s)
        wait_until(lambda: len(open_calls(village)) == 1, what="the press at the hub")
        call = open_calls(village)[0]
        assert_all_there_once(village, station, seen)
        age_s = time.monotonic() - pressed_s
        assert abs(age_at_arrival_s(call) - (age_s - since_arrival_s(call))) < AGE_MAX_ERROR_S
        assert call_of_press(village, station) == call.call_id


@pytest.mark.timeout(400)
def test_hub_and_broker_killed_at_any_moment_come_back_and_nothing_is_lost(tmp_path: Path) -> None:
    with Village(tmp_path, PLACES[:2]) as village:
        for station in village.stations:
            wait_for_samples(village, station)
        presses = 0
        for turn in range(4):
            pause_until(time.monotonic() + RANDOM.uniform(0.2, 2.5))
            station = village.stations[turn % 2]
            station.board.press()  # in the middle of it
            station.board.release()
            presses += 1
            if turn % 2 == 0:
                village.hub.kill()
                pause_until(time.monotonic() + RANDOM.uniform(0.0, 1.5))
                village.start_hub()
            else:
                village.broker.kill()
                pause_until(time.monotonic() + RANDOM.uniform(0.0, 1.5))
                village.broker.start()
        for station in village.stations:
            assert_all_there_once(village, station, [])
            told = [event for _, event in look(village, station.name).events if isinstance(event, Press)]
            assert len(told) == presses / 2
        assert len(open_calls(village)) == 2, "one call a station; a second press nudges"


def assert_rings_with_its_age(page: Page, station: Station, pressed_utc_s: float) -> None:
    """Return when the page rings aloud for the press of `pressed_utc_s`, the station's lamp says so, and the
    page is right about how old the press is: in what the hub told it, and in words.
    """
    page.wait_for_selector(RINGING)
    wait_on_page(page, "() => document.body.console.ring.isRunning")
    wait_until(partial(shows, station, "DOUBLE_FLASH"), what="the lamp says that it rings")
    (call,) = heard_calls(page)
    assert call["earliest_ms"] is not None, "the page was told no bound of the age"
    assert call["latest_ms"] - call["earliest_ms"] <= EXACT_WITHIN_S * 1000
    pressed_s = time.clock_gettime(time.CLOCK_BOOTTIME) - (time.time() - pressed_utc_s)  # as the hub counts
    for time_ms in (call["earliest_ms"], call["latest_ms"]):
        assert abs(time_ms / 1000 - pressed_s) < AGE_MAX_ERROR_S
    before_s = time.time()
    text = page.inner_text(f"{RINGING} .ring-text")
    after_s = time.time()
    low_s, high_s = before_s - pressed_utc_s - AGE_MAX_ERROR_S, after_s - pressed_utc_s + AGE_MAX_ERROR_S
    assert low_s > 0.0, "the press did not wait"
    assert text in {f"gọi cách đây {age_text(age_s, say)}" for age_s in range(int(low_s), int(high_s) + 1)}
    screenshot(page, "rings-after-the-cable")


def say(key: str, /, **values: object) -> str:
    """The words of a page in Vietnamese."""
    return key.format(**values)


def pause_until(at_s: float) -> None:
    """Let time pass: an outage lasts as long as it lasts."""
    time.sleep(max(0.0, at_s - time.monotonic()))


def age_at_arrival_s(call: CallRow) -> float:
    """How old the press was when the box sent it, by the box's own clock."""
    assert call.boot == call.sent_boot
    return (call.sent_t_us - call.t_us) / 1e6


def since_arrival_s(call: CallRow) -> float:
    """How long the hub has had it."""
    return time.time() - call.received_utc_us / 1e6


def call_of_press(village: Village, station: Station) -> CallId:
    """The call named by the station's only press."""
    ((identity, _),) = [(i, e) for i, e in look(village, station.name).events if isinstance(e, Press)]
    return CallId(identity.station, identity.spool, identity.seq)
