"""The calls that are off the list: how each ended, and the way to its page and its papers."""

import json
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contract.ids import NO_VISIT, CallId, StationId, spool_text
from hub.calls.table import Input
from hub.cases.case_book import code_of, visits_of
from hub.cases.note_words import DISPOSITION_WORDS, INPUT_WORDS, utc_text
from hub.console.page import render, rooms_of, signed_in, station_named
from hub.console.rooms import Rooms
from hub.statistics.reading import practice_of
from hub.store.interface import ClosedCall, JournalLine, Store
from hub.store.papers import VisitId

CLOSED_DAYS: Final = 14
CLOSED_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class LetterLink:
    """A transfer letter that can be had: of whom, by the code of the visit."""

    code: str
    query: str


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """A call that is closed. `how`: a key of the catalogue; "": nobody knows any more."""

    call_id: CallId
    name: str
    when: str
    how: str
    reason: str
    owner: str
    is_practice: bool
    has_minutes: bool
    letters: tuple[LetterLink, ...]


async def show_closed(request: Request) -> Response:
    """GET /calls/closed: the newest calls that are closed, to read and to print; ?station=ID: of one."""
    account = await signed_in(request)
    rooms, asked = rooms_of(request), request.query_params.get("station", "")
    station = station_named(request, asked) if asked else None
    since_us = rooms.hub.utc_now_us() - CLOSED_DAYS * 86_400_000_000
    read = await rooms.hub.run_read(lambda store: _read(store, since_us, station))
    return render(
        request,
        "closed_calls.html",
        account=account,
        lines=[_line(rooms, closed, visits) for closed, visits in read],
        days=CLOSED_DAYS,
        most=CLOSED_MAX,
        station=station,
        station_name="" if station is None else rooms.stations.name(station),
        now=utc_text(rooms.hub.utc_now_us()),
    )


def how_it_ended(last: JournalLine | None) -> tuple[str, str]:
    """Return how a call was closed, in a word of the catalogue, and the reason as it was typed."""
    if last is None:
        return "", ""
    said = json.loads(last.detail or "{}")
    said = said if isinstance(said, dict) else {}
    chosen = DISPOSITION_WORDS.get(str(said.get("disposition")))
    if last.input == Input.CLOSE.name and chosen is not None:
        return chosen, str(said.get("reason") or "")
    return INPUT_WORDS.get(last.input, ""), str(said.get("reason") or "")


def _read(
    store: Store, since_utc_us: int, station: StationId | None
) -> list[tuple[ClosedCall, list[VisitId]]]:
    found = store.closed_calls(since_utc_us=since_utc_us, newest=CLOSED_MAX, station=station)
    return [(one, visits_of(store, one.row)) for one in found]


def _line(rooms: Rooms, closed: ClosedCall, visits: list[VisitId]) -> ClosedLine:
    row = closed.row
    how, reason = how_it_ended(closed.last)
    by = None if closed.last is None else closed.last.by
    return ClosedLine(
        call_id=row.call_id,
        name=rooms.stations.name(row.call_id.station),
        when=utc_text(row.received_utc_us),
        how=how,
        reason=reason,
        owner=row.owner or by or "",
        is_practice=practice_of(row) is not None,
        has_minutes=closed.has_minutes,
        letters=tuple(
            LetterLink(code_of(of), f"?spool={spool_text(of.spool)}&visit={of.visit}")
            for of in visits
            if of.visit != NO_VISIT
        ),
    )
