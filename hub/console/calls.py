"""What an operator or a guest does to a call."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import CallId
from contract.varints import VARINT_MAX
from hub.calls.allowed import ACCEPTS
from hub.calls.call import Call, Given
from hub.calls.moves import Moved
from hub.calls.table import Input
from hub.console.page import RefusedPageError, check_origin, may_act, rooms_of, signed_in, wants_json
from hub.people.accounts import Account
from hub.typed_values import whole_number

# What a word of the address means, for a form's fields. None: it makes no sense for the call as it is.
Make = Callable[[Call | None, str, Mapping[str, str]], Given | None]
NAME_MAX_CHARS: Final = 80


def _plain(input_: Input) -> Make:
    return lambda _, me, __: Given(input=input_, by=me)


def _ask(_: Call | None, me: str, form: Mapping[str, str]) -> Given | None:
    match form.get("kind"):
        case "transfer" | "second" | "handover" as kind:
            return Given(input=Input.ASK, by=me, to=_name(form), kind=kind)
        case _:
            raise RefusedPageError(422, "Yêu cầu không dùng được.")


def _accept(call: Call | None, me: str, _: Mapping[str, str]) -> Given | None:
    """Yes to what is asked, whatever it is."""
    kind = call.asked.kind if call is not None and call.asked is not None else None
    accepts = [input_ for input_, of_kind in ACCEPTS.items() if of_kind == kind]
    return Given(input=accepts[0], by=me) if accepts else None


def _decline(call: Call | None, me: str, _: Mapping[str, str]) -> Given | None:
    """Whoever was asked says no, or whoever asked asks no more; what everybody was asked others may take."""
    if call is None or call.asked is None or me not in (call.asked.to, call.asked.by, call.owner):
        return None
    return Given(input=Input.ASK_OVER, by=me)


def _turn(_: Call | None, me: str, form: Mapping[str, str]) -> Given | None:
    return Given(input=Input.TURN, by=me, to=_name(form))


def _guest(change: str) -> Make:
    def make(_: Call | None, me: str, __: Mapping[str, str]) -> Given | None:
        return Given(input=Input.GUEST, by=me, to=me, change=change)  # type: ignore[arg-type]

    return make


WORDS: Final[dict[str, Make]] = {
    "claim": _plain(Input.CLAIM),
    "end": _plain(Input.END),
    "hold": _plain(Input.HOLD),
    "resume": _plain(Input.RESUME),
    "park": _plain(Input.PARK),
    "take": _plain(Input.TAKE),
    "ask": _ask,
    "accept": _accept,
    "decline": _decline,
    "turn": _turn,
    "come": _guest("came"),
    "not-come": _guest("declined"),
    "leave": _guest("left"),
}
OF_GUESTS: Final = frozenset({"accept", "decline", "come", "not-come", "leave"})  # doctors do these too
FIRST_WINS: Final = frozenset({"claim"})  # whoever sees it ring may, however it has changed since
RING: Final = "ring"


async def give_input(request: Request) -> Response:
    """POST /calls/ID/WORD, of WORDS or "ring", with the revision that was seen, and what else it takes: `to`
    and `kind` of ask, `to` of turn. How a call is closed: `hub.console.case`."""
    check_origin(request)
    account, word = await signed_in(request), str(request.path_params["input"])
    if word not in WORDS and word != RING:
        raise RefusedPageError(404, "Không có trang này.")
    rooms, call_id = rooms_of(request), call_in_path(request)
    if not (may_act(rooms, account, call_id) or word in OF_GUESTS):
        raise RefusedPageError(403, "Tài khoản này không được trả lời cuộc gọi.")
    form = await _form(request)
    seen = None if word in FIRST_WINS else _revision(form)
    if word == RING:
        moved = await _ring(request, account, call_id, seen)
    else:
        held = rooms.desk.held(call_id)
        given = WORDS[word](None if held is None else held.call, account.name, form)
        moved = (
            Moved(None if held is None else held.held, False, "it makes no sense now")
            if given is None
            else await rooms.desk.give(call_id, given, seen_revision=seen)
        )
    if moved.is_done:
        await rooms.people.note(account, word, str(call_id))
    if wants_json(request):
        return _told(request, moved, account, call_id)
    if word == "claim" and moved.row is not None:
        return RedirectResponse(f"/stations/{call_id.station}", status_code=303)
    return RedirectResponse("/calls", status_code=303)


async def _ring(request: Request, account: Account, call_id: CallId, seen: int | None) -> Moved:
    """Call the station of a call that is this account's."""
    desk = rooms_of(request).desk
    held = desk.held(call_id)
    if held is None or held.row.revision != seen:
        return Moved(None if held is None else held.held, False, "it has changed since it was seen")
    may_answer_by_itself = rooms_of(request).routing.may_answer_by_itself(call_id.station)
    is_emergency = held.call.is_emergency and may_answer_by_itself
    why = await desk.ring_station(call_id.station, account.name, is_emergency=is_emergency, call_id=call_id)
    after = desk.held(call_id)
    return Moved(held.held if after is None else after.held, not why, why)


def _told(request: Request, moved: Moved, account: Account, call_id: CallId) -> Response:
    """Return what became of it: 200 for whoever did it, 409 for who came late; with the call as it is now."""
    call, held, rooms = moved.call, moved.held, rooms_of(request)
    body = {
        "is_done": moved.is_done,
        "owner": None if call is None else call.owner,
        "is_mine": call is not None and call.owner == account.name,
        "url": f"/stations/{call_id.station}",
        "call": None if held is None else rooms.call_entry(held, account=account.name),
    }
    return JSONResponse(body, 200 if moved.is_done else 409)


async def _form(request: Request) -> Mapping[str, str]:
    return {key: value for key, value in (await request.form()).items() if isinstance(value, str)}


def _revision(form: Mapping[str, str]) -> int:
    revision = whole_number(form.get("revision", ""), most=VARINT_MAX)
    if revision is None:
        raise RefusedPageError(422, "Yêu cầu không dùng được.")
    return revision


def _name(form: Mapping[str, str]) -> str | None:
    return form.get("to", "")[:NAME_MAX_CHARS] or None


def call_in_path(request: Request) -> CallId:
    """Return the call that the address names. Raises RefusedPageError: it is no call's name."""
    try:
        return CallId.parse(request.path_params["call"])
    except RefusedError:
        raise RefusedPageError(404, "Không có cuộc gọi này.") from None
