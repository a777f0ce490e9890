"""How a box comes to a station, on one page: a code, a number read out by telephone, the end of a box."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contract.claims import parse_code
from contract.errors import RefusedError
from contract.ids import BoxName
from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_edit,
    station_in_path,
)
from hub.enrolment.box_file import HubPin, box_file
from hub.papers.qr_code import qr_path
from hub.people.accounts import Account
from hub.people.boxes import Box, ClaimRefusedError, Standing
from hub.pki.authority import Authority

STANDING_WORDS = {
    Standing.CURRENT: "đang là hộp của trạm",
    Standing.FORMER: "đã được thay: chỉ gửi nốt số liệu",
    Standing.REVOKED: "đã thu hồi",
}
TOO_MANY = "Trạm này đã có năm mã đang chờ. Hãy dùng một mã, hoặc hủy các mã đó."
NO_SUCH_NUMBER = "Không có hộp nào đang hiện số này. Hãy đọc lại số trên màn hình của hộp."


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that was made a moment ago: nobody can show it again."""

    code: str
    side: int
    path: str


async def show_enrolment(request: Request) -> Response:
    """GET /stations/ID/enrolment."""
    return await _page(request, await signed_in(request))


async def make_claim(request: Request) -> Response:
    """POST /stations/ID/enrolment/claim: shows the code, once."""
    account = await signed_in_to_edit(request)
    station, rooms = station_in_path(request), rooms_of(request)
    try:
        code, _ = await rooms.enrolment.make_claim(station, by=account.name)
    except ClaimRefusedError:
        return await _page(request, account, wrong=TOO_MANY, status=409)
    await rooms.people.note(account, "claim made", station)
    side, path = qr_path(box_file(_pin(request), code))
    return await _page(request, account, new=NewCode(code, side, path))


async def withdraw_claims(request: Request) -> Response:
    """POST /stations/ID/enrolment/withdraw: no code of the station is good any more."""
    account = await signed_in_to_edit(request)
    station, rooms = station_in_path(request), rooms_of(request)
    await rooms.enrolment.withdraw_claims(station)
    await rooms.people.note(account, "claims withdrawn", station)
    return _back(request)


async def save_file(request: Request) -> Response:
    """POST /stations/ID/enrolment/file: haidang.txt with the code of the form; nothing changes."""
    await signed_in_to_edit(request)
    try:
        code = parse_code(str((await request.form()).get("code", "")))
    except RefusedError:
        raise RefusedPageError(400, "Yêu cầu không dùng được.") from None
    text = box_file(_pin(request), code, words=(station_in_path(request),))
    headers = {"Content-Disposition": 'attachment; filename="haidang.txt"'}
    return Response(text, headers=headers, media_type="text/plain; charset=utf-8")


async def let_in(request: Request) -> Response:
    """POST /stations/ID/enrolment/number: the box that shows it is the station's from now on."""
    account = await signed_in_to_edit(request)
    station, rooms = station_in_path(request), rooms_of(request)
    number = str((await request.form()).get("number", ""))[:40]
    candidate = rooms.enrolment.candidate(number)
    if candidate is None or candidate.box is not None:
        return await _page(request, account, wrong=NO_SUCH_NUMBER, typed=number, status=404)
    box = await rooms.enrolment.let_in(candidate, station, by=account.name)
    await rooms.people.note(account, "box let in", station, f"{box} {candidate.serial}".strip())
    return _back(request)


async def revoke(request: Request) -> Response:
    """POST /stations/ID/enrolment/revoke: `box`, or "" for all that the station has."""
    account = await signed_in_to_edit(request)
    station, rooms = station_in_path(request), rooms_of(request)
    name = str((await request.form()).get("box", ""))
    try:
        wanted = BoxName.parse(name) if name else None
    except RefusedError:
        raise RefusedPageError(400, "Yêu cầu không dùng được.") from None
    if wanted is not None and wanted.station != station:
        raise RefusedPageError(404, "Không có hộp này.")
    for box in await rooms.enrolment.revoke(wanted or station, by=account.name):
        await rooms.people.note(account, "box revoked", station, str(box))
    return _back(request)


def _pin(request: Request) -> HubPin:
    """Return how a box finds this hub: as the operator's browser did, who sits where boxes call from."""
    config = rooms_of(request).hub.config
    names = config.console.names
    host = names[0] if names else request.url.hostname or "127.0.0.1"
    return HubPin(host, config.console.port, Authority(config.pki_folder).fingerprint())


def _back(request: Request) -> Response:
    return RedirectResponse(f"/stations/{station_in_path(request)}/enrolment", status_code=303)


async def _page(
    request: Request,
    account: Account,
    *,
    new: NewCode | None = None,
    wrong: str | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    station, rooms = station_in_path(request), rooms_of(request)
    standings = rooms.enrolment.standings()

    def standing(box: Box) -> str:
        return STANDING_WORDS[standings.of(box.name)]

    return render(
        request,
        "enrolment.html",
        account=account,
        status=status,
        station=station,
        name=rooms.organisation.now.name(station),
        boxes=await rooms.enrolment.boxes(station),
        waiting=await rooms.enrolment.waiting(station),
        is_https=rooms.hub.config.console.is_https,
        standing=standing,
        new=new,
        wrong=wrong,
        typed=typed,
    )
