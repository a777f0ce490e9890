"""What is written of a call: who was seen, the wrap-up, advice, and how it ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import CallId, VisitNo, parse_spool
from contract.varints import VARINT_MAX
from hub.calls.call import Given
from hub.calls.table import TRANSITIONS, Input
from hub.cases.case_book import PersonNotes, Saved, WrongPersonError
from hub.cases.case_service import Case, ClosedCallError, UnknownCallError
from hub.cases.minutes_sheet import journal_text
from hub.cases.note_words import (
    DISPOSITION_WORDS,
    PRACTICE,
    PURPOSE_WORDS,
    SEX_WORDS,
    STATE_WORDS,
    URGENCY_WORDS,
    step_text,
)
from hub.cases.notes import (
    Form,
    NoteError,
    read_consent,
    read_disposition,
    read_form,
    read_identity,
    typed_line,
)
from hub.console.page import (
    RefusedPageError,
    may_act,
    render,
    rooms_of,
    signed_in,
    signed_in_to_act,
    wants_json,
)
from hub.console.words import Words, language_of
from hub.people.accounts import Account
from hub.pki.files import PkiError
from hub.rooms.photographs import PhotoState, list_photos, read_photo
from hub.store.interface import StoreFailedError
from hub.store.papers import VisitId
from hub.typed_values import whole_number

CALL_UNKNOWN: Final = "Không có cuộc gọi này."
PERSON_UNKNOWN: Final = "Lượt khám này không thuộc cuộc gọi này."
STORE_AWAY: Final = "Chưa đọc được dữ liệu. Hãy thử lại."
NOT_KEPT: Final = "Chưa lưu được. Hãy thử lại."
CLOSED: Final = "Cuộc gọi này không còn mở để ghi."
OVERTAKEN: Final = "Người khác vừa ghi trước bạn. Bản của bạn được giữ lại; hãy xem lại."
NO_ECG: Final = "Lượt khám này chưa có điện tim."
NO_ADVICE: Final = "Chưa có lời dặn để gửi."
NO_VISIT_YET: Final = "Trạm chưa mở lượt khám, nên chưa gửi lời dặn được."
ASK_ADVICE: Final = "Lời dặn chưa gửi đến trạm. Hãy chọn gửi hoặc không gửi."
NOT_CLOSED: Final = "Không đóng được: cuộc gọi đã đổi trạng thái."
NO_MINUTES: Final = "Cuộc gọi này chưa có biên bản."
NO_REASON: Final = "Hãy ghi lý do sửa."
REASON_MAX_CHARS: Final = 500


async def show_call(request: Request) -> Response:
    """GET /calls/ID: everything of a call; what may still be written can be, also without scripts."""
    account = await signed_in(request)
    return await _page(request, account)


async def show_case(request: Request) -> Response:
    """GET /calls/ID/case: the papers alone, for the station's page."""
    account = await signed_in(request)
    case = await read_case(request)
    return render(request, "case.html", account=account, **_context(request, account, case))


async def save_paper(request: Request) -> Response:
    """POST /calls/ID/papers/identity, consent, form, strip."""
    call_id = call_in_path(request)
    account, typed = await signed_in_to_act(request, call_id), await _typed(request)
    of, kind, base = _visit(typed), request.path_params["paper"], _revision(typed)
    cases = rooms_of(request).cases
    with refusing():
        match kind:
            case "form":
                form = read_form(typed)
                saved = await cases.save_form(call_id, of, form, base=base, by=account.name)
                return await _told_form(request, account, of, form, saved)
            case "identity":
                note = read_identity(typed, this_year=cases.this_year())
                is_kept = await cases.save_note(call_id, of, "identity", note, base=base, by=account.name)
                why = OVERTAKEN
            case "consent":
                consent = read_consent(typed)
                is_kept = await cases.save_note(call_id, of, "consent", consent, base=base, by=account.name)
                why = OVERTAKEN
            case "strip":
                is_kept, why = await cases.mark_strip(call_id, of, by=account.name), NO_ECG
            case _:
                raise RefusedPageError(404, "Không có trang này.")
    if not is_kept:
        raise RefusedPageError(409, why)
    await rooms_of(request).people.note(account, f"{kind} noted", str(call_id), "")
    return _done(request, call_id, of)


