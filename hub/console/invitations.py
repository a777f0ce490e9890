"""Bringing somebody into a call: who there is, doctors asked one after the other, a link that works once."""

from dataclasses import asdict
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.calls.call import Call, Given
from hub.calls.open_call import OpenCall
from hub.calls.table import Input
from hub.cases.notes import typed_line
from hub.console.case import call_in_path
from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_answer,
    wants_json,
)
from hub.console.rooms import Rooms
from hub.doctors.choice import Colleague, Doctor, colleagues, doctors, in_turn
from hub.people.accounts import Account
from hub.people.guest_links import GUEST_PREFIX, LINK_LIFE_S, LinkRefusedError, Visitor
from hub.routing.policy import utc_of

GUEST_NAME_MAX_CHARS: Final = 40
NOT_OPEN: Final = "Cuộc gọi này đã đóng."
NOT_YOURS: Final = "Chỉ người đang giữ cuộc gọi mới mời được."
NOBODY: Final = "Không có bác sĩ nào đang trực để mời."


async def list_colleagues(request: Request) -> Response:
    """GET /calls/ID/colleagues: who else answers calls, whoever is ready first."""
    account, one, rooms = await _asked(request)
    return JSONResponse([asdict(found) for found in _colleagues(rooms, one.call, account)])


async def list_helpers(request: Request) -> Response:
    """GET /calls/ID/helpers: colleagues; doctors in the order in which they are asked; their specialties."""
    account, one, rooms = await _asked(request)
    found = await _doctors(rooms, one)
    return JSONResponse(
        {
            "colleagues": [asdict(colleague) for colleague in _colleagues(rooms, one.call, account)],
            "doctors": [asdict(doctor) for doctor in found],
            "specialties": list(rooms.routing.specialties(one.call_id.station)),
        }
    )


async def invite(request: Request) -> Response:
    """POST /calls/ID/invite: `to`, a doctor's account, or `specialty`: whoever of it is ready; the others in
    turn after that one. Thirty seconds each; the operator stays.
    """
    account = await signed_in_to_answer(request)
    one, rooms = _open_call(request), rooms_of(request)
    form = await request.form()
    to, specialty = typed_line(str(form.get("to", "")))[:80], typed_line(str(form.get("specialty", "")))[:80]
    turn = in_turn(await _doctors(rooms, one), first=to or None, specialty=specialty or None)
    if not turn or (to and turn[0] != to):
        raise RefusedPageError(409, NOBODY)
    then = turn[1:] if specialty else ()  # whom the operator named is asked alone
    given = Given(input=Input.INVITE, by=account.name, to=turn[0], then=then)
    moved = await rooms.desk.give(one.call_id, given, detail={"specialty": specialty} if specialty else {})
    if not moved.is_done:
        raise RefusedPageError(409, NOT_YOURS)
    await rooms.people.note(account, "doctor invited", str(one.call_id), ", ".join(turn))
    return JSONResponse({"is_done": True, "asked": list(turn)})


async def make_link(request: Request) -> Response:
    """POST /calls/ID/link: a link for `name` that lets somebody in once, within a quarter of an hour."""
    account = await signed_in_to_answer(request)
    one, rooms = _open_call(request), rooms_of(request)
    name = typed_line(str((await request.form()).get("name", "")))
    if not 0 < len(name) <= GUEST_NAME_MAX_CHARS:
        raise RefusedPageError(422, "Hãy ghi tên bác sĩ, không quá 40 chữ.")
    visitor = Visitor(f"{GUEST_PREFIX}{name}", one.call_id, account.name)
    due_us = rooms.desk.line.now_us() + LINK_LIFE_S * 1_000_000
    if one.call.guest(visitor.name) is not None:
        raise RefusedPageError(409, "Đã mời người tên này. Hãy ghi tên khác.")
    moved = await rooms.desk.give(
        one.call_id,
        Given(input=Input.INVITE, by=account.name, to=visitor.name, due_us=due_us),
        detail={"link": True},
    )
    if not moved.is_done:
        raise RefusedPageError(409, NOT_YOURS)
    try:
        token = await rooms.people.make_link(visitor)
    except LinkRefusedError:
        await rooms.desk.give(
            one.call_id, Given(input=Input.GUEST, by=account.name, to=visitor.name, change="left")
        )
        raise RefusedPageError(429, "Bạn đã tạo quá nhiều đường dẫn. Hãy chờ ít phút.") from None
    await rooms.people.note(account, "link made", str(one.call_id), visitor.name)
    url = f"{request.url.scheme}://{request.headers.get('host', '')}/guest/{token}"
    body = {"is_done": True, "url": url, "name": visitor.name, "lasts_s": LINK_LIFE_S}
    if wants_json(request):
        return JSONResponse(body)
    return render(request, "guest_link.html", account=account, url=url, name=visitor.name, one=one)


def still_invited(rooms: Rooms, visitor: Visitor) -> bool:
    """Whether the call still waits for that guest."""
    one = rooms.desk.held(visitor.call_id)
    guest = None if one is None else one.call.guest(visitor.name)
    return guest is not None and guest.due_us is not None


def is_there(rooms: Rooms, visitor: Visitor) -> bool:
    """Whether that guest has come to the call and has not left it, or been shown out."""
    one = rooms.desk.held(visitor.call_id)
    guest = None if one is None else one.call.guest(visitor.name)
    return guest is not None and guest.due_us is None


async def _asked(request: Request) -> tuple[Account, OpenCall, Rooms]:
    account = await signed_in(request)
    return account, _open_call(request), rooms_of(request)


def _open_call(request: Request) -> OpenCall:
    one = rooms_of(request).desk.held(call_in_path(request))
    if one is None:
        raise RefusedPageError(409, NOT_OPEN)
    return one


def _colleagues(rooms: Rooms, call: Call, account: Account) -> tuple[Colleague, ...]:
    return colleagues(call, me=account.name, accounts=rooms.routing.accounts, ready=rooms.routing.ready())


async def _doctors(rooms: Rooms, one: OpenCall) -> tuple[Doctor, ...]:
    return doctors(
        rooms.routing.policy,
        one.call_id.station,
        utc_of(rooms.hub.utc_now_us()),
        call=one.call,
        accounts=await rooms.people.doctors(),
        ready=rooms.routing.ready(),
    )
