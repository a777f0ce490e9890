"""Calls: the list of open ones, and what a console or its operator does to them."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import CallId
from hub.calls.call import Given
from hub.calls.moves import Moved
from hub.calls.table import Input
from hub.console.guard import token_of
from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_answer,
    wants_json,
)
from hub.people.accounts import Account

OPERATOR_INPUTS: Final = {"claim": Input.CLAIM, "end": Input.END, "take": Input.TAKE, "close": Input.CLOSE}
SEEN_FIRST: Final = frozenset({Input.END, Input.TAKE, Input.CLOSE})  # only as the operator saw the call
REASON_MAX_CHARS: Final = 500


async def show_calls(request: Request) -> Response:
    """All open calls: waiting, being answered, to be called back."""
    account = await signed_in(request)
    is_part = request.query_params.get("part") == "1"  # for the page that is open already
    return render(request, "calls_list.html" if is_part else "calls.html", account=account)


async def give_input(request: Request) -> Response:
    """POST /calls/ID/claim, end, take, close (the operator), shown and ringing (his console)."""
    account = await signed_in_to_answer(request)
    desk, call_id = rooms_of(request).desk, _call_in_path(request)
    match request.path_params["input"]:
        case "shown":
            desk.shown(call_id)
            return Response(status_code=204)
        case "ringing":
            console = str(request.query_params.get("console", ""))[:40]
            desk.sounds(call_id, console=f"{token_of(request)[:8]} {console}")
            return Response(status_code=204)
        case word if word in OPERATOR_INPUTS:
            return await _operate(request, account, call_id, OPERATOR_INPUTS[word])
        case _:
            raise RefusedPageError(404, "Không có trang này.")


async def _operate(request: Request, account: Account, call_id: CallId, input_: Input) -> Response:
    rooms = rooms_of(request)
    form = await request.form()
    reason = " ".join(str(form.get("reason", "")).split())[:REASON_MAX_CHARS]
    if input_ is Input.CLOSE and not reason:
        raise RefusedPageError(422, "Hãy ghi lý do trước khi đóng.")
    seen = str(form.get("revision", ""))
    if input_ in SEEN_FIRST and not seen.isdecimal():
        raise RefusedPageError(422, "Yêu cầu không dùng được.")
    moved = await rooms.desk.give(
        call_id,
        Given(input=input_, by=account.name),
        seen_revision=int(seen[:18]) if input_ in SEEN_FIRST else None,
        detail={"reason": reason} if reason else {},
    )
    if moved.is_done:
        await rooms.people.note(account, input_.name.lower(), str(call_id), reason)
    if wants_json(request):
        return _told(moved, account, call_id)
    if input_ is Input.CLAIM and moved.row is not None:
        return RedirectResponse(f"/stations/{call_id.station}", status_code=303)
    return RedirectResponse("/calls", status_code=303)


def _told(moved: Moved, account: Account, call_id: CallId) -> Response:
    """Return what became of it: 200 for whoever did it, 409 for who came late, with the owner's name."""
    row = moved.row
    body = {
        "is_done": moved.is_done,
        "state": None if row is None else row.state,
        "owner": None if row is None else row.owner,
        "is_mine": row is not None and row.owner == account.name,
        "url": f"/stations/{call_id.station}",
    }
    return JSONResponse(body, 200 if moved.is_done else 409)


def _call_in_path(request: Request) -> CallId:
    try:
        return CallId.parse(request.path_params["call"])
    except RefusedError:
        raise RefusedPageError(404, "Không có cuộc gọi này.") from None
