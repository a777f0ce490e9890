from itertools import product

import pytest

from contract.ranges import SeqRanges
from contract.signals import HubCallState
from edge.call.lamps import CALL_LAMP
from edge.call.station_call import TRANSITIONS, Input, State, StationCall
from edge.errors import IllegalInputError
from firmware_bridge.board.messages import OutputPattern


def registered(seq: int = 5) -> StationCall:
    call = StationCall()
    call.press(seq)
    return call


def says(call: StationCall, seq: int, state: HubCallState, revision: int, by: str | None = None) -> object:
    return call.hub_says(seq, state, revision=revision, by=by)


def test_a_call_from_press_to_end() -> None:
    call = registered()
    assert (call.state, call.call_seq) == (State.REGISTERED, 5)
    assert call.receipt() == "at the hub"
    assert says(call, 5, "offered", 1) is None
    assert says(call, 5, "ringing", 2) == "ringing"
    assert says(call, 5, "claimed", 3, "Lan") == "claimed"
    assert call.claimed_by == "Lan"
    assert says(call, 5, "ended", 4) == "ended"
    assert StationCall() == StationCall(call.state, call.call_seq, claimed_by=call.claimed_by)


@pytest.mark.parametrize(("state", "input_"), sorted({*product(State, Input)} - {*TRANSITIONS}, key=str))
def test_every_pair_outside_the_table_is_refused(state: State, input_: Input) -> None:
    call = StationCall(state=state, call_seq=None if state is State.IDLE else 5)
    with pytest.raises(IllegalInputError):
        call._apply(input_)
    assert call.state is state


def test_a_second_press_nudges_and_the_call_stays_what_it_is() -> None:
    call = registered()
    says(call, 5, "ringing", 1)
    call.press(6)
    assert (call.state, call.call_seq, call.nudges) == (State.RINGING, 5, [6])


def test_a_receipt_that_comes_late_changes_nothing() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    assert call.receipt() is None
    assert call.state is State.CLAIMED


@pytest.mark.parametrize("state", ["missed", "callback", "offered"])
def test_a_call_that_nobody_took_is_kept_at_the_hub(state: HubCallState) -> None:
    call = registered()
    says(call, 5, "ringing", 1)
    assert says(call, 5, state, 2) == "at the hub"


def test_an_operator_who_lets_go_is_not_shown_any_more() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    assert says(call, 5, "ringing", 2) == "ringing"
    assert (call.state, call.claimed_by) == (State.RINGING, None)


def test_an_older_or_repeated_revision_is_ignored() -> None:
    call = registered()
    says(call, 5, "claimed", 7, "Lan")
    assert says(call, 5, "offered", 6) is None
    assert says(call, 5, "ended", 7) is None
    assert call.state is State.CLAIMED


def test_on_a_new_connection_the_hub_may_count_revisions_from_the_start() -> None:
    call = registered()
    says(call, 5, "claimed", 7, "Lan")
    call.forget_revision()
    assert says(call, 5, "offered", 1) == "at the hub"


def test_a_hub_that_does_not_know_the_call_changes_nothing() -> None:
    call = registered()
    assert says(call, 5, "unknown", 9) is None
    assert says(call, 5, "ringing", 1) == "ringing"


def test_a_call_that_is_not_open_here_is_refused() -> None:
    call = registered()
    with pytest.raises(IllegalInputError, match="call 4; open here is 5"):
        says(call, 4, "ringing", 1)
    assert call.state is State.REGISTERED


def test_a_nudge_that_the_hub_took_for_a_call_is_the_call() -> None:
    call = registered()
    says(call, 5, "claimed", 7, "Lan")
    call.press(6)
    call.press(7)
    assert says(call, 6, "offered", 1) == "at the hub"
    assert (call.state, call.call_seq, call.nudges, call.claimed_by) == (State.AT_HUB, 6, [7], None)
    with pytest.raises(IllegalInputError):
        says(call, 5, "ended", 8)


def test_a_call_ended_while_offline_gives_way_to_the_press_that_the_hub_does_not_have() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    call.press(6)
    assert says(call, 5, "ended", 2) == "ended"
    assert (call.state, call.call_seq) == (State.REGISTERED, 6)
    assert call.receipt() == "at the hub"
    assert says(call, 6, "ringing", 1) == "ringing"


def test_a_nudge_that_the_hub_had_when_it_ended_the_call_opens_none() -> None:
    call = registered()
    call.press(6)
    call.nudges_received(SeqRanges([(1, 6)]))
    assert says(call, 5, "ended", 2) == "ended"
    assert call.state is State.IDLE


