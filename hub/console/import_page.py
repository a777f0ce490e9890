"""Files of units and stations: brought, looked at line by line, taken as they were seen or not at all."""

import asyncio
from typing import Final, get_args

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.console.page import RefusedPageError, render, rooms_of, signed_in, signed_in_to_edit
from hub.console.rooms import Rooms
from hub.fleet.columns import STATION_COLUMNS, UNIT_COLUMNS
from hub.fleet.import_csv import propose
from hub.fleet.imports import KeptFile
from hub.fleet.organisation import OrganisationError
from hub.fleet.organisation_service import ChangedMeanwhileError
from hub.fleet.preview import LineKind, Preview, make_preview
from hub.fleet.proposal import Problem, Proposal
from hub.fleet.units import UnitTreeError
from hub.people.accounts import Account
from hub.typed_values import whole_number

PAGE_LINES: Final = 100
PAGES_MAX: Final = 99_999
PROBLEMS_SHOWN: Final = 500
KINDS: Final[tuple[LineKind, ...]] = get_args(LineKind)
KIND_WORDS: Final[dict[LineKind, str]] = {
    "added": "Thêm",
    "changed": "Sửa",
    "unchanged": "Không đổi",
    "absent": "Không có trong tệp",
}


async def show_import(request: Request) -> Response:
    """GET /organisation/import: where a file is brought."""
    account = await signed_in(request)
    _check(account)
    return _form(request, account)


async def take_file(request: Request) -> Response:
    """POST /organisation/import: a file. Its preview is shown, or what is wrong; nothing is written."""
    account = await signed_in_to_edit(request, units=True)
    async with request.form() as form:  # it holds the file open
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return _form(request, account, problems=(Problem(0, "", "Hãy chọn một tệp CSV."),))
        data, name = await file.read(), file.filename[-100:]
    proposal, preview = await _look(rooms_of(request), data)
    if preview is None:
        return _form(request, account, problems=proposal.problems, name=name)
    rooms_of(request).imports.keep(KeptFile(name, account.name, data, preview))
    return RedirectResponse(f"/organisation/import/{preview.digest}", status_code=303)


async def show_preview(request: Request) -> Response:
    """GET /organisation/import/DIGEST?kind=changed&page=2: what would change, a page of it at a time."""
    account = await signed_in(request)
    _check(account)
    return _preview(request, account, _kept(request, account))


async def confirm(request: Request) -> Response:
    """POST /organisation/import/DIGEST: take it as it was seen; `drop`: do not take it."""
    account = await signed_in_to_edit(request, units=True)
    rooms, kept = rooms_of(request), _kept(request, account)
    if (await request.form()).get("drop"):
        rooms.imports.drop(kept.preview.digest, by=account.name)
        return RedirectResponse("/organisation/import", status_code=303)
    try:
        if kept.preview.cards:
            await rooms.organisation.keep(
                kept.preview.cards, by=account.name, why=kept.name, after=kept.preview.after
            )
    except (ChangedMeanwhileError, OrganisationError, UnitTreeError):
        return await _changed_meanwhile(request, account, kept)
    rooms.imports.drop(kept.preview.digest, by=account.name)
    await rooms.people.note(account, "import", kept.name, f"{len(kept.preview.cards)} cards")
    return render(request, "import_done.html", account=account, name=kept.name, count=len(kept.preview.cards))


async def _changed_meanwhile(request: Request, account: Account, kept: KeptFile) -> Response:
    """Somebody changed something after the file was looked at: look again, and say so."""
    rooms = rooms_of(request)
    rooms.imports.drop(kept.preview.digest, by=account.name)
    proposal, preview = await _look(rooms, kept.data)
    if preview is None:
        return _form(request, account, problems=proposal.problems, name=kept.name)
    again = KeptFile(kept.name, kept.by, kept.data, preview)
    rooms.imports.keep(again)
    return _preview(request, account, again, is_changed=True, status=409)


async def _look(rooms: Rooms, data: bytes) -> tuple[Proposal, Preview | None]:
    """Return what a file says and what would change; off the loop's thread, for a file may be large."""
    now, revision = rooms.organisation.now, rooms.organisation.revision

    def look() -> tuple[Proposal, Preview | None]:
        proposal = propose(data, now)
        if proposal.problems:
            return proposal, None
        try:
            return proposal, make_preview(proposal, now, revision=revision)
        except UnitTreeError as error:
            return Proposal(proposal.kind, problems=(Problem(0, "", str(error)),)), None

    return await asyncio.to_thread(look)


def _form(
    request: Request, account: Account, *, problems: tuple[Problem, ...] = (), name: str = ""
) -> Response:
    return render(
        request,
        "import.html",
        account=account,
        status=422 if problems else 200,
        problems=problems[:PROBLEMS_SHOWN],
        more=max(0, len(problems) - PROBLEMS_SHOWN),
        count=len(problems),
        name=name,
        unit_columns=UNIT_COLUMNS,
        station_columns=STATION_COLUMNS,
    )


def _preview(
    request: Request, account: Account, kept: KeptFile, *, is_changed: bool = False, status: int = 200
) -> Response:
    preview, said = kept.preview, request.query_params
    counts = {kind: len(preview.of(kind)) for kind in KINDS}
    wanted = [one for one in KINDS if one == said.get("kind")] or [one for one in KINDS if counts[one]]
    kind: LineKind = wanted[0] if wanted else "added"
    lines = preview.of(kind)
    pages = max(1, -(-len(lines) // PAGE_LINES))
    page = min(whole_number(said.get("page", ""), most=PAGES_MAX) or 1, pages)
    return render(
        request,
        "import_preview.html",
        account=account,
        status=status,
        name=kept.name,
        preview=preview,
        counts=counts,
        kind_words=KIND_WORDS,
        kind=kind,
        lines=lines[(page - 1) * PAGE_LINES : page * PAGE_LINES],
        page=page,
        pages=pages,
        is_changed=is_changed,
    )


def _kept(request: Request, account: Account) -> KeptFile:
    kept = rooms_of(request).imports.get(request.path_params["digest"], by=account.name)
    if kept is None:
        raise RefusedPageError(404, "Tệp này không còn ở trung tâm. Hãy tải lên lại.")
    return kept


def _check(account: Account) -> None:
    if not account.may_edit_units:
        raise RefusedPageError(403, "Tài khoản này không được sửa tổ chức.")
