"""Boxes: the spares on their shelves, the retired ones, and where each of them was when."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.console.card_history import history_lines
from hub.console.page import RefusedPageError, render, rooms_of, signed_in, signed_in_to_edit
from hub.console.station_card_page import stay_lines
from hub.console.unit_forms import CHANGED_MEANWHILE, read_revision
from hub.fleet.card_json import card_key
from hub.fleet.cells import CellError, read_note
from hub.fleet.folding import fold
from hub.fleet.organisation import OrganisationError
from hub.fleet.organisation_service import ChangedMeanwhileError
from hub.fleet.station_card import BoxCard
from hub.fleet.station_import import read_serial
from hub.people.accounts import Account

SHOWN_MAX: Final = 200


async def show_boxes(request: Request) -> Response:
    """GET /boxes: spares and retired ones; ?q= part of a serial number: whichever it is."""
    return await _list(request, await signed_in(request))


async def add_box(request: Request) -> Response:
    """POST /boxes: a new spare on a unit's shelf."""
    account, rooms = await signed_in_to_edit(request), rooms_of(request)
    form = {key: str(value) for key, value in (await request.form()).items()}
    try:
        box = BoxCard(
            box=read_serial(form.get("box", "")),
            unit=rooms.organisation.unit_names().find(form.get("unit", "")),
            note=read_note(form.get("note", "")),
        )
        if box.box in rooms.organisation.now.boxes:
            raise CellError("Đã có hộp {box}.", box=box.box)
        await rooms.organisation.keep([box], by=account.name, after={card_key(box): 0})
    except (CellError, ChangedMeanwhileError) as error:
        fault = error if isinstance(error, CellError) else CellError("Đã có hộp {box}.", box=form["box"])
        return await _list(request, account, fault=fault, typed=form, status=422)
    await rooms.people.note(account, "box", box.box)
    return RedirectResponse("/boxes", status_code=303)


async def show_box(request: Request) -> Response:
    """GET /boxes/SERIAL: where it was and when."""
    return await _box(request, await signed_in(request))


async def save_box(request: Request) -> Response:
    """POST /boxes/SERIAL: shelf, note, whether it is retired. One that stands at a station stays there."""
    account, rooms = await signed_in_to_edit(request), rooms_of(request)
    before = _card_in_path(request)
    form = {key: str(value) for key, value in (await request.form()).items()}
    try:
        unit = rooms.organisation.unit_names().find(form.get("unit", ""))
        box = replace(before, note=read_note(form.get("note", "")))
        if before.station is None:
            box = replace(box, retired=bool(form.get("retired")), unit=unit)
        after = {card_key(box): read_revision(form)}
        await rooms.organisation.keep([box], by=account.name, after=after)
    except CellError as error:
        return await _box(request, account, fault=error, typed=form, status=422)
    except (ChangedMeanwhileError, OrganisationError):
        return await _box(request, account, fault=CellError(CHANGED_MEANWHILE), typed=form, status=409)
    await rooms.people.note(account, "box", box.box)
    return RedirectResponse(f"/boxes/{box.box}", status_code=303)


async def _list(
    request: Request,
    account: Account,
    *,
    fault: CellError | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    now, asked = rooms_of(request).organisation.now, request.query_params.get("q", "").strip()[:64]
    wanted = fold(asked)
    boxes = sorted(now.boxes.values(), key=lambda box: box.box)
    shown = [box for box in boxes if wanted in fold(box.box)] if wanted else []
    return render(
        request,
        "boxes.html",
        account=account,
        status=status,
        asked=asked,
        found=[(box, _place(request, box)) for box in shown[:SHOWN_MAX]],
        spares=[(box, now.tree.path_text(box.unit)) for box in now.spares()],
        retired=[box for box in boxes if box.retired],
        standing=sum(box.station is not None for box in boxes),
        fault=fault,
        typed=typed or {},
    )


def _place(request: Request, box: BoxCard) -> str:
    now = rooms_of(request).organisation.now
    return now.tree.path_text(box.unit) if box.station is None else now.name(box.station)


async def _box(
    request: Request,
    account: Account,
    *,
    fault: CellError | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    rooms, box = rooms_of(request), _card_in_path(request)
    rows = await rooms.hub.run_read(lambda store: store.fleet.card_versions("box", box.box))
    return render(
        request,
        "box.html",
        account=account,
        status=status,
        box=box,
        place=_place(request, box),
        shelf=rooms.organisation.unit_names().text(box.unit),
        revision=rooms.organisation.revision(box),
        stays=stay_lines(rooms, rows),
        history=history_lines(rooms, rows),
        fault=fault,
        typed=typed or {},
    )


def _card_in_path(request: Request) -> BoxCard:
    box = rooms_of(request).organisation.now.boxes.get(request.path_params["box"])
    if box is None:
        raise RefusedPageError(404, "Không có hộp này.")
    return box