def test_a_nudge_that_crossed_the_end_of_the_call_is_adopted_when_the_hub_names_it() -> None:
    call = registered()
    call.press(6)
    call.nudges_received(SeqRanges([(1, 6)]))
    says(call, 5, "ended", 2)
    assert says(call, 6, "offered", 1) == "at the hub"
    assert (call.state, call.call_seq) == (State.AT_HUB, 6)


def test_a_restart_between_the_end_and_the_hubs_word_of_the_nudge_keeps_its_lamp() -> None:
    call = registered()
    call.press(6)
    call.nudges_received(SeqRanges([(1, 6)]))
    says(call, 5, "ended", 2)
    after = StationCall.restored(call.saved())
    assert (after.state, after.call_seq) == (State.IDLE, None)
    assert says(after, 6, "offered", 1) == "at the hub"
    assert (after.state, after.call_seq) == (State.AT_HUB, 6)


def test_an_old_nudge_that_ended_does_not_wake_an_idle_lamp() -> None:
    call = registered()
    call.press(6)
    call.nudges_received(SeqRanges([(1, 6)]))
    says(call, 5, "ended", 2)
    with pytest.raises(IllegalInputError):
        says(call, 6, "ended", 3)
    assert call.state is State.IDLE


def test_a_press_after_the_end_is_a_new_call_with_its_own_revisions() -> None:
    call = registered()
    says(call, 5, "ended", 9)
    call.press(8)
    assert (call.call_seq, call.nudges) == (8, [])
    assert says(call, 8, "ringing", 1) == "ringing"


def test_the_nurse_cancels_an_open_call_and_only_an_open_one() -> None:
    call = registered()
    call.press(6)
    assert call.cancel() == "cancelled"
    assert (call.state, call.call_seq, call.nudges) == (State.IDLE, None, [])
    with pytest.raises(IllegalInputError):
        call.cancel()


def test_what_is_saved_comes_back() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    call.press(6)
    call.nudges_received(SeqRanges([(6, 6)]))
    call.press(7)
    assert StationCall.restored(call.saved()).saved() == call.saved()
    after = StationCall.restored(call.saved())
    assert (after.state, after.call_seq, after.nudges) == (State.CLAIMED, 5, [6, 7])
    assert after.nudges_at_hub == [6]


def test_no_operator_s_name_is_saved_and_the_hub_says_it_again() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    assert "Lan" not in str(call.saved())
    after = StationCall.restored(call.saved())
    assert says(after, 5, "claimed", 1, "Lan") is None
    assert after.claimed_by == "Lan"


def test_an_idle_call_saves_nothing() -> None:
    assert StationCall().saved() is None
    assert StationCall.restored(None).state is State.IDLE


def test_each_state_has_its_own_lamp_and_only_idle_is_dark() -> None:
    assert set(CALL_LAMP) == set(State)
    assert len(set(CALL_LAMP.values())) == len(State)
    assert [state for state, lamp in CALL_LAMP.items() if lamp is OutputPattern.OFF] == [State.IDLE]


OLD = "0123456789abcdef"


def left_behind() -> StationCall:
    """A call whose spool is a former one by now."""
    call = registered()
    call.left_behind(OLD)
    return call


def test_a_call_of_a_former_spool_goes_on_under_its_old_name() -> None:
    call = StationCall.restored(left_behind().saved())
    assert (call.state, call.call_seq, call.spool) == (State.REGISTERED, 5, OLD)
    with pytest.raises(IllegalInputError):
        says(call, 5, "ringing", 1)  # of the new spool: another call
    assert call.hub_says(5, "ringing", revision=1, by=None, spool=OLD) == "ringing"
    assert call.hub_says(5, "ended", revision=2, by=None, spool=OLD) == "ended"
    assert (call.state, call.spool) == (State.IDLE, None)


def test_a_press_beside_a_call_of_a_former_spool_is_a_call_of_its_own() -> None:
    call = left_behind()
    call.press(2)
    says(call, 2, "offered", 1)
    assert (call.call_seq, call.spool) == (2, None)


def test_while_a_call_of_a_former_spool_is_answered_another_press_waits() -> None:
    call = left_behind()
    call.hub_says(5, "claimed", revision=1, by="Lan", spool=OLD)
    call.press(2)
    with pytest.raises(IllegalInputError):
        says(call, 2, "ringing", 1)
    assert (call.state, call.claimed_by) == (State.CLAIMED, "Lan")
    call.hub_says(5, "ended", revision=2, by=None, spool=OLD)
    says(call, 2, "ringing", 3)
    assert (call.state, call.call_seq) == (State.RINGING, 2)


def test_a_press_whose_record_is_lost_is_told_again() -> None:
    call = left_behind()
    call.pressed_anew(3)
    assert (call.state, call.call_seq, call.spool) == (State.REGISTERED, 3, None)
    assert says(call, 3, "ringing", 1) == "ringing"