async def send_advice(request: Request) -> Response:
    """POST /calls/ID/advice: keep the form, then send its advice to the station."""
    call_id = call_in_path(request)
    account, typed = await signed_in_to_act(request, call_id), await _typed(request)
    of, cases = _visit(typed), rooms_of(request).cases
    with refusing():
        form = read_form(typed)
        if not form.advice:
            raise RefusedPageError(422, NO_ADVICE)
        if not of.visit:
            raise RefusedPageError(422, NO_VISIT_YET)
        saved = await cases.save_form(call_id, of, form, base=_revision(typed), by=account.name)
        if saved.disputed:
            return await _told_form(request, account, of, form, saved)
        row = await cases.send_advice(call_id, of, saved.form, by=account.name)
    await rooms_of(request).people.note(account, "advice sent", str(call_id), str(row.no))
    if wants_json(request):
        return JSONResponse({**_form_body(saved), "advice": row.no})
    return _done(request, call_id, of)


async def close_call(request: Request) -> Response:
    """POST /calls/ID/disposition: how it ended; the call is off the list, and its minutes are signed."""
    call_id = call_in_path(request)
    account, typed = await signed_in_to_act(request, call_id), await _typed(request)
    rooms = rooms_of(request)
    with refusing():
        disposition, reason = read_disposition(typed)
    case = await read_case(request)
    for person in case.persons:
        if not person.is_advice_unsent or not person.of.visit:
            continue
        match typed.get("unsent"):
            case "send":
                with refusing():
                    await rooms.cases.send_advice(call_id, person.of, person.form[0], by=account.name)
            case "keep":
                pass
            case _:
                raise RefusedPageError(409, ASK_ADVICE)
    with refusing():
        moved = await rooms.desk.give(
            call_id,
            Given(input=Input.CLOSE, by=account.name),
            detail={"disposition": disposition, "reason": reason},
        )
    if not moved.is_done:
        raise RefusedPageError(409, NOT_CLOSED)
    await rooms.people.note(account, "close", str(call_id), f"{disposition} {reason}".strip())
    return _done(request, call_id, None)


async def correct_call(request: Request) -> Response:
    """POST /calls/ID/correction: another signed version of what stands of a call that is closed."""
    call_id = call_in_path(request)
    account, typed = await signed_in_to_act(request, call_id), await _typed(request)
    of, reason = _visit(typed), typed_line(typed.get("reason", ""))[:REASON_MAX_CHARS]
    if not reason:
        raise RefusedPageError(422, NO_REASON)
    with refusing():
        form = read_form(typed)
        saved = await rooms_of(request).cases.correct(
            call_id, of, form, base=_revision(typed), reason=reason, by=account.name
        )
    if saved is None:
        raise RefusedPageError(409, NO_MINUTES)
    if saved.disputed:
        return await _told_form(request, account, of, form, saved)
    await rooms_of(request).people.note(account, "correct", str(call_id), reason)
    return _done(request, call_id, of)


async def show_photo(request: Request) -> Response:
    """GET /calls/ID/photos/SPOOL/VISIT/PHOTO: a photograph of somebody who was seen in this call."""
    await signed_in(request)
    case, rooms = await read_case(request), rooms_of(request)
    of = _visit(request.path_params)
    if of not in [person.of for person in case.persons]:
        raise RefusedPageError(404, PERSON_UNKNOWN)
    station, opener_for, photo = case.row.call_id.station, rooms.hub.opener_for, request.path_params["photo"]
    found = await rooms.hub.run_read(
        lambda store: read_photo(store, opener_for, station, of.spool, visit=of.visit, photo=photo)
    )
    if found is None or not found[0].is_whole:
        raise RefusedPageError(404, "Không có ảnh này trong lượt khám này.")
    return Response(found[1], media_type="image/jpeg")


def call_in_path(request: Request) -> CallId:
    """Return the call that the address names. Raises RefusedPageError."""
    try:
        return CallId.parse(request.path_params["call"])
    except RefusedError:
        raise RefusedPageError(404, CALL_UNKNOWN) from None


def visit_asked(request: Request) -> VisitId | None:
    """Return the visit that the address asks for; None: it says none. Raises RefusedPageError."""
    return _visit(request.query_params) if "visit" in request.query_params else None


@contextmanager
def refusing() -> Iterator[None]:
    """Tell the page, in its words, why what was asked of the papers of a call was not done."""
    try:
        yield
    except NoteError as error:
        raise RefusedPageError(422, error.text_key) from None
    except UnknownCallError:
        raise RefusedPageError(404, CALL_UNKNOWN) from None
    except ClosedCallError:
        raise RefusedPageError(409, CLOSED) from None
    except WrongPersonError:
        raise RefusedPageError(409, PERSON_UNKNOWN) from None
    except (StoreFailedError, PkiError):
        raise RefusedPageError(503, NOT_KEPT) from None


