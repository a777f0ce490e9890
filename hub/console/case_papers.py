"""Papers of a call for the printer: the transfer letter, the minutes."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.cases.letter import write_letter
from hub.cases.minutes import Minutes
from hub.cases.minutes_sheet import write_sheet
from hub.console.case import NO_MINUTES, PERSON_UNKNOWN, call_in_path, read_case, refusing, visit_asked
from hub.console.page import RefusedPageError, rooms_of, signed_in, zone_at
from hub.console.words import Words, language_of
from hub.papers.blocks import Paper
from hub.papers.sheet import PaperError, draw

PDF: Final = "application/pdf"
NO_LETTERS: Final = "Máy chủ thiếu phông chữ để in: cài gói fonts-dejavu-core."
NAMELESS: Final = "chưa ghi, hoặc không có đồng ý ghi trong thư"


async def show_letter(request: Request) -> Response:
    """GET /calls/ID/letter.pdf?spool=SPOOL&visit=VISIT: for the house that takes the person on."""
    account = await signed_in(request)
    call_id, of, words = call_in_path(request), visit_asked(request), Words(language_of(request))
    if of is None:
        raise RefusedPageError(422, PERSON_UNKNOWN)
    with refusing():
        facts = await rooms_of(request).cases.letter(
            call_id, of, by=account.name, why_nameless=words(NAMELESS), zone=zone_at(request, call_id.station)
        )
    await rooms_of(request).people.note(account, "letter", str(call_id), facts.code)
    return await pdf_of(write_letter(facts, words), f"thu-{facts.code or 'cuoc-goi'}.pdf")


async def show_minutes(request: Request) -> Response:
    """GET /calls/ID/minutes.pdf: the newest, to read."""
    minutes = await _minutes(request)
    zone = zone_at(request, call_in_path(request).station)
    return await pdf_of(write_sheet(minutes, Words(language_of(request)), zone=zone), "bien-ban.pdf")


async def take_minutes(request: Request) -> Response:
    """GET /calls/ID/minutes.json: the newest as it was signed, for `hub minutes verify`."""
    minutes = await _minutes(request)
    name = f"minutes-{call_in_path(request)}-{minutes.version}.json".replace("/", "-")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(minutes.to_bytes(), media_type="application/json", headers=headers)


async def _minutes(request: Request) -> Minutes:
    await signed_in(request)
    case = await read_case(request)
    if case.minutes is None:
        raise RefusedPageError(404, NO_MINUTES)
    return case.minutes


async def pdf_of(paper: Paper, name: str) -> Response:
    """Return a paper as PDF, shown in the browser under that name. Raises RefusedPageError: no letters."""
    try:
        drawn = await asyncio.to_thread(draw, paper)
    except PaperError:
        raise RefusedPageError(503, NO_LETTERS) from None
    return Response(drawn, media_type=PDF, headers={"Content-Disposition": f'inline; filename="{name}"'})
