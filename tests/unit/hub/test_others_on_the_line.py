"""Whom the station is told beside the operator."""

from contract.signals import OTHERS_MAX, OnTheLine
from hub.calls.call import Call, Guest
from hub.calls.saying import _others
from hub.calls.table import State

THERE = Guest("Hoa", "second")
DOCTOR = Guest("Minh", "doctor")
INVITED = Guest("Tam", "doctor", due_us=5)


def call(*guests: Guest, owner: str | None = "Lan", turn: str | None = None) -> Call:
    return Call(state=State.ACTIVE, since_us=0, owner=owner, guests=guests, turn=turn)


def test_who_is_there_is_told_and_who_is_only_invited_is_not() -> None:
    assert _others(call(THERE, INVITED, DOCTOR, turn="Minh")) == (
        OnTheLine(name="Hoa", role="second"),
        OnTheLine(name="Minh", role="doctor", speaks=True),
    )
    assert _others(call(INVITED)) is None
    assert _others(call(THERE, owner=None)) is None


def test_a_crowd_does_not_fill_the_signal() -> None:
    crowd = [Guest(f"BS {number}", "doctor") for number in range(OTHERS_MAX + 3)]
    assert len(_others(call(*crowd)) or ()) == OTHERS_MAX