async def read_case(request: Request) -> Case:
    """Return what is written of the call in the address. Raises RefusedPageError."""
    with refusing():
        case = await rooms_of(request).cases.look(call_in_path(request))
    return case


async def _page(
    request: Request,
    account: Account,
    *,
    status: int = 200,
    typed: Form | None = None,
    of: VisitId | None = None,
    saved: Saved | None = None,
) -> Response:
    case = await read_case(request)
    context = _context(request, account, case, of=of, typed=typed, saved=saved)
    photos = {person.of: await _photos(request, case, person) for person in case.persons}
    return render(request, "call.html", account=account, status=status, photos=photos, **context)


async def _photos(request: Request, case: Case, person: PersonNotes) -> list[PhotoState]:
    hub, station, of = rooms_of(request).hub, case.row.call_id.station, person.of
    if not of.visit:
        return []
    with refusing():
        states = await hub.run_read(
            lambda store: list_photos(store, hub.opener_for, station, of.spool, visit=of.visit)
        )
    return [state for state in states if state.is_whole]


def _context(
    request: Request,
    account: Account,
    case: Case,
    *,
    of: VisitId | None = None,
    typed: Form | None = None,
    saved: Saved | None = None,
) -> dict[str, Any]:
    words = Words(language_of(request))
    asked = of or visit_asked(request)
    person = case.person(asked)
    if asked is not None and person.of != asked:
        raise RefusedPageError(404, PERSON_UNKNOWN)
    may = may_act(rooms_of(request), account, case.row.call_id)
    return {
        "case": case,
        "person": person,
        "typed": typed or person.form[0],
        "saved": saved,
        "may_write": case.is_writable and may,
        "may_close": may and (case.state, Input.CLOSE) in TRANSITIONS,
        "may_correct": account.may_answer and case.minutes is not None and not case.is_writable,
        "station_name": rooms_of(request).stations.name(case.row.call_id.station),
        "urgency_words": URGENCY_WORDS,
        "sex_words": SEX_WORDS,
        "purpose_words": PURPOSE_WORDS,
        "disposition_words": DISPOSITION_WORDS,
        "state_words": STATE_WORDS,
        "practice_text": words(PRACTICE),
        "step_text": lambda step: step_text(step, words),
        "journal_text": lambda line: journal_text(
            {
                "by": line.by,
                "input": line.input,
                "from": line.from_state,
                "to": line.to_state,
                "detail": line.detail,
            },
            words,
        ),
    }


async def _told_form(request: Request, account: Account, of: VisitId, typed: Form, saved: Saved) -> Response:
    """What became of the form: for a script as JSON, for a form the page again, with both texts."""
    status = 409 if saved.disputed else 200
    if wants_json(request):
        return JSONResponse(_form_body(saved), status)
    if saved.disputed:
        return await _page(request, account, status=status, typed=typed, of=of, saved=saved)
    return _done(request, call_in_path(request), of)


def _form_body(saved: Saved) -> dict[str, object]:
    return {
        "revision": saved.version.revision,
        "by": saved.version.by,
        "saved_ms": saved.version.utc_us / 1000,
        "form": saved.form.model_dump(),
        "disputed": list(saved.disputed),
        "other": saved.other,
    }


def _done(request: Request, call_id: CallId, of: VisitId | None) -> Response:
    query = "" if of is None else f"?spool={of.spool:016x}&visit={of.visit}"
    url = f"/calls/{call_id}{query}"
    if wants_json(request):
        return JSONResponse({"is_done": True, "url": url})
    return RedirectResponse(url, status_code=303)


async def _typed(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _visit(said: Mapping[str, str]) -> VisitId:
    """Return the visit that a form or an address names. Raises RefusedPageError."""
    number = whole_number(said.get("visit", ""), most=VARINT_MAX)
    try:
        spool = parse_spool(said.get("spool", ""))
    except RefusedError:
        raise RefusedPageError(422, PERSON_UNKNOWN) from None
    if number is None:
        raise RefusedPageError(422, PERSON_UNKNOWN)
    return VisitId(spool, VisitNo(number))


def _revision(typed: Mapping[str, str]) -> int:
    return whole_number(typed.get("revision", "0"), most=VARINT_MAX) or 0
