"""The book of deeds: who did what to whom, and when. It is read by admins, page by page, newest first."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from contract.ids import StationId
from contract.varints import VARINT_MAX
from hub.cases.note_words import utc_text
from hub.console.ages import VIETNAM
from hub.console.deed_words import deed_word, tell_deed
from hub.console.page import RefusedPageError, render, rooms_of
from hub.console.people import admin
from hub.console.rooms import Rooms
from hub.console.words import Words, language_of
from hub.fleet.csv_table import as_text
from hub.people.deeds import DeedSearch, NumberedDeed
from hub.typed_values import day, whole_number

SHOWN: Final = 100
SAVED_MAX: Final = 50_000  # lines of one CSV
_CHARS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says, as it was typed."""

    name: str
    subject: str
    deed: str
    first: str
    last: str
    before: str

    def query(self, **other: str) -> str:
        """Return the address's query for the same, but for what is named."""
        values = {"name": self.name, "subject": self.subject, "deed": self.deed, "first": self.first}
        return urlencode(
            {key: value for key, value in {**values, "last": self.last, **other}.items() if value}
        )


async def show_audit(request: Request) -> Response:
    """GET /audit?name=&subject=&deed=&first=2026-11-01&last=2026-11-30&before=NO."""
    account, rooms, words = await admin(request), rooms_of(request), Words(language_of(request))
    asked = _asked(request.query_params)
    found = await rooms.people.search_deeds(search(asked), newest=SHOWN + 1)
    return render(
        request,
        "audit.html",
        account=account,
        asked=asked,
        lines=found[:SHOWN],
        older=asked.query(before=str(found[SHOWN - 1].no)) if len(found) > SHOWN else "",
        kinds=await rooms.people.kinds_of_deeds(),
        people=[one.name for one in await rooms.people.accounts()],
        when=lambda line: utc_text(line.deed.utc_us),
        word_of=deed_word,
        told=lambda line: tell_deed(line.deed, words),
        link_of=lambda line: subject_link(line, rooms),
    )


async def save_audit(request: Request) -> Response:
    """GET /audit.csv: the same for a spreadsheet, at most `SAVED_MAX` lines; it is a deed itself."""
    account, rooms = await admin(request), rooms_of(request)
    asked = _asked(request.query_params)
    found = await rooms.people.search_deeds(search(asked), newest=SAVED_MAX)
    await rooms.people.note(account, "audit saved", "audit", asked.query())
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["no", "utc_us", "name", "deed", "subject", "text"])
    for line in found:
        deed = line.deed
        writer.writerow(
            [line.no, deed.utc_us, *(as_text(one) for one in (deed.name, deed.deed, deed.subject, deed.text))]
        )
    return Response(
        "\ufeff" + text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="haidang-audit.csv"'},
    )


def search(asked: Asked) -> DeedSearch:
    """Return what the book is asked. Raises RefusedPageError: a day or a number that is none."""
    before = whole_number(asked.before, most=VARINT_MAX)
    if asked.before and before is None:
        raise RefusedPageError(422, "Yêu cầu không dùng được.")
    first, last = _day(asked.first), _day(asked.last)
    return DeedSearch(
        name=asked.name,
        subject=asked.subject,
        deed=asked.deed,
        from_utc_us=0 if first is None else _utc_us(first),
        until_utc_us=2**62 if last is None else _utc_us(last + timedelta(days=1)),
        before=before,
    )


def subject_link(line: NumberedDeed, rooms: Rooms) -> str:
    """Return where the page of what was done to is; "" for none."""
    subject = line.deed.subject
    station = StationId(subject.split(".", 1)[0])
    if not rooms.stations.knows(station):
        return ""
    return f"/stations/{station}" if subject == station else f"/calls/{subject}"


def _asked(said: Mapping[str, str]) -> Asked:
    names = ("name", "subject", "deed", "first", "last", "before")
    return Asked(*(" ".join(said.get(name, "").split())[:_CHARS_MAX] for name in names))


def _day(text: str) -> date | None:
    found = day(text)
    if text and found is None:
        raise RefusedPageError(422, "Ngày phải viết như 2026-11-30.")
    return found


def _utc_us(day: date) -> int:
    return round(datetime.combine(day, time(), VIETNAM).timestamp() * 1e6)
