"""The hub calls a station, and asks it for practice: real store and ingest, the station is words."""

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from contract.events import HubRang, PracticeKind, PracticeMode
from contract.ids import CallId
from contract.signals import AnySignal, CallState, Practice, RingStation
from hub.calls.call import LIMITS, Given
from hub.calls.table import Input, State
from hub.store.interface import StoreFailedError
from tests.integration.console.desk_calls import give, held, wait_state, wait_still
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

RING_S = LIMITS.ring_us / 1e6


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path) as server:
        server.call(lambda: [server.rooms.open_page(name) for name in ("Lan", "Minh")])
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> ConsoleStation:
    return ConsoleStation(server, "con-dao-01")


def ring(server: ConsoleServer, station: ConsoleStation, by: str = "Lan", *, emergency: bool = False) -> str:
    desk, name = server.rooms.desk, station.records.station
    return str(server.run(lambda: desk.ring_station(name, by, is_emergency=emergency)))


def heard(server: ConsoleServer, *, over: bool = False) -> RingStation:
    """Wait until the station hears a ring, or its end; return the last such word."""

    def is_it(_: str, signal: AnySignal) -> bool:
        return isinstance(signal, RingStation) and (signal.lease_s == 0.0) is over

    server.wait_signal(is_it)
    told = [signal for _, signal in server.signals if isinstance(signal, RingStation)]
    return [one for one in told if (one.lease_s == 0.0) is over][-1]


def owed(server: ConsoleServer, station: ConsoleStation) -> CallId:
    """A call that Lan owes the station."""
    call = station.press()
    wait_for(lambda: held(server, call) is not None, "the call at the desk")
    assert give(server, call, Input.CLAIM, Input.END, Input.PROMISE, by="Lan")
    return call


def rang(station: ConsoleStation, ring: str, outcome: str) -> None:
    station.tell(HubRang.model_validate({"ring": ring, "outcome": outcome, "by": "Lan"}))


