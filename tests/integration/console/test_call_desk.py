"""Calls from a press on disk to the word that ends it: real store and ingest, the clock in our hand."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.header import crc32c
from contract.ids import CallId, RecordClass
from contract.signals import CallState, Interest
from hub.calls.call import LIMITS, Given
from hub.calls.news import News
from hub.calls.table import Input, State
from tests.integration.console.desk_calls import give, held, on_disk, talk, wait_state, wait_still, wait_told
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

MISSED_S = LIMITS.missed_us / 1e6


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path) as server:
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> ConsoleStation:
    return ConsoleStation(server, "con-dao-01")


def wait_nudged(server: ConsoleServer, call: CallId) -> None:
    def is_nudged() -> bool:
        now = held(server, call)
        return now is not None and now.row.nudges == 1

    wait_for(is_nudged, "the nudge to be counted")


def wait_seen(server: ConsoleServer, call: CallId) -> None:
    """Wait until the desk has seen the owner's page by the clock of now."""

    def is_seen() -> bool:
        now = held(server, call)
        seen_us = 0 if now is None else now.owner_seen_us
        return bool(server.call(server.rooms.desk.line.now_us) - seen_us < 1_500_000)

    wait_for(is_seen, "the owner's page to be seen")


def test_a_press_is_offered_rings_is_claimed_and_ended_and_the_station_is_told_each_step(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    server.call(lambda: server.rooms.desk.shown(call))
    wait_state(server, call, State.OFFERED)
    server.call(lambda: server.rooms.desk.sounds(call, console="a"))
    wait_state(server, call, State.RINGING)
    assert give(server, call, Input.CLAIM, Input.JOINED, Input.FLOWS, Input.END, by="Lan")
    told = [wait_told(server, call, state) for state in ("offered", "ringing", "claimed", "ended")]
    assert [one.revision for one in told] == sorted({one.revision for one in told})
    assert [one.by for one in told] == [None, None, "Lan", "Lan"]
    wait_state(server, call, State.WRAP_UP)
    assert give(server, call, Input.CLOSE, by="Lan")
    wait_state(server, call, None)


def test_everything_that_is_done_to_a_call_is_in_its_journal_with_who_and_why(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    station.press(nudges=call.seq)
    wait_nudged(server, call)
    give(server, call, Input.CLAIM, Input.HOLD, by="Lan")  # nobody holds what has not begun
    give(server, call, Input.END, by="Lan")
    server.run(
        lambda: server.rooms.desk.give(
            call, Given(input=Input.CLOSE, by="Lan"), detail={"reason": "Trạm không cần nữa"}
        )
    )
    lines = server.run(lambda: server.rooms.desk.journal(call))
    assert [(line.by, line.input, line.from_state, line.to_state) for line in lines] == [
        (None, "PRESSED_AGAIN", "RECEIVED", "RECEIVED"),
        ("Lan", "CLAIM", "RECEIVED", "CLAIMED"),
        ("Lan", "END", "CLAIMED", "WRAP_UP"),
        ("Lan", "CLOSE", "WRAP_UP", "CLOSED"),
    ]
    assert json.loads(lines[-1].detail) == {"reason": "Trạm không cần nữa"}
    assert json.loads(lines[1].detail) == {"owner": "Lan"}
    assert [line.utc_us for line in lines] == sorted(line.utc_us for line in lines)
    assert server.call(lambda: server.rooms.desk.refused["HOLD"]) == 1


def test_a_call_asks_for_live_vitals_until_it_is_over(server: ConsoleServer, station: ConsoleStation) -> None:
    call = station.press()
    server.wait_signal(lambda _, signal: isinstance(signal, Interest) and signal.lease_s == 30.0)
    give(server, call, Input.CLAIM, Input.END, by="Lan")
    server.ahead_s += 6.0
    server.wait_signal(lambda _, signal: isinstance(signal, Interest) and signal.lease_s == 0.0)


def test_nobody_answers_and_the_call_is_missed_and_then_somebody_owes_a_callback(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    server.ahead_s += MISSED_S + 0.1
    wait_state(server, call, State.MISSED)
    wait_told(server, call, "missed")
    assert give(server, call, Input.TAKE, by="Minh")
    assert wait_told(server, call, "callback").by == "Minh"
    assert give(server, call, Input.CLOSE, by="Minh")
    wait_state(server, call, None)


def test_the_lamp_goes_back_when_the_last_console_that_sounds_has_gone(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    server.call(lambda: server.rooms.desk.sounds(call, console="a"))
    wait_state(server, call, State.RINGING)
    server.ahead_s += 13.0
    wait_state(server, call, State.OFFERED)
    server.call(lambda: server.rooms.desk.sounds(call, console="b"))
    wait_state(server, call, State.RINGING)


@pytest.mark.parametrize(("waited_s", "state"), [(590.0, State.RECEIVED), (610.0, State.CALLBACK)])
def test_a_press_that_waited_rings_only_when_it_is_young_enough(
    server: ConsoleServer, station: ConsoleStation, waited_s: float, state: State
) -> None:
    call = station.press(waited_s=waited_s)
    wait_state(server, call, state)
    now = held(server, call)
    assert now is not None
    assert waited_s - 0.1 < now.age.at_least_s < waited_s + 9.0


def test_the_station_cancels_and_the_call_stays_until_somebody_has_seen_it(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    station.step(call, "cancelled")
    wait_state(server, call, State.CANCELLED)
    wait_told(server, call, "cancelled")
    assert give(server, call, Input.CLOSE, by="Lan")
    wait_state(server, call, None)


def test_a_press_that_meets_the_end_of_a_call_is_a_call_of_its_own_and_the_stations_echo_ends_nothing(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    give(server, call, Input.CLAIM, Input.END, by="Lan")
    wait_told(server, call, "ended")
    station.press(nudges=call.seq)  # the box had not heard of the end
    again = call._replace(seq=call.seq + 1)
    wait_state(server, again, State.RECEIVED)
    station.step(call, "ended")
    station.step(again, "ended")  # of what it heard by mistake: who presses does not hang up
    wait_for(lambda: server.call(lambda: not server.rooms.desk._incoming.to_read), "the steps to be read")
    wait_state(server, again, State.RECEIVED)
    wait_state(server, call, State.WRAP_UP)


def test_a_second_press_counts_while_it_rings_and_is_one_new_call_when_the_call_was_over(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    station.press(nudges=call.seq)

    wait_nudged(server, call)
    give(server, call, Input.CLAIM, Input.END, Input.CLOSE, by="Lan")
    wait_state(server, call, None)
    station.press(nudges=call.seq)
    again = call._replace(seq=call.seq + 2)
    wait_state(server, again, State.RECEIVED)
    wait_for(lambda: server.call(lambda: not server.rooms.desk._incoming.news), "the news to be applied")
    assert [one.row.call_id for one in server.call(server.rooms.desk.open_calls)] == [again]


def test_a_press_that_was_counted_rings_although_the_call_was_closed_before_the_desk_heard_of_it(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    give(server, call, Input.CLAIM, Input.END, Input.CLOSE, by="Lan")
    wait_state(server, call, None)
    press = call._replace(seq=99)  # which the store counted before
    news = News(input=Input.PRESSED_AGAIN, call_id=call, press=press)
    server.call(lambda: server.rooms.desk._incoming.news.append(news))
    server.call(server.rooms.desk._awake.set)
    wait_state(server, call, State.RECEIVED)


def test_a_press_that_this_hub_cannot_read_rings_at_once(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    newer = bytes((99,)) + station.records.press()[1:-4]
    station.deliver(RecordClass.CALL, [newer + crc32c(newer).to_bytes(4, "little")])
    wait_state(server, call._replace(seq=call.seq + 1), State.RECEIVED)


@pytest.mark.parametrize("state", ["ACTIVE", "HELD"])
def test_an_answered_call_rings_again_when_its_owner_has_had_no_page_for_a_minute(
    server: ConsoleServer, station: ConsoleStation, state: str
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    close_page = server.call(lambda: server.rooms.open_page("Lan"))
    talk(server, call, by="Lan")
    server.ahead_s += 3_600.0
    wait_seen(server, call)
    if state == "HELD":
        give(server, call, Input.HOLD, by="Lan")
    wait_state(server, call, State[state])
    server.call(close_page)
    server.ahead_s += 45.0  # and what this machine takes
    wait_still(server, call, State[state])
    server.ahead_s += 17.0
    wait_state(server, call, State.OFFERED)
    wait_told(server, call, "offered")
    now = held(server, call)
    assert now is not None
    assert now.row.owner is None


def test_a_second_press_rings_at_once_when_who_claimed_the_call_is_gone_and_not_when_they_are_there(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    def is_counted(nudges: int) -> bool:
        now = held(server, call)
        has_news = bool(server.call(lambda: len(server.rooms.desk._incoming.news)))
        return now is not None and now.row.nudges == nudges and not has_news

    call = station.press()
    wait_state(server, call, State.RECEIVED)
    close_page = server.call(lambda: server.rooms.open_page("Lan"))
    talk(server, call, by="Lan")
    server.ahead_s += 6.0
    station.press(nudges=call.seq)
    wait_for(lambda: is_counted(1), "the press to be counted")
    wait_state(server, call, State.ACTIVE)
    wait_seen(server, call)
    server.call(close_page)
    server.ahead_s += 6.0
    station.press(nudges=call.seq)
    wait_state(server, call, State.OFFERED)
    server.ahead_s += MISSED_S + 0.1
    wait_state(server, call, State.MISSED)


def test_a_store_that_fails_silences_no_ring_and_what_happened_meanwhile_is_done_later(
    server: ConsoleServer, station: ConsoleStation, caplog: pytest.LogCaptureFixture
) -> None:
    ringing, cancelled = station.press(), station.press()
    wait_state(server, ringing, State.RECEIVED)
    wait_state(server, cancelled, State.RECEIVED)
    server.call(lambda: server.rooms.desk.sounds(ringing, console="a"))
    wait_state(server, ringing, State.RINGING)
    on_disk(
        server, "CREATE TEMP TRIGGER full BEFORE UPDATE ON call BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    server.ahead_s += 13.0
    station.step(cancelled, "cancelled")
    wait_for(lambda: "all calls stay as they are: store" in caplog.text, "the desk to try")
    wait_for(lambda: server.call(lambda: len(server.rooms.desk._incoming.news)) == 1, "the step to wait")
    wait_state(server, ringing, State.RINGING)
    on_disk(server, "DROP TRIGGER temp.full")
    wait_state(server, ringing, State.OFFERED)
    wait_state(server, cancelled, State.CANCELLED)


def test_a_store_that_cannot_be_read_ends_nothing_and_the_next_press_rings(
    server: ConsoleServer, station: ConsoleStation, caplog: pytest.LogCaptureFixture
) -> None:
    first = station.press()
    wait_state(server, first, State.RECEIVED)
    on_disk(server, "ALTER TABLE call RENAME TO torn_out")
    server.ahead_s += 61.0  # the desk reads the whole list now and then
    wait_for(lambda: "all calls stay as they are: store" in caplog.text, "the desk to look")
    on_disk(server, "ALTER TABLE torn_out RENAME TO call")
    second = station.press()
    wait_state(server, second, State.RECEIVED)
    wait_state(server, first, State.RECEIVED)


def test_what_the_table_does_not_know_is_refused_and_changes_nothing(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    before = held(server, call)
    assert before is not None
    assert not give(server, call, Input.END, by="Lan")
    assert not give(server, call._replace(seq=999), Input.CLAIM, by="Lan")
    after = held(server, call)
    assert after is not None
    assert after.row == before.row


def test_a_station_that_says_hello_hears_how_its_call_ended(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    give(server, call, Input.CLAIM, Input.END, Input.CLOSE, by="Lan")
    wait_told(server, call, "ended")
    server.signals.clear()
    station.hello(open_call=call.seq)
    wait_told(server, call, "ended")


def test_a_call_that_the_hub_does_not_know_is_called_unknown_but_not_before_its_press_had_time_to_come(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    station.hello(open_call=77)
    call = CallId(station.records.station, station.records.spool, 77)
    saying = server.rooms.desk._keeping.saying
    wait_for(lambda: bool(server.call(saying.asked)), "the question to be heard")
    assert not [one for one in server.signals if isinstance(one[1], CallState)]
    server.ahead_s += 11.0
    wait_told(server, call, "unknown")


def test_what_could_not_be_said_while_the_broker_was_away_is_said_when_it_is_back(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    server.set_broker(is_there=False)
    give(server, call, Input.CLAIM, Input.END, Input.CLOSE, by="Lan")
    assert not [one for one in server.signals if isinstance(one[1], CallState)]
    server.set_broker(is_there=True)
    wait_told(server, call, "ended")
