"""The list of open calls: what must happen first stands first, whose it is, and until when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.calls.agenda import Due, Next, due, in_order
from hub.calls.call import Given
from hub.calls.open_call import OpenCall
from hub.calls.table import LISTED, Input, State
from hub.cases.note_words import DISPOSITION_WORDS
from hub.console.ages import age_text, at_place
from hub.console.case import call_in_path
from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_act,
    wants_json,
)
from hub.console.rooms import Rooms
from hub.console.rows import CallEntry
from hub.console.words import Words, language_of

CALLED_BACK: Final = ("called back", "no contact", "mistake", "other")  # how an item of the list is closed
DUE_WORDS: Final = {  # each with the time that is left, or (overdue) that has passed
    Next.ANSWER: "trả lời trong {age}",
    Next.RESUME: "tự nối lại, còn {age}",
    Next.GO_BACK: "còn {age}, rồi lại đổ chuông",
    Next.TAKE_UP: "còn {age}, rồi lại đổ chuông",
    Next.FIRST_TRY: "gọi lại lần đầu trong {age}",
    Next.NEXT_TRY: "gọi lại lần nữa trong {age}",
    Next.ACCEPT: "trạm đang reo chuông, còn {age}",
    Next.WRITE: "ghi biên bản trong {age}",
}
OVERDUE_WORDS: Final = {
    Next.FIRST_TRY: "QUÁ HẠN {age}: chưa gọi lại lần nào",
    Next.NEXT_TRY: "QUÁ HẠN {age}: cần gọi lại lần nữa",
    Next.WRITE: "QUÁ HẠN {age}: chưa ghi biên bản",
}
TIMELESS_WORDS: Final = {
    Next.ASSIGN: "giao ngay cho người có trách nhiệm",
    Next.REVIEW: "xem lại rồi đóng",
    Next.WRITE: "ghi biên bản",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A call of the list. `words`: what must happen next, "{age}" in it stands for the time until `due_ms` on
    the hub's line, or since it; "": nothing must. `is_owner_there`: he has a console that is ready."""

    call: CallEntry
    words: str
    due_ms: float | None
    is_overdue: bool
    is_owner_there: bool

    @property
    def is_listed(self) -> bool:
        """Nobody is on the line of it."""
        return self.call["state"] in _LISTED


_LISTED: Final = frozenset(state.name for state in LISTED)


async def show_calls(request: Request) -> Response:
    """GET /calls: all open calls; ?part=1 for the page that is open already."""
    account = await signed_in(request)
    is_part = request.query_params.get("part") == "1"
    return render(
        request,
        "calls_list.html" if is_part else "calls.html",
        account=account,
        items=items(rooms_of(request), account.name),
        closings={word: DISPOSITION_WORDS[word] for word in CALLED_BACK},
        age_near=age_near(request),
    )


async def promise(request: Request) -> Response:
    """POST /calls/ID/promise: `at` such as "15:30", when its owner will call again: within a day from now."""
    call_id = call_in_path(request)
    account, rooms = await signed_in_to_act(request, call_id), rooms_of(request)
    at = str((await request.form()).get("at", ""))
    now = at_place(rooms.utc_ms())
    due_us = rooms.desk.line.now_us() + round(until(at, now=now).total_seconds() * 1e6)
    moved = await rooms.desk.give(call_id, Given(input=Input.PROMISE, by=account.name, due_us=due_us))
    if not moved.is_done:
        raise RefusedPageError(409, "Chỉ hẹn gọi lại được sau khi nói chuyện, khi cuộc gọi là của bạn.")
    await rooms.people.note(account, "promise", str(call_id), at)
    if wants_json(request):
        return JSONResponse({"is_done": True})
    return RedirectResponse("/calls", status_code=303)


def until(at: str, *, now: datetime) -> timedelta:
    """Return how long it is until a clock next says `at`. Raises RefusedPageError: it is no time."""
    try:
        then = datetime.combine(now.date(), time.fromisoformat(at), now.tzinfo)
    except ValueError:
        raise RefusedPageError(422, "Hãy ghi giờ hẹn như 15:30.") from None
    return then - now if then > now else then + timedelta(days=1) - now


def age_near(request: Request) -> Callable[[float], str]:
    """Return what says how far a moment of the hub's line is from now, before or after."""
    words, rooms = Words(language_of(request)), rooms_of(request)
    return lambda line_ms: age_text(abs(line_ms - rooms.line_ms()) / 1000, words)


def items(rooms: Rooms, account: str) -> list[Item]:
    """Return all open calls by what must happen first, as this account sees them."""
    ready, limits = rooms.routing.ready(), rooms.desk.limits()
    found = []
    for one in in_order(rooms.desk.open_calls(), limits=limits):
        owner = one.call.owner
        entry = rooms.call_entry(one.held, account=account)
        found.append(
            item(entry, due(one.call, limits=limits), is_owner_there=owner is None or owner in ready)
        )
    return found


def item(entry: CallEntry, next_: Due, *, is_owner_there: bool) -> Item:
    """Return a call of the list with its words."""
    due_ms = None if next_.at_us is None else next_.at_us / 1000
    by_kind = OVERDUE_WORDS if next_.is_overdue else DUE_WORDS
    words = (by_kind if due_ms is not None else TIMELESS_WORDS).get(next_.what, "")
    return Item(entry, words, due_ms, next_.is_overdue, is_owner_there)


def is_mine_to_hand_over(one: OpenCall, account: str) -> bool:
    """Whether a call of the list is that account's: what the next shift must know of."""
    return one.call.owner == account and one.state in LISTED and one.state is not State.MISSED
