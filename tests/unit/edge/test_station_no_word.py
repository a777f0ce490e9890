"""A station whose hub has fallen silent: nobody is said to ring or to listen who may not be there."""

import pytest

from contract.ids import SpoolId, VisitNo, spool_text
from contract.media import Join
from contract.signals import HubCallState
from edge.call.lamps import CALL_LAMP, lamp_of
from edge.call.prompts_due import Prompt, PromptsDue
from edge.call.station_call import FLOW_S, HOTLINE_S, NO_WORD_S, StationCall
from edge.call.station_table import State
from edge.call.video_messages import CallNow, FromHub
from edge.call.video_relay import VideoRelay
from tests.unit.edge.station_calls import NOW_S, pressed, received, registered, says, step

PERISHABLE: dict[HubCallState, State] = {
    "ringing": State.RINGING,
    "claimed": State.CLAIMED,
    "held": State.HELD,
}
SPOOL = SpoolId(0x0123456789ABCDEF)
VISIT_1 = VisitNo(1)


@pytest.mark.parametrize("word", PERISHABLE)
def test_what_only_the_hub_can_know_holds_no_longer_than_its_word(word: HubCallState) -> None:
    call = registered()
    says(call, 5, word, 3, "Lan")
    call.tick(now_s=NOW_S + NO_WORD_S - 0.01)
    assert call.state is PERISHABLE[word]
    call.tick(now_s=NOW_S + NO_WORD_S)
    assert (call.state, call.claimed_by, step(call)) == (State.NO_WORD, None, "kept")
    assert lamp_of(call) == CALL_LAMP[State.KEPT] != CALL_LAMP[PERISHABLE[word]]
    assert call.hotline_at_s == NOW_S + HOTLINE_S  # as long after the last word as after a press
    assert call.next_s is None


@pytest.mark.parametrize("word", PERISHABLE)
def test_each_word_of_the_hub_is_good_for_another_fifteen_seconds(word: HubCallState) -> None:
    call = registered()
    for count in range(100):
        says(call, 5, word, 3, "Lan", now_s=NOW_S + 5 * count)
        call.tick(now_s=NOW_S + 5 * count + 4)
        assert call.state is PERISHABLE[word]
    says(call, 5, word, 2, "Lan", now_s=NOW_S + 510)  # late, and no word of now
    call.tick(now_s=NOW_S + 495 + NO_WORD_S)
    assert call.state is State.NO_WORD


@pytest.mark.parametrize("word", PERISHABLE)
def test_the_next_word_brings_the_true_state_back_also_when_nothing_has_changed(word: HubCallState) -> None:
    for revision in (3, 4):
        call = registered()
        says(call, 5, word, 3, "Lan")
        call.tick(now_s=NOW_S + 60)
        step(call)
        assert says(call, 5, "ringing", 2, now_s=NOW_S + 61) is None  # an older one is none
        assert says(call, 5, word, revision, "Lan", now_s=NOW_S + 61) == word
        assert call.state is PERISHABLE[word]
        assert call.claimed_by == ("Lan" if word != "ringing" else None)
        assert (call.hotline_at_s, call.next_s) == (None, NOW_S + 61 + NO_WORD_S)


def test_what_is_on_the_hubs_disk_is_there_however_long_it_says_nothing() -> None:
    call = registered()
    received(call, 5)
    says(call, 5, "offered", 1)
    call.tick(now_s=NOW_S + 10_000)
    assert (call.state, step(call)) == (State.AT_HUB, None)


def test_while_packets_flow_somebody_is_heard_although_the_hub_is_away() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    for at_s in range(0, 300, 5):
        call.media_flows(now_s=NOW_S + at_s)
        call.tick(now_s=NOW_S + at_s + 4.9)
        assert (call.state, call.claimed_by) == (State.CLAIMED, "Lan")
    call.tick(now_s=NOW_S + 295 + FLOW_S)
    assert call.state is State.NO_WORD


def test_packets_make_no_answered_call_of_one_that_is_none() -> None:
    words: tuple[HubCallState, ...] = ("ringing", "held")
    for word in words:
        call = registered()
        says(call, 5, word, 1, "Lan")
        call.media_flows(now_s=NOW_S + 14)
        call.tick(now_s=NOW_S + NO_WORD_S)
        assert call.state is State.NO_WORD
        call.media_flows(now_s=NOW_S + 16)
        assert (call.state, call.next_s) == (State.NO_WORD, None)


def test_in_the_silence_the_button_the_hub_and_the_nurse_are_heard_as_ever() -> None:
    def silent() -> StationCall:
        call = registered()
        says(call, 5, "claimed", 1, "Lan")
        call.tick(now_s=NOW_S + NO_WORD_S)
        step(call)
        return call

    call = silent()
    pressed(call, 6)
    assert (call.state, call.nudges) == (State.NO_WORD, [6])
    received(call, 5, 6)
    call.link_came(now_s=NOW_S + 20)
    assert call.state is State.NO_WORD  # until the hub says how it is
    event = call.call_to_raise(5)
    assert event is not None
    call.raised(event, 7, now_s=NOW_S + 20)
    assert (call.state, call.is_raised) == (State.NO_WORD, True)
    assert says(call, 5, "callback", 2) == "at the hub"
    call = silent()
    call.cancel(now_s=NOW_S + 20)
    assert call.state is State.IDLE


def test_the_silence_and_its_end_are_said_each_time() -> None:
    call = registered()
    prompts = PromptsDue(call)

    def due() -> list[Prompt]:
        return prompts.after(call, call.take_told())

    for at_s in (0, 100):
        call.hub_says(5, "ringing", revision=1, by=None, now_s=NOW_S + at_s)
        assert due() == [Prompt.RINGING]
        call.tick(now_s=NOW_S + at_s + NO_WORD_S)
        assert due() == [Prompt.NO_WORD]
        call.tick(now_s=NOW_S + at_s + 60)
        assert due() == []


def test_in_the_silence_nobody_sees_the_station_and_its_owner_does_again() -> None:
    relay, call = VideoRelay(SPOOL), registered()
    says(call, 5, "claimed", 1, "Lan")
    relay.on_call(call)
    join = Join(spool=spool_text(SPOOL), call_seq=5, page="a" * 16, leg="b" * 16)
    relay.from_hub(join, visit=VISIT_1)
    call.tick(now_s=NOW_S + NO_WORD_S)
    step(call)
    now, leave = relay.on_call(call)
    assert isinstance(now, CallNow)
    assert not now.is_claimed
    assert isinstance(leave, FromHub)
    assert leave.signal["signal"] == "leave"
    says(call, 5, "claimed", 1, "Lan")
    _, again = relay.on_call(call)
    assert isinstance(again, FromHub)
    assert (again.signal["signal"], again.signal["page"]) == ("join", "a" * 16)
    call.tick(now_s=NOW_S + 2 * NO_WORD_S)
    step(call)
    relay.on_call(call)
    says(call, 5, "claimed", 2, "Hoa")
    assert [type(one) for one in relay.on_call(call)] == [CallNow]  # the page was Lan's
