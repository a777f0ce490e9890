"""Practice: drills and tests of the button, and the stations whose button nobody has pressed for a week."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.events import PracticeKind
from hub.calls.button_tests import EVERY_DAYS, Proof, Standing, standings
from hub.calls.practices import AskedPractice
from hub.calls.table import LIVE_STATES
from hub.cases.note_words import utc_text
from hub.console.ages import age_text
from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_answer,
    station_in_path,
    wants_json,
)
from hub.console.rooms import Rooms
from hub.console.words import Words, language_of
from hub.fleet.presence import Word
from hub.statistics.reading import practice_of
from hub.store.interface import CallRow, Store
from hub.times.fit import UtcInterval
from hub.times.moments import read_moment

SHOWN_MAX: Final = 200  # stations of one page; a name finds the others
TESTS_SHOWN: Final = 20
TESTS_SINCE_DAYS: Final = 30
HEARD: Final = frozenset({Word.LIVE, Word.LATE})


@dataclass(frozen=True, slots=True)
class StationLine:
    """A station, its last press, and the practice that it is asked for now. `left_s`: of that."""

    name: str
    standing: Standing
    when: str
    practice: AskedPractice | None
    left_s: float
    is_heard: bool
    may_drill: bool


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test of a button: when it came, and how long the press was on its way, if that is known."""

    name: str
    kind: PracticeKind
    when: str
    least_s: float | None
    most_s: float | None


async def show_drills(request: Request) -> Response:
    """GET /drills: all stations, the overdue ones first; ?q= part of a name; ?part=1 for the open page."""
    account = await signed_in(request)
    rooms, said, words = rooms_of(request), request.query_params, Words(language_of(request))
    asked = " ".join(said.get("q", "").split())[:60]
    is_part = said.get("part") == "1"
    rows = await rooms.hub.run_read(lambda store: store.newest_calls())
    proofs = {row.call_id.station: _proof(row) for row in rows}
    found = standings(rooms.stations.ids(), proofs, now_utc_us=rooms.hub.utc_now_us())
    named = set((await rooms.search.index()).find(asked)) if asked else set()
    wanted = [one for one in found if not asked or one.station in named]
    since_us = rooms.hub.utc_now_us() - TESTS_SINCE_DAYS * 86_400_000_000
    tests = await rooms.hub.run_read(lambda store: _read_tests(store, since_us))
    return render(
        request,
        "drills_lists.html" if is_part else "drills.html",
        account=account,
        lines=[_line(rooms, one) for one in wanted[:SHOWN_MAX]],
        more=max(0, len(wanted) - SHOWN_MAX),
        overdue=sum(one.is_overdue for one in found),
        all=len(found),
        every_days=EVERY_DAYS,
        asked=asked,
        tests=[_test_line(rooms, row, moment) for row, moment in tests],
        lasting=lambda seconds: age_text(seconds, words),
    )


async def practise(request: Request) -> Response:
    """POST /drills/STATION/drill, test or end."""
    account = await signed_in_to_answer(request)
    station, rooms = station_in_path(request), rooms_of(request)
    word = request.path_params["word"]
    match word:
        case "drill" | "test":
            if word == "drill" and not rooms.routing.may_drill(station):
                raise RefusedPageError(409, "Giờ này không được diễn tập ở trạm này.")
            there = rooms.desk.of_station(station)
            if there is not None and there.call.practice is None and there.state in LIVE_STATES:
                raise RefusedPageError(409, "Trạm đang có cuộc gọi thật. Chưa diễn tập được.")
            await rooms.desk.practise(station, word, account.name)
        case "end":
            await rooms.desk.practise(station, None, account.name)
        case _:
            raise RefusedPageError(404, "Không có trang này.")
    await rooms.people.note(account, f"practice {word}", station)
    if wants_json(request):
        return JSONResponse({"is_done": True})
    return RedirectResponse("/drills", status_code=303)


def _line(rooms: Rooms, standing: Standing) -> StationLine:
    station, proof = standing.station, standing.proof
    practice = rooms.desk.rings.practice(station)
    left_us = 0 if practice is None else practice.until_us - rooms.desk.line.now_us()
    return StationLine(
        name=rooms.stations.name(station),
        standing=standing,
        when="" if proof is None else utc_text(proof.received_utc_us),
        practice=practice,
        left_s=max(0, left_us) / 1e6,
        is_heard=rooms.station(station)["word"] in {word.name for word in HEARD},
        may_drill=rooms.routing.may_drill(station),
    )


def _test_line(rooms: Rooms, row: CallRow, moment: UtcInterval) -> TestLine:
    """How long it took, as exactly as the box's clock is tied to UTC."""
    earliest_us, latest_us = moment.earliest_us, moment.latest_us
    is_known = earliest_us is not None and latest_us is not None
    return TestLine(
        name=rooms.stations.name(row.call_id.station),
        kind=practice_of(row) or "test",
        when=utc_text(row.received_utc_us),
        least_s=_late_s(row, latest_us) if is_known else None,
        most_s=_late_s(row, earliest_us) if is_known else None,
    )


def _late_s(row: CallRow, at_us: int | None) -> float | None:
    return None if at_us is None else max(0, row.received_utc_us - at_us) / 1e6


def _read_tests(store: Store, since_utc_us: int) -> list[tuple[CallRow, UtcInterval]]:
    """Return the newest practices and when their presses were made."""
    rows = store.newest_practices(since_utc_us=since_utc_us, newest=TESTS_SHOWN)
    return [(row, _moment(store, row)) for row in rows]


def _moment(store: Store, row: CallRow) -> UtcInterval:
    station, spool = row.call_id.station, row.call_id.spool
    return read_moment(store, station, spool, row.boot, row.t_us, received_us=row.received_utc_us)


def _proof(row: CallRow) -> Proof:
    return Proof(call_id=row.call_id, received_utc_us=row.received_utc_us, kind=practice_of(row) or "real")
