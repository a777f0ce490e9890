"""Doctors who are invited one after the other: what the call remembers of it."""

from dataclasses import replace

import pytest

from hub.calls.apply import apply
from hub.calls.call import LIMITS, Call, Given, Guest, fresh, resumed, shifted
from hub.calls.table import IllegalInputError, Input, State

S = 1_000_000


def after(call: Call, *given: Given, now_us: int = 0) -> Call:
    for one in given:
        call = apply(call, one, now_us=now_us)
    return call


def guest_is(name: str, change: str) -> Given:
    return Given(input=Input.GUEST, to=name, change=change)  # type: ignore[arg-type]


ACTIVE = after(
    fresh(now_us=0),
    Given(input=Input.SHOWN),
    Given(input=Input.SOUNDS),
    Given(input=Input.CLAIM, by="Lan"),
    Given(input=Input.JOINED),
    Given(input=Input.FLOWS),
)
ROSTER = Given(input=Input.INVITE, by="Lan", to="BS An", then=("BS Bình", "BS Cúc"))
INVITED = after(ACTIVE, ROSTER)


def test_an_invitation_stands_for_thirty_seconds_and_the_operator_stays_the_owner() -> None:
    assert INVITED.guests == (Guest("BS An", "doctor", 30 * S, ("BS Bình", "BS Cúc")),)
    assert (INVITED.state, INVITED.owner, INVITED.speaker) == (State.ACTIVE, "Lan", "Lan")
    assert 30 * S in INVITED.deadlines_us


def test_who_declines_is_followed_by_the_next_of_the_roster_with_a_time_of_his_own() -> None:
    second = after(INVITED, guest_is("BS An", "declined"), now_us=12 * S)
    assert second.guests == (Guest("BS Bình", "doctor", 42 * S, ("BS Cúc",)),)
    third = after(second, guest_is("BS Bình", "declined"), now_us=42 * S)
    assert third.guests == (Guest("BS Cúc", "doctor", 72 * S),)
    nobody = after(third, guest_is("BS Cúc", "declined"), now_us=72 * S)
    assert nobody.guests == ()
    assert (nobody.state, nobody.owner) == (State.ACTIVE, "Lan")


def test_who_comes_ends_the_chain() -> None:
    there = after(INVITED, guest_is("BS An", "came"), now_us=5 * S)
    assert there.guests == (Guest("BS An", "doctor"),)
    assert after(there, guest_is("BS An", "left"), now_us=99 * S).guests == ()


def test_who_takes_the_invitation_back_invites_nobody_else() -> None:
    assert after(INVITED, guest_is("BS An", "left")).guests == ()


def test_the_chain_passes_over_whoever_is_there_already_and_over_the_owner() -> None:
    chain = replace(ROSTER, then=("BS Bình", "Lan", "BS Cúc"))
    call = after(ACTIVE, replace(ROSTER, to="BS Bình", then=()), guest_is("BS Bình", "came"), chain)
    assert [one.name for one in after(call, guest_is("BS An", "declined")).guests] == ["BS Bình", "BS Cúc"]


def test_an_invitation_may_stand_longer_than_usual() -> None:
    call = after(ACTIVE, Given(input=Input.INVITE, by="Lan", to="BS khách: Hoa", due_us=900 * S))
    assert call.guests == (Guest("BS khách: Hoa", "doctor", 900 * S),)
    assert resumed(call, now_us=100 * S).guests[0].due_us == 900 * S


def test_a_hub_that_was_away_goes_on_with_the_chain_where_it_stood() -> None:
    second = after(INVITED, guest_is("BS An", "declined"), now_us=30 * S)
    again = resumed(shifted(second, 1_000 * S), now_us=1_200 * S, limits=LIMITS)
    assert again.guests == (Guest("BS Bình", "doctor", 1_230 * S, ("BS Cúc",)),)


def test_nobody_but_the_owner_invites_and_nobody_comes_uninvited() -> None:
    with pytest.raises(IllegalInputError):
        after(ACTIVE, replace(ROSTER, by="Minh"))
    with pytest.raises(IllegalInputError):
        after(ACTIVE, guest_is("BS An", "came"))
    with pytest.raises(IllegalInputError):
        after(INVITED, ROSTER)  # twice


def test_a_call_that_nobody_talks_in_invites_nobody_any_more() -> None:
    assert after(INVITED, Given(input=Input.END, by="Lan")).guests == ()
