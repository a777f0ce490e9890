"""Every deadline of a call is kept by the desk, and a hub that starts anew goes on where the last stood."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.ids import CallId, StationId
from hub.calls.call import ANYBODY, LIMITS, Given, Guest
from hub.calls.table import CLOSED_STATES, Input, State
from tests.integration.console.desk_calls import give, held, talk, wait_state, wait_still, wait_told
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

S = 1_000_000
RING = Given(input=Input.RING, by="Lan", ring="00112233445566aa")
TAKEN = (Given(input=Input.PROMISE, by="Lan"),)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("desk")) as server:
        server.call(lambda: server.rooms.open_page("Lan"))  # nobody is gone
        yield server


@pytest.fixture
def station(server: ConsoleServer, request: pytest.FixtureRequest) -> Iterator[ConsoleStation]:
    """A station of the test's own; its calls are put away afterwards."""
    name = StationId(f"s{abs(hash(request.node.name)) % 10**8}")
    yield ConsoleStation(server, name)
    for one in server.call(lambda: server.rooms.desk._keeping.book.at(name)):
        give(server, one.call_id, Input.CANCEL, by="Lan")
        give(server, one.call_id, Input.CLOSE, by="Lan")


def pressed(server: ConsoleServer, station: ConsoleStation) -> CallId:
    call = station.press()
    wait_for(lambda: held(server, call) is not None, "the call at the desk")
    return call


def brought(server: ConsoleServer, call: CallId, state: State) -> None:
    """Bring a call that was just pressed into a state, by Lan."""
    ways: dict[State, tuple[Input | Given, ...]] = {
        State.RECEIVED: (),
        State.OFFERED: (Input.SHOWN,),
        State.RINGING: (Input.SOUNDS,),
        State.CLAIMED: (Input.CLAIM,),
        State.CONNECTING: (Input.CLAIM, Input.JOINED),
        State.DROPPED: (Input.STALLED,),
        State.HELD: (Input.HOLD,),
        State.PARKED: (Input.PARK,),
        State.WRAP_UP: (Input.CLAIM, Input.END),
        State.MISSED: (Input.DUE,),
        State.CALLBACK: (Input.CLAIM, Input.END, *TAKEN),
        State.CALLING: (Input.CLAIM, Input.END, *TAKEN, RING),
        State.CANCELLED: (Input.CANCEL,),
    }
    if state is State.RINGING:
        server.call(lambda: server.rooms.desk.sounds(call, console="a"))
    elif state is State.ACTIVE or state in (State.DROPPED, State.HELD, State.PARKED):
        talk(server, call, by="Lan")
        if state is not State.ACTIVE:
            server.call(lambda: setattr(server.rooms.media._rooms[call], "_flowed_s", 0.0))
            assert give(server, call, *ways[state], by="Lan")
    else:
        assert give(server, call, *ways[state], by="Lan")
    wait_state(server, call, state)


@pytest.mark.parametrize(
    ("state", "limit_us", "after", "owner"),
    [
        (State.RECEIVED, LIMITS.missed_us, State.MISSED, None),
        (State.OFFERED, LIMITS.missed_us, State.MISSED, None),
        (State.CLAIMED, LIMITS.claim_us, State.OFFERED, None),
        (State.DROPPED, LIMITS.resume_us, State.CALLBACK, "Lan"),
        (State.HELD, LIMITS.hold_us, State.OFFERED, None),
        (State.PARKED, LIMITS.park_us, State.OFFERED, None),
        (State.CALLING, LIMITS.ring_us, State.CALLBACK, "Lan"),
    ],
)
def test_a_call_stays_as_it_is_until_its_time_is_over_and_no_longer(
    server: ConsoleServer,
    station: ConsoleStation,
    state: State,
    limit_us: int,
    after: State,
    owner: str | None,
) -> None:
    call = pressed(server, station)
    brought(server, call, state)
    now = held(server, call)
    assert now is not None
    due_us = now.call.missed_us if state in (State.RECEIVED, State.OFFERED) else now.call.due_us
    assert due_us is not None
    left_us = due_us - server.call(server.rooms.desk.line.now_us)
    assert limit_us - 5 * S < left_us <= limit_us
    server.ahead_s += (left_us - 3 * S) / 1e6 if left_us > 6 * S else 0.0
    wait_still(server, call, state)
    server.ahead_s += 3.1
    wait_state(server, call, after)
    now = held(server, call)
    assert now is not None
    assert now.row.owner == owner


