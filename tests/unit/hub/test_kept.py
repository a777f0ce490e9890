"""What is kept of a call: read again as it was, on whatever time line the machine has by then."""

import json
from dataclasses import replace

import pytest

from contract.ids import NO_VISIT, BootId, CallId, SpoolId, StationId
from hub.calls.apply import apply
from hub.calls.call import LIMITS, Asked, Call, Given, Guest, fresh
from hub.calls.kept import Kept, kept_json, read_kept
from hub.calls.table import Input, State
from hub.calls.time_line import STEP_US, TimeLine
from hub.store.interface import CallRow

S = 1_000_000
NOON_US = 1_800_000_000 * S


class Clock:
    """A boot clock and a wall clock; either may be set."""

    def __init__(self, *, now_s: float = 1_000.0, utc_us: int = NOON_US) -> None:
        self.now, self.utc_us = now_s, utc_us

    def line(self, boot: str = "boot a") -> TimeLine:
        return TimeLine(boot=boot, now_s=lambda: self.now, utc_now_us=lambda: self.utc_us)


def row(kept: str | None, *, state: str = "RECEIVED", owner: str | None = None) -> CallRow:
    return CallRow(
        call_id=CallId(StationId("con-dao-01"), SpoolId(7), 3),
        state=state,
        revision=1,
        boot=BootId(1),
        t_us=0,
        sent_boot=BootId(1),
        sent_t_us=0,
        visit=NO_VISIT,
        received_utc_us=NOON_US - 30 * S,
        changed_utc_us=NOON_US,
        owner=owner,
        nudges=0,
        kept=kept,
    )


FULL = Call(
    state=State.ACTIVE,
    since_us=900 * S,
    owner="Lan",
    is_emergency=True,
    practice="drill",
    rung=2,
    stage=1,
    due_us=1_010 * S,
    asked=Asked("transfer", "Minh", "Lan", 1_020 * S),
    guests=(Guest("BS An", "doctor", 1_030 * S, ("BS Bình",)), Guest("Hoa", "second")),
    turn="Hoa",
    tries=2,
    overdue=1,
)


def again(kept: Kept, *, before: TimeLine, after: TimeLine) -> Kept:
    call = kept.call
    return read_kept(row(kept_json(kept, line=before), state=call.state.name, owner=call.owner), line=after)


@pytest.mark.parametrize(
    "call",
    [
        FULL,
        Call(since_us=5, missed_us=6, widen_us=7),
        Call(state=State.CALLING, since_us=1, owner="Lan", ring="00112233445566aa", due_us=9),
        Call(state=State.CLOSED, since_us=1),
    ],
)
def test_a_call_is_read_as_it_was_kept(call: Call) -> None:
    line = Clock().line()
    kept = Kept(call=call, received_us=990 * S, answers="00112233445566aa", told=("2 sms 090", "3 web"))
    assert again(kept, before=line, after=line) == kept


def test_no_wall_clock_that_is_set_moves_anything_in_the_same_boot() -> None:
    clock = Clock()
    kept = Kept(call=FULL, received_us=970 * S)
    before = clock.line()
    clock.utc_us -= 3 * 86_400 * S
    assert again(kept, before=before, after=clock.line()) == kept


def test_in_another_boot_of_the_machine_all_lies_as_far_from_now_as_utc_says() -> None:
    before = Clock(now_s=1_000.0).line("boot a")
    after = Clock(now_s=50.0, utc_us=NOON_US + 100 * S).line("boot b")  # down for 100 s
    found = again(Kept(call=FULL, received_us=970 * S), before=before, after=after)
    assert found.received_us == -80 * S  # 130 s ago
    assert found.call.due_us == -40 * S
    assert found.call.asked is not None
    assert found.call.asked.due_us == -30 * S
    assert found.call.guests[0].due_us == -20 * S
    assert found.call.since_us == -150 * S
    assert replace(found.call, since_us=0).owner == "Lan"


@pytest.mark.parametrize(
    ("kept", "practice", "answers"),
    [
        (None, None, None),
        ('{"practice": "drill"}', "drill", None),
        ('{"answers": "00112233445566aa"}', None, "00112233445566aa"),
    ],
)
def test_a_press_that_nobody_has_moved_is_a_fresh_call(
    kept: str | None, practice: str | None, answers: str | None
) -> None:
    found = read_kept(row(kept), line=Clock().line())
    assert found.is_fresh
    assert (found.call.state, found.call.practice, found.answers) == (State.RECEIVED, practice, answers)
    assert found.call.missed_us == 1_000 * S + LIMITS.missed_us
    assert found.received_us == 970 * S  # by UTC: nobody has written it down otherwise yet


@pytest.mark.parametrize(
    "kept",
    [
        None,  # of an older hub
        "{",
        "[]",
        '{"since_us": "yesterday"}',
        '{"since_us": 5, "guests": [{"name": 7}]}',
        '{"since_us": 5, "boot": 7}',
    ],
)
def test_what_cannot_be_read_keeps_state_and_owner_and_begins_its_time_now(kept: str | None) -> None:
    found = read_kept(row(kept, state="CLAIMED", owner="lan"), line=Clock().line())
    assert (found.call.state, found.call.owner, found.call.since_us) == (State.CLAIMED, "lan", 1_000 * S)
    assert not found.is_fresh


def test_what_a_newer_hub_keeps_beside_is_left_alone_and_what_is_as_usual_is_not_written() -> None:
    line = Clock().line()
    text = kept_json(Kept(call=fresh(now_us=5), received_us=5), line=line)
    said = json.loads(text)
    assert set(said) == {"since_us", "missed_us", "received_us", "boot", "offset_us"}
    assert read_kept(row(json.dumps({**said, "colour": "red"})), line=line).call == fresh(now_us=5)


def test_a_step_keeps_what_was_told_and_when_it_came() -> None:
    line = Clock().line()
    kept = Kept(call=fresh(now_us=990 * S), received_us=970 * S, told=("2 sms",))
    shown = replace(kept, call=apply(kept.call, Given(input=Input.SHOWN), now_us=995 * S))
    assert again(shown, before=line, after=line) == shown


def test_utc_is_steady_until_it_is_stepped() -> None:
    clock = Clock()
    line = clock.line()
    assert line.utc_us(line.now_us()) == NOON_US
    clock.utc_us += STEP_US  # a clock that is disciplined: nothing that is shown trembles
    assert line.offset_us() == NOON_US - 1_000 * S
    clock.utc_us += 1
    assert line.utc_us(line.now_us()) == clock.utc_us
    assert line.of_utc(clock.utc_us) == line.now_us()
