"""What a page offers to do to a call is what the hub takes, in every state and for everybody."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from contract.ids import CallId
from hub.calls.age import Age
from hub.calls.apply import apply
from hub.calls.call import Asked, Call, Given, Guest
from hub.calls.kept import Kept
from hub.calls.moves import HeldCall, Moved
from hub.calls.table import ANSWERED_STATES, LISTED, TRANSITIONS, IllegalInputError, Input, State
from hub.console.rows import call_entry
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation
from tests.unit.hub.console.test_call_list import open_call

OFFERED: Final = """async (asked) => {
  const { deedsOf } = await import("/hub/console/static/deeds.js");
  return asked.map(([call, name]) => [...deedsOf(call, name)]);
}"""
OWNED: Final = {*ANSWERED_STATES, *LISTED} - {State.MISSED}
EXACT: Final = ("hold", "park", "second", "transfer", "doctor", "end")  # offered whenever it may be done
NAMES: Final = ("Lan", "Minh", "Hoa")


def calls() -> Iterator[Call]:
    """Every state, with every kind of question and guest that it may have."""
    transfer = [Asked("transfer", to, "Lan", 1) for to in ("Minh", "*")]
    second, handover = Asked("second", "Minh", "Lan", 1), Asked("handover", "Minh", "Lan", 1)
    guests = [(), (Guest("Minh", "second"),), (Guest("Hoa", "doctor", 1),)]
    for state in State:
        plain = Call(state=state, since_us=0, owner="Lan" if state in OWNED else None)
        if state in ANSWERED_STATES:
            asks: list[Asked | None] = [None, *transfer, second]
            for asked, others in product(asks, guests):
                one = replace(plain, asked=asked, guests=others)
                yield one
                if others and others[0].due_us is None:
                    yield replace(one, turn=others[0].name)
        elif state in LISTED:
            may_be_asked = (state, Input.ASK) in TRANSITIONS
            yield from (
                replace(plain, asked=asked) for asked in ((None, handover) if may_be_asked else (None,))
            )
        else:
            yield plain


def takes(call: Call, deed: str, name: str) -> bool:
    """Whether the hub takes what the page would send."""

    def given(input_: Input, **more: str | None) -> Given:
        return Given(input=input_, by=name, **more)  # type: ignore[arg-type]

    there = [guest.name for guest in call.guests if guest.due_us is None]
    kinds = {"transfer": Input.TRANSFERRED, "second": Input.SECONDED, "handover": Input.HANDED_OVER}
    colleague = next(one for one in NAMES if one != name)
    match deed:
        case "answer":
            steps = [given(Input.CLAIM)]
        case "accept":
            steps = [given(kinds[call.asked.kind])] if call.asked else []
        case "decline":
            steps = [given(Input.ASK_OVER)]
        case "hold":
            steps = [given(Input.RESUME if call.state is State.HELD else Input.HOLD)]
        case "park":
            steps = [given(Input.PARK)]
        case "second" | "transfer":
            steps = [given(Input.ASK, kind=deed, to=colleague)]
        case "doctor":
            steps = [given(Input.INVITE, to="Ba")]
        case "turn":
            steps = [given(Input.TURN, to=None if call.turn else there[0])]
        case "ring":
            taken = [] if call.owner == name else [given(Input.TAKE)]
            steps = [*taken, given(Input.RING, ring="r")]
        case "end":
            is_guest = name in there and call.owner != name
            steps = [given(Input.GUEST, to=name, change="left") if is_guest else given(Input.END)]
        case _:
            raise AssertionError(f"no such deed: {deed}")
    try:
        for step in steps:
            call = apply(call, step, now_us=0)
    except IllegalInputError:
        return False
    return bool(steps)


def test_what_a_page_offers_the_hub_takes_and_every_step_of_a_call_is_offered(page: Page) -> None:
    cases = [(call, name) for call in calls() for name in NAMES]
    row = open_call(1).row
    helds = [HeldCall(row, Kept(call=call, received_us=0), Age(0, 0)) for call, _ in cases]
    entries = [
        [call_entry(held, name="", phone=None, rung=0, rings=True), name]
        for held, (_, name) in zip(helds, cases, strict=True)
    ]
    offered = page.evaluate(OFFERED, entries)
    assert {deed for deeds in offered for deed in deeds} >= {
        *EXACT,
        "answer",
        "accept",
        "decline",
        "turn",
        "ring",
    }
    for (call, name), deeds in zip(cases, offered, strict=True):
        refused = [deed for deed in deeds if deed != "minutes" and not takes(call, deed, name)]
        assert not refused, f"{name}: {call}"
        left_out = [deed for deed in EXACT if deed not in deeds and takes(call, deed, name)]
        assert not left_out, f"{name}: {call}"


def test_a_call_ends_by_one_key_however_often_it_changes_under_it(
    server: ConsoleServer, station: ConsoleStation, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, desk = station.press(), server.rooms.desk
    wait_for(lambda: server.call(lambda: desk.held(call)) is not None, "the call")
    server.run(lambda: desk.give(call, Given(input=Input.CLAIM, by="Lan")))
    changes = [
        Given(input=Input.ASK_OVER, by="Lan"),
        Given(input=Input.ASK, by="Lan", to="Minh", kind="second"),
    ]
    give = desk.give

    async def give_late(call_id: CallId, given: Given, *, seen_revision: int | None = None) -> Moved:
        if given.input is Input.END and changes:
            assert (await give(call_id, changes.pop())).is_done
        return await give(call_id, given, seen_revision=seen_revision)

    page.goto(f"{server.url}/stations/con-dao-01")
    expect(page.locator("[data-deed=end]")).to_be_visible()
    # At the hub, not by page.route(): a page that runs already may send a request past it.
    monkeypatch.setattr(desk, "give", give_late)
    page.keyboard.press("k")
    expect(page.locator("#callbar")).to_contain_text("bạn chưa ghi xong biên bản")
    assert not changes, "it was refused twice"