def test_a_callback_rings_the_station_and_the_press_that_accepts_it_is_the_same_call(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = owed(server, station)
    assert ring(server, station) == ""
    wait_state(server, call, State.CALLING)
    told = heard(server)
    assert (told.by, told.lease_s, told.call_seq, told.is_emergency) == ("Lan", 12.0, call.seq, None)
    assert told.practice is None
    before = len([one for one in server.signals if isinstance(one[1], RingStation)])
    server.ahead_s += 4.1
    wait_for(
        lambda: len([one for one in server.signals if isinstance(one[1], RingStation)]) > before,
        "the ring to be said again",
    )
    station.press(nudges=call.seq, answers=told.ring)
    wait_state(server, call, State.CLAIMED)
    now = held(server, call)
    assert now is not None
    assert (now.row.owner, now.call.ring) == ("Lan", None)
    assert heard(server, over=True).ring == told.ring
    assert len(server.call(server.rooms.desk.open_calls)) == 1


def test_a_ring_of_a_drill_says_that_it_is_practice_and_so_does_its_end(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press(practice="drill")
    wait_for(lambda: held(server, call) is not None, "the drill at the desk")
    assert give(server, call, Input.CLAIM, Input.END, by="Lan")
    assert ring(server, station) == ""
    wait_state(server, call, State.CALLING)
    told = heard(server)
    assert (told.call_seq, told.practice) == (call.seq, "drill")
    assert server.run(lambda: server.rooms.desk.rings.stop(station.records.station, "Lan")) == ""
    assert heard(server, over=True).practice == "drill"


@pytest.mark.parametrize("outcome", ["declined", "unanswered"])
def test_a_ring_that_is_not_accepted_was_a_try_and_the_call_stays_owed(
    server: ConsoleServer, station: ConsoleStation, outcome: str
) -> None:
    call = owed(server, station)
    ring(server, station)
    rang(station, heard(server).ring, outcome)
    wait_state(server, call, State.CALLBACK)
    now = held(server, call)
    assert now is not None
    assert (now.call.tries, now.row.owner) == (1, "Lan")
    lines = server.run(lambda: server.rooms.desk.journal(call))
    assert f'"said": "{outcome}"' in lines[-1].detail
    rang(station, "ff" * 8, outcome)  # of another ring: nothing
    assert ring(server, station) == ""


def test_a_ring_that_could_not_be_written_down_is_over_although_it_was_said(
    server: ConsoleServer, station: ConsoleStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = owed(server, station)
    rings = server.rooms.desk.rings

    async def says_it_and_fails(*_: object) -> NoReturn:
        rings.say()  # as the desk does beside it
        raise StoreFailedError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(rings, "_apply", says_it_and_fails)
        with pytest.raises(StoreFailedError):
            ring(server, station)
    assert heard(server).ring == heard(server, over=True).ring
    assert server.call(lambda: rings.of(call.station)) is None
    assert ring(server, station) == ""
    wait_state(server, call, State.CALLING)


def test_a_ring_ends_by_itself_and_by_whoever_rang(server: ConsoleServer, station: ConsoleStation) -> None:
    call, name = owed(server, station), station.records.station
    ring(server, station)
    first = heard(server).ring
    assert server.run(lambda: server.rooms.desk.rings.stop(name, "Minh")) != ""
    assert server.run(lambda: server.rooms.desk.rings.stop(name, "Lan")) == ""
    wait_state(server, call, State.CALLBACK)
    assert heard(server, over=True).ring == first
    ring(server, station)
    wait_state(server, call, State.CALLING)
    server.ahead_s += RING_S + 0.1
    wait_state(server, call, State.CALLBACK)
    assert heard(server, over=True).ring != first


def test_an_operator_calls_a_station_that_owes_him_nothing_and_the_press_is_a_call_of_his(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    assert ring(server, station, "Minh", emergency=True) == ""
    told = heard(server)
    assert (told.by, told.call_seq, told.is_emergency) == ("Minh", None, True)
    assert ring(server, station, "Lan") == "Minh rings the station"
    call = station.press(answers=told.ring)
    wait_state(server, call, State.CLAIMED)
    now = held(server, call)
    assert now is not None
    assert now.row.owner == "Minh"
    assert heard(server, over=True).ring == told.ring
    assert ring(server, station, "Lan") == "the station has a call, and it is CLAIMED"


def test_a_ring_of_nothing_is_over_after_its_time_or_by_the_stations_word(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    rings, name = server.rooms.desk.rings, station.records.station
    ring(server, station)
    rang(station, heard(server).ring, "declined")
    wait_for(lambda: server.call(lambda: rings.of(name)) is None, "the ring to be over")
    ring(server, station)
    server.ahead_s += RING_S + 0.1
    wait_for(lambda: server.call(lambda: rings.of(name)) is None, "the ring to be over")


def test_a_press_that_answers_a_ring_which_the_hub_has_forgotten_rings_for_everybody(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press(answers="00112233445566aa")
    wait_state(server, call, State.RECEIVED)


def test_a_hub_that_starts_anew_goes_on_ringing_for_the_call_that_it_owes(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as first:
        station = ConsoleStation(first, "con-dao-01")
        call = owed(first, station)
        ring(first, station)
        name = heard(first).ring
    with ConsoleServer(tmp_path) as second:
        wait_state(second, call, State.CALLING)
        assert heard(second).ring == name


def test_a_press_that_lost_its_call_and_answers_its_ring_leaves_the_old_call_owed(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = owed(server, station)
    ring(server, station)
    again = station.press(answers=heard(server).ring)  # the box does not know the call any more
    wait_state(server, again, State.CLAIMED)
    wait_state(server, call, State.CALLBACK)
    heard(server, over=True)
    desk = server.rooms.desk
    lines = [server.run(lambda: desk.journal(again))[-1], server.run(lambda: desk.journal(call))[-1]]
    assert [(line.input, line.by) for line in lines] == [("CLAIM", "Lan"), ("END", "Lan")]
    assert all('"rules": true' in line.detail for line in lines)  # in her name, and by nobody's hand


# Practice


def practise(server: ConsoleServer, station: ConsoleStation, kind: PracticeKind | None = "drill") -> None:
    desk, name = server.rooms.desk, station.records.station
    server.run(lambda: desk.practise(name, kind, "Lan", lease_s=300.0))


def practices(server: ConsoleServer) -> list[Practice]:
    return [signal for _, signal in server.signals if isinstance(signal, Practice)]


def test_practice_is_asked_for_until_the_station_has_it_and_taken_back_until_it_has_heard_that(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    practise(server, station)
    (told,) = practices(server)
    assert (told.kind, told.by) == ("drill", "Lan")
    assert 299.0 < told.lease_s <= 300.0
    server.ahead_s += 5.1
    wait_for(lambda: len(practices(server)) == 2, "it to be said again")
    assert practices(server)[1].name == told.name
    station.tell(PracticeMode(kind="drill", is_on=True, why="asked"))
    name = station.records.station
    wait_for(lambda: server.call(lambda: server.rooms.desk.rings.practice(name)).is_on, "the answer")
    server.ahead_s += 5.1
    practise(server, station, None)
    assert [one.lease_s for one in practices(server)][2:] == [0.0]
    station.tell(PracticeMode(kind="drill", is_on=False, why="over"))
    wait_for(lambda: server.call(lambda: server.rooms.desk.rings.practice(name)) is None, "its end")


def test_a_button_test_is_closed_at_once_and_the_station_is_told_that_it_is_over(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press(practice="test")
    server.wait_signal(
        lambda _, signal: (
            isinstance(signal, CallState) and (signal.call_seq, signal.state) == (call.seq, "ended")
        )
    )
    lines = server.run(lambda: server.rooms.desk.journal(call))
    assert [(line.input, line.to_state) for line in lines] == [("TESTED", "CLOSED")]
    assert held(server, call) is None


def test_a_drill_that_nobody_answers_is_closed_and_is_on_no_list(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press(practice="drill")
    wait_state(server, call, State.RECEIVED)
    server.ahead_s += 60.0
    wait_still(server, call, State.RECEIVED)
    now = held(server, call)
    assert now is not None
    assert now.call.rung == 0, "it is not escalated"
    server.ahead_s += 60.1
    wait_state(server, call, None)
    lines = server.run(lambda: server.rooms.desk.journal(call))
    assert [line.input for line in lines] == ["PRACTICE_OVER"]


def test_a_drill_that_is_taken_back_is_on_no_list(server: ConsoleServer, station: ConsoleStation) -> None:
    call = station.press(practice="drill")
    wait_state(server, call, State.RECEIVED)
    station.step(call, "cancelled")
    wait_state(server, call, None)


@pytest.mark.parametrize("does_nudge", [True, False])
def test_a_real_press_ends_the_drill_at_once_and_rings(
    server: ConsoleServer, station: ConsoleStation, does_nudge: bool
) -> None:
    drill = station.press(practice="drill")
    wait_state(server, drill, State.RECEIVED)
    give(server, drill, Input.CLAIM, by="Lan")
    station.press(nudges=drill.seq if does_nudge else None)
    wait_state(server, drill, None)
    real = drill._replace(seq=drill.seq + 1)
    wait_state(server, real, State.RECEIVED)
    now = held(server, real)
    assert now is not None
    assert now.call.practice is None


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_real_press_elsewhere_ends_the_drill_of_those_who_are_asked_to_answer_it(
    server: ConsoleServer, station: ConsoleStation, is_answered: bool
) -> None:
    server.account("Lan")
    wait_for(lambda: "Lan" in server.rooms.routing.accounts, "the hub to know that Lan may answer")
    drill = station.press(practice="drill")
    wait_state(server, drill, State.RECEIVED)
    if is_answered:
        give(server, drill, Input.CLAIM, by="Lan")
    other = ConsoleStation(server, "ly-son", spool=0xB0C7)
    test = other.press(practice="test")
    wait_state(server, test, None)
    assert held(server, drill) is not None, "a test needs nobody"
    real = other.press()
    wait_state(server, drill, None)
    lines = server.run(lambda: server.rooms.desk.journal(drill))
    assert lines[-1].input == "PRACTICE_OVER"
    wait_state(server, real, State.RECEIVED)


def test_a_held_button_makes_a_drill_real(server: ConsoleServer, station: ConsoleStation) -> None:
    drill = station.press(practice="drill")
    wait_state(server, drill, State.RECEIVED)
    station.hold(drill)

    def is_real() -> bool:
        now = held(server, drill)
        return now is not None and now.call.practice is None and now.call.is_emergency

    wait_for(is_real, "the drill to be an emergency")
    server.ahead_s += 120.1
    wait_state(server, drill, State.MISSED)


def test_a_whole_drill_is_a_whole_call(server: ConsoleServer, station: ConsoleStation) -> None:
    drill = station.press(practice="drill")
    wait_state(server, drill, State.RECEIVED)
    assert give(server, drill, Input.CLAIM, Input.JOINED, Input.FLOWS, Input.END, by="Lan")
    wait_state(server, drill, State.WRAP_UP)
    assert give(server, drill, Given(input=Input.CLOSE, by="Lan"))
