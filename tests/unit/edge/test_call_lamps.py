from edge.call.hub_ring import RingState
from edge.call.lamps import CALL_LAMP, CHIME, CHIRP_MAX_MS, CHIRPS, DARK, PRACTICE_LAMP, chime_of, lamp_of
from edge.call.prompts_due import Prompt, PromptsDue
from edge.call.station_call import KEPT_S, StationCall
from edge.call.station_table import State
from firmware_bridge.board.messages import OutputPattern
from tests.unit.edge.station_calls import NOW_S, RING, pressed, registered, ring, rings


def test_each_state_has_its_own_lamp_and_only_idle_is_dark() -> None:
    assert set(CALL_LAMP) == set(State)
    assert CALL_LAMP[State.NO_WORD] == CALL_LAMP[State.KEPT]  # there is no link, and the call is safe
    assert len({*CALL_LAMP.values(), PRACTICE_LAMP}) == len(State)
    assert [state for state, look in CALL_LAMP.items() if look.pattern is OutputPattern.OFF] == [State.IDLE]


def test_the_buzzer_sounds_for_a_bounded_time_and_chimes_only_while_the_hub_calls() -> None:
    assert all(0 < chirp.ms <= CHIRP_MAX_MS for chirp in CHIRPS.values())
    assert {Prompt.REGISTERED, Prompt.AT_HUB, Prompt.ANSWERED} <= set(CHIRPS)
    assert {state for state, look in CHIME.items() if look != DARK} == {
        RingState.CHIMES,
        RingState.ANNOUNCED,
    }
    for call in (StationCall(), registered()):
        assert chime_of(call) == DARK
        rings(call, ring())
        assert chime_of(call) != DARK
        call.decline(now_s=NOW_S)
        assert chime_of(call) == DARK


def test_a_ring_for_a_call_that_waits_looks_like_any_ring_until_it_is_over_or_somebody_has_the_call() -> None:
    call = registered()
    rings(call, ring())
    assert lamp_of(call) == CALL_LAMP[State.CHIMING]
    call.decline(now_s=NOW_S)
    assert lamp_of(call) == CALL_LAMP[State.REGISTERED]
    call = registered()
    rings(call, ring())
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=NOW_S)
    assert lamp_of(call) == CALL_LAMP[State.CLAIMED]


def test_practice_is_marked_before_and_after_its_press_and_a_real_press_takes_the_mark_away() -> None:
    call = StationCall()
    call.practise("drill", by="station", now_s=NOW_S)
    assert lamp_of(call) == PRACTICE_LAMP
    pressed(call, 5)
    assert lamp_of(call) == PRACTICE_LAMP
    pressed(call, 6)
    assert lamp_of(call) == CALL_LAMP[State.REGISTERED]


class Saying:
    """A call, and what its changes make due."""

    def __init__(self, call: StationCall | None = None) -> None:
        self.call = call or StationCall()
        self._due = PromptsDue(self.call)

    def due(self) -> list[Prompt]:
        return self._due.after(self.call, self.call.take_told())

    def hub(self, state: str, revision: int, seq: int = 5) -> list[Prompt]:
        self.call.hub_says(seq, state, revision=revision, by="Lan", now_s=NOW_S)  # type: ignore[arg-type]
        return self.due()


def test_each_change_is_said_once() -> None:
    one = Saying()
    pressed(one.call, 5)
    assert one.due() == [Prompt.REGISTERED]
    assert one.due() == []
    one.call.tick(now_s=NOW_S + KEPT_S)
    assert one.due() == [Prompt.KEPT]
    one.call.link_came(now_s=NOW_S + 9)
    assert one.due() == []
    assert one.hub("offered", 1) == [Prompt.AT_HUB]
    assert one.hub("ringing", 2) == [Prompt.RINGING]
    assert one.hub("offered", 3) == []
    assert one.hub("ringing", 4) == []
    assert one.hub("claimed", 5) == [Prompt.ANSWERED]
    assert one.hub("held", 6) == [Prompt.HELD]
    assert one.hub("claimed", 7) == [Prompt.ANSWERED]
    pressed(one.call, 6)
    assert one.due() == []
    assert one.hub("ended", 8) == [Prompt.ENDED, Prompt.REGISTERED]  # its nudge is the next call


def test_a_cancelled_call_and_a_raised_one_are_said() -> None:
    one = Saying()
    pressed(one.call, 5)
    one.due()
    event = one.call.call_to_raise(5)
    assert event is not None
    one.call.raised(event, 6, now_s=NOW_S)
    assert one.due() == [Prompt.RAISED]
    one.call.cancel(now_s=NOW_S)
    assert one.due() == [Prompt.CANCELLED]
    event = one.call.call_to_raise(5)
    assert event is not None
    one.call.raised(event, 7, now_s=NOW_S)
    assert one.due() == [Prompt.RAISED]


def test_a_ring_of_the_hub_is_said_once_however_often_it_is_repeated() -> None:
    one = Saying()
    rings(one.call, ring())
    assert one.due() == [Prompt.HUB_CALLS]
    rings(one.call, ring(), now_s=NOW_S + 4)
    assert one.due() == []
    rings(one.call, ring(is_emergency=True), may_answer=True, now_s=NOW_S + 5)
    assert one.due() == [Prompt.AUTO_ANSWER]
    pressed(one.call, 5)
    assert one.due() == []  # she has answered a call, not made one
    assert one.hub("claimed", 1) == [Prompt.ANSWERED]


def test_an_announcement_is_cut_by_nothing_but_the_end_of_its_ring() -> None:
    one = Saying(registered())
    rings(one.call, ring(is_emergency=True), may_answer=True)
    assert one.due() == [Prompt.AUTO_ANSWER]
    assert one.hub("offered", 1) == []
    assert one.hub("ringing", 2) == []
    assert one.hub("claimed", 3) == [Prompt.ANSWERED]


def test_practice_is_said_and_a_test_that_came_through() -> None:
    one = Saying()
    one.call.practise("test", by="Lan", name=RING, now_s=NOW_S)
    assert one.due() == [Prompt.PRACTICE_TEST]
    pressed(one.call, 5)
    assert one.due() == [Prompt.REGISTERED]
    assert one.hub("ended", 1) == [Prompt.PRACTICE_OK]
    one.call.practise("drill", by="station", now_s=NOW_S)
    assert one.due() == [Prompt.PRACTICE_DRILL]


def test_what_a_restart_finds_is_not_said_again() -> None:
    call = registered()
    rings(call, ring())
    assert Saying(call).due() == []
