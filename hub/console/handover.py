"""Handing the shift over: what is one's own is offered with a line each, and moves when it is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import CallId
from hub.calls.call import ANYBODY, Given
from hub.calls.handovers import NOTE, NOTE_MAX_CHARS, HandedOver, handed_over, standing_offer
from hub.calls.open_call import OpenCall
from hub.calls.table import Input
from hub.cases.note_words import STATE_WORDS, utc_text
from hub.cases.notes import typed_line
from hub.collation import name_key
from hub.console.lists import Item, age_near, is_mine_to_hand_over, items
from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_answer,
    wants_json,
)
from hub.console.rooms import Rooms
from hub.people.accounts import Account
from hub.store.interface import CallRow, JournalLine, Store

HISTORY_DAYS: Final = 14
HISTORY_MAX: Final = 200
AT_ONCE_MAX: Final = 200  # calls of one form
NOT_ASKED: Final = "Việc này không còn được bàn giao cho bạn."


@dataclass(frozen=True, slots=True)
class OfferedItem:
    """A call that is, or could be, handed over. `note`: what was written to it; `by`: who offers it."""

    item: Item
    by: str
    to: str
    note: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A call that changed hands."""

    call_id: CallId
    name: str
    when: str
    handed: HandedOver


async def show_handover(request: Request) -> Response:
    """GET /handover: what is offered to this account, what it could offer; ?part=1: for the open page."""
    account = await signed_in(request)
    if not account.may_answer:
        raise RefusedPageError(403, "Tài khoản này không được trả lời cuộc gọi.")
    rooms = rooms_of(request)
    is_part = request.query_params.get("part") == "1"
    return render(
        request,
        "handover_lists.html" if is_part else "handover.html",
        account=account,
        age_near=age_near(request),
        **await _lists(rooms, account),
    )


async def show_history(request: Request) -> Response:
    """GET /handover/history: what changed hands lately, to read and to print."""
    account = await signed_in(request)
    rooms = rooms_of(request)
    since_us = rooms.hub.utc_now_us() - HISTORY_DAYS * 86_400_000_000
    read = await rooms.hub.run_read(lambda store: _read_history(store, since_us))
    lines = [
        HistoryLine(row.call_id, rooms.stations.name(row.call_id.station), utc_text(handed.utc_us), handed)
        for row, handed in read
    ]
    return render(
        request,
        "handover_history.html",
        account=account,
        lines=lines,
        days=HISTORY_DAYS,
        state_words=STATE_WORDS,
        anybody=ANYBODY,
        now=utc_text(rooms.hub.utc_now_us()),
    )


async def offer(request: Request) -> Response:
    """POST /handover/offer: `call` (each that is offered), `note-CALL` to each, `to` whom."""
    account = await signed_in_to_answer(request)
    form, rooms = await request.form(), rooms_of(request)
    to = typed_line(str(form.get("to", "")))[:80]
    known = {name.casefold(): name for name in rooms.routing.accounts}
    if to != ANYBODY and known.get(to.casefold()) in (None, account.name):
        raise RefusedPageError(422, "Hãy chọn người nhận bàn giao.")
    to = to if to == ANYBODY else known[to.casefold()]
    done = refused = 0
    for call_id in _calls(form.getlist("call")):
        note = typed_line(str(form.get(f"note-{call_id}", "")))[:NOTE_MAX_CHARS]
        given = Given(input=Input.ASK, by=account.name, to=to, kind="handover")
        moved = await rooms.desk.give(call_id, given, detail={NOTE: note} if note else {})
        done, refused = done + moved.is_done, refused + (not moved.is_done)
        if moved.is_done:
            await rooms.people.note(account, "handover offered", str(call_id), f"{to}: {note}")
    return _told(request, done, refused)


async def accept(request: Request) -> Response:
    """POST /handover/accept: each `call` is this account's from now on."""
    return await _answer(request, Input.HANDED_OVER, "handover accepted")


async def decline(request: Request) -> Response:
    """POST /handover/decline: what this account was asked, or asks, it does not take, or ask, any more."""
    return await _answer(request, Input.ASK_OVER, "handover declined")


async def _answer(request: Request, input_: Input, deed: str) -> Response:
    account = await signed_in_to_answer(request)
    form, rooms = await request.form(), rooms_of(request)
    done = refused = 0
    for call_id in _calls(form.getlist("call")):
        one = rooms.desk.held(call_id)
        if one is None or not _may_answer(one, account.name, input_):
            refused += 1
            continue
        moved = await rooms.desk.give(call_id, Given(input=input_, by=account.name))
        done, refused = done + moved.is_done, refused + (not moved.is_done)
        if moved.is_done:
            await rooms.people.note(account, deed, str(call_id))
    return _told(request, done, refused)


def _may_answer(one: OpenCall, me: str, input_: Input) -> bool:
    """What everybody is asked, one who does not want it leaves to the others."""
    asked = one.call.asked
    if asked is None or asked.kind != "handover":
        return False
    return input_ is Input.HANDED_OVER or me in (asked.to, asked.by)


async def _lists(rooms: Rooms, account: Account) -> dict[str, Any]:
    shown = {one.call["id"]: one for one in items(rooms, account.name)}
    to_me: list[OfferedItem] = []
    mine: list[OfferedItem] = []
    for one in rooms.desk.open_calls():
        asked, is_mine = one.call.asked, is_mine_to_hand_over(one, account.name)
        is_handover = asked is not None and asked.kind == "handover"
        is_for_me = is_handover and asked is not None and asked.to in (ANYBODY, account.name) and not is_mine
        if is_for_me or is_mine:
            note = ""
            if is_handover:
                found = standing_offer(await rooms.desk.journal(one.call_id))
                note = "" if found is None else found.note
            by, to = (asked.by, asked.to) if is_handover and asked is not None else ("", "")
            (to_me if is_for_me else mine).append(OfferedItem(shown[str(one.call_id)], by, to, note))
    order = list(shown)
    for found_items in (to_me, mine):
        found_items.sort(key=lambda one: order.index(one.item.call["id"]))
    ready = rooms.routing.ready()
    others = [name for name in rooms.routing.accounts if name != account.name]
    colleagues = sorted(
        ((name, name in ready) for name in others), key=lambda one: (not one[1], name_key(one[0]))
    )
    return {"to_me": to_me, "mine": mine, "colleagues": colleagues, "anybody": ANYBODY}


def _calls(texts: Sequence[object]) -> list[CallId]:
    try:
        return [CallId.parse(str(text)) for text in texts[:AT_ONCE_MAX]]
    except RefusedError:
        raise RefusedPageError(422, "Yêu cầu không dùng được.") from None


def _told(request: Request, done: int, refused: int) -> Response:
    if refused and not done:
        raise RefusedPageError(409, NOT_ASKED)
    if wants_json(request):
        return JSONResponse({"is_done": done > 0, "done": done, "refused": refused})
    return RedirectResponse("/handover", status_code=303)


def _read_history(store: Store, since_utc_us: int) -> list[tuple[CallRow, HandedOver]]:
    """Return what changed hands since then, the newest first."""
    found: list[tuple[CallRow, HandedOver]] = []
    for call_id in store.handed_over(since_utc_us=since_utc_us, newest=HISTORY_MAX):
        row = store.call(call_id)
        lines: list[JournalLine] = store.journal(call_id)
        if row is not None:
            found += [(row, one) for one in handed_over(lines) if one.utc_us >= since_utc_us]
    return sorted(found, key=lambda one: -one[1].utc_us)[:HISTORY_MAX]