def test_ways_of_setting_up_follow_one_another_and_at_last_the_number_is_told(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = pressed(server, station)
    brought(server, call, State.CONNECTING)

    def stage_is(stage: int) -> bool:
        now = held(server, call)
        return now is not None and (now.state, now.call.stage) == (State.CONNECTING, stage)

    server.ahead_s += 10.1
    wait_for(lambda: stage_is(1), "audio only")
    server.ahead_s += 10.1
    wait_for(lambda: stage_is(3), "the phone: without a TURN server there is no way by relay")
    server.ahead_s += 3_600.0
    wait_for(lambda: stage_is(3), "which its owner ends")


def test_who_was_asked_and_does_not_answer_in_time_is_asked_no_more(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = pressed(server, station)
    talk(server, call, by="Lan")
    assert give(server, call, Given(input=Input.ASK, by="Lan", to=ANYBODY, kind="second"))
    server.ahead_s += 20.1

    def is_over() -> bool:
        now = held(server, call)
        return now is not None and now.call.asked is None

    wait_for(is_over, "the question to be over")
    now = held(server, call)
    assert now is not None
    assert (now.state, now.row.owner) == (State.ACTIVE, "Lan")


def test_a_doctor_who_does_not_come_is_followed_by_the_next(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = pressed(server, station)
    talk(server, call, by="Lan")
    assert give(server, call, Given(input=Input.INVITE, by="Lan", to="BS An", then=("BS Bình",)))

    def guests() -> list[str]:
        now = held(server, call)
        return [] if now is None else [guest.name for guest in now.call.guests]

    assert guests() == ["BS An"]
    server.ahead_s += 30.1
    wait_for(lambda: guests() == ["BS Bình"], "the next of the roster")
    server.ahead_s += 30.1
    wait_for(lambda: guests() == [], "nobody")


def test_a_callback_that_is_overdue_is_said_and_a_wrap_up_is_reminded_of_once(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    owed, written = pressed(server, station), pressed(server, station)
    brought(server, owed, State.CALLBACK)
    brought(server, written, State.WRAP_UP)

    def overdue(call: CallId) -> int:
        now = held(server, call)
        return -1 if now is None else now.call.overdue

    server.ahead_s += 120.1
    wait_for(lambda: (overdue(owed), overdue(written)) == (1, 1), "both to be overdue")
    server.ahead_s += 600.1
    wait_for(lambda: overdue(owed) == 2, "the callback to be said again")
    assert overdue(written) == 1


@pytest.mark.parametrize("state", [state for state in State if state not in CLOSED_STATES])
def test_a_hub_that_starts_anew_takes_a_call_up_in_every_state(tmp_path: Path, state: State) -> None:
    with ConsoleServer(tmp_path) as first:
        first.call(lambda: first.rooms.open_page("Lan"))
        call = pressed(first, ConsoleStation(first, "con-dao-01"))
        brought(first, call, state)
        before = held(first, call)
        assert before is not None
    with ConsoleServer(tmp_path) as second:
        second.call(lambda: second.rooms.open_page("Lan"))
        one = held(second, call)
        assert one is not None
        rings_no_more = state is State.RINGING  # no console confirms it any more
        wait_state(second, call, State.OFFERED if rings_no_more else state)
        after = held(second, call)
        assert after is not None
        assert (after.row.owner, after.call.ring) == (before.row.owner, before.call.ring)
        near_us = S if state is State.RECEIVED else 0  # which nobody has written down yet: by UTC
        assert abs(after.received_us - before.received_us) <= near_us
        if after.call.due_us is not None and state is not State.CALLBACK:
            left_us = after.call.due_us - second.call(second.rooms.desk.line.now_us)
            assert left_us > (LIMITS.of_state(after.call) or 0) - 10 * S, "nobody could do anything meanwhile"
        if state in (State.CLAIMED, State.HELD, State.MISSED):
            wait_told(second, call, {State.HELD: "held", State.MISSED: "missed"}.get(state, "claimed"))


def test_a_ringing_call_has_its_whole_time_again_after_the_hub_was_away(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as first:
        call = pressed(first, ConsoleStation(first, "con-dao-01"))
        brought(first, call, State.OFFERED)
        first.ahead_s += 100.0
        wait_state(first, call, State.OFFERED)
    with ConsoleServer(tmp_path, ahead_s=100.0) as second:
        second.ahead_s += 90.0
        wait_still(second, call, State.OFFERED)
        assert give(second, call, Input.CLAIM, by="Minh")


def test_what_a_station_did_while_no_desk_was_there_is_done_when_there_is_one(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as first:
        station = ConsoleStation(first, "con-dao-01")
        cancelled, raised, pressed_again = (pressed(first, station) for _ in range(3))
        give(first, cancelled, Input.CLAIM, by="Lan")
        give(first, pressed_again, Input.CLAIM, by="Lan")
        give(first, pressed_again, Input.END, *TAKEN, by="Lan")

        incoming = first.rooms.desk._incoming
        first.call(lambda: setattr(incoming, "hear", lambda _: False))  # nobody is at the desk
        station.step(cancelled, "cancelled")
        station.hold(raised)
        station.press(nudges=pressed_again.seq)

        def is_stored() -> bool:
            async def count() -> int:
                reads = first.rooms.hub.run_read
                return len(await reads(lambda store: store.events(station.records.station, newest=99)))

            return bool(first.run(count) >= 8)

        wait_for(is_stored, "all of it on disk")
        wait_state(first, cancelled, State.CLAIMED)
    with ConsoleServer(tmp_path) as second:
        second.call(lambda: second.rooms.open_page("Lan"))
        wait_state(second, cancelled, State.CANCELLED)
        wait_state(second, pressed_again, State.RECEIVED)

        def is_emergency() -> bool:
            now = held(second, raised)
            return now is not None and now.call.is_emergency

        wait_for(is_emergency, "the emergency")
    with ConsoleServer(tmp_path) as third:  # and once only: Lan has taken it up since
        for call in (cancelled, pressed_again):
            assert held(third, call) is not None
        lines = third.run(lambda: third.rooms.desk.journal(cancelled))
        assert [line.input for line in lines] == ["CLAIM", "CANCEL"]


@pytest.mark.parametrize("stepped_s", [-3 * 86_400.0, 3_600.0])
def test_a_hub_clock_that_is_set_changes_no_age_and_no_deadline(
    server: ConsoleServer, station: ConsoleStation, stepped_s: float
) -> None:
    call = station.press(waited_s=60.0)
    wait_for(lambda: held(server, call) is not None, "the call at the desk")
    brought(server, call, State.OFFERED)

    def age_s() -> float:
        now = held(server, call)
        assert now is not None
        age: float = now.age_now(now_us=server.call(server.rooms.desk.line.now_us)).at_least_s
        return age

    before = held(server, call)
    assert before is not None
    assert 59.0 < age_s() < 75.0
    server.clock.stepped_us += round(stepped_s * 1e6)
    server.ahead_s += 30.0
    assert 89.0 < age_s() < 110.0
    after = held(server, call)
    assert after is not None
    assert after.call == before.call
    assert give(server, call, Input.CLAIM, Input.END, by="Lan")
    lines = server.run(lambda: server.rooms.desk.journal(call))
    took_s = (lines[-1].utc_us - before.row.received_utc_us) / 1e6
    assert 29.0 < took_s < 50.0, "the journal's times lie as far apart as they were"


def test_a_hub_that_restarts_after_its_clock_was_set_knows_how_old_a_press_is(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as first:
        call = pressed(first, ConsoleStation(first, "con-dao-01"))
        brought(first, call, State.OFFERED)
        before = held(first, call)
    with ConsoleServer(tmp_path) as second:
        second.clock.stepped_us = -86_400 * S
        after = held(second, call)
        assert before is not None and after is not None
        assert after.received_us == before.received_us
        age_s = after.age_now(now_us=second.call(second.rooms.desk.line.now_us)).at_least_s
        assert 0.0 <= age_s < 60.0


def test_the_guest_that_is_there_has_no_deadline(server: ConsoleServer, station: ConsoleStation) -> None:
    call = pressed(server, station)
    talk(server, call, by="Lan")
    ask = Given(input=Input.ASK, by="Lan", to="Minh", kind="second")
    assert give(server, call, ask, Given(input=Input.SECONDED, by="Minh"))
    server.ahead_s += 3_600.0
    now = held(server, call)
    assert now is not None
    assert now.call.guests == (Guest("Minh", "second"),)
