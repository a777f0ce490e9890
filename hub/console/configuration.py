"""What the hub wants of its stations: layers, who changed what, how many stations have taken it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contract.desired import SETTINGS
from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from contract.varints import VARINT_MAX
from hub.cases.note_words import utc_text
from hub.console.page import RefusedPageError, check_origin, render, rooms_of, signed_in
from hub.console.rooms import Rooms
from hub.console.setting_words import (
    SETTING_WORDS,
    field_text,
    layer_text,
    name_of,
    read_fields,
    said_text,
    value_text,
)
from hub.console.words import Words, language_of
from hub.fleet.cells import CellError
from hub.fleet.desired import GROUP, STATION, Difference, difference, is_layer
from hub.fleet.groups import RANK_MAX, STATIONS_MAX, GroupRule
from hub.fleet.unit_names import UnitNames
from hub.fleet.units import UnitNo
from hub.people.accounts import Account, Role
from hub.store.interface import Store
from hub.store.settings_book import LayerDraft, LayerRow
from hub.typed_values import whole_number

CHANGES_SHOWN: Final = 50
REFUSALS_SHOWN: Final = 50
STATIONS_SHOWN: Final = 20  # of those that a change touches
WHY_MAX_CHARS: Final = 200
OF_A_GROUP: Final = ("rank", "prefix", "stations", "unit")


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the book: who changed which layer, when and why, and what it made otherwise."""

    row: LayerRow
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says. `faults`: by field."""

    draft: LayerDraft
    fields: dict[str, str]
    faults: dict[str, str]
    after: int


async def show_configuration(request: Request) -> Response:
    """GET /configuration: the layers, the stations' standing, what was changed."""
    account = await signed_in(request)
    rooms, words = rooms_of(request), Words(language_of(request))
    desk = rooms.configuration
    plan = await desk.plan()
    standings = await rooms.hub.run_read(lambda store: store.settings.standings())
    refusals = await rooms.hub.run_read(lambda store: store.settings.refusals(most=REFUSALS_SHOWN))
    layers = await rooms.hub.run_read(lambda store: store.settings.layers())
    changes = await rooms.hub.run_read(lambda store: _changes(store, None))
    counts: Counter[str] = Counter()
    for station, version in desk.documents.items():
        said = standings.get(station)
        is_newest = said is not None and (said.hash, said.epoch) == (version.hash, desk.epoch)
        counts["taken" if is_newest else "waiting"] += 1
        counts["refusing"] += said is not None and said.refused > 0
    return render(
        request,
        "configuration.html",
        account=account,
        layers=[(row, len(plan.scope(row.layer))) for row in layers],
        counts=counts,
        wanted=len(desk.documents),
        leaving=desk.waiting,
        refusals=[(station, rooms.stations.name(station), report) for station, report in refusals],
        changes=changes,
        may_change=may_change(account),
        **_words(rooms, words),
    )


async def open_group(request: Request) -> Response:
    """GET /configuration/group?name=: the form of a group, new or not."""
    await signed_in(request)
    layer = GROUP + request.query_params.get("name", "").strip()
    if not is_layer(layer):
        raise RefusedPageError(422, "Tên nhóm chỉ có chữ thường không dấu, chữ số và dấu gạch ngang.")
    return RedirectResponse(f"/configuration/layers/{layer}", status_code=303)


async def show_layer(request: Request) -> Response:
    """GET /configuration/layers/LAYER: its form."""
    account = await signed_in(request)
    layer, rooms = _layer_in_path(request), rooms_of(request)
    newest = await rooms.hub.run_read(lambda store: store.settings.changes(newest=1, layer=layer))
    row = newest[0] if newest and not newest[0].is_removed else None
    fields = {name: field_text(None if row is None else row.settings.get(name)) for name in SETTINGS}
    rule = GroupRule.of((row.members or {}) if row is not None else {})
    names = rooms.organisation.unit_names()
    unit = _unit_named(names, rule.unit)
    fields |= {
        "rank": str(rule.rank),
        "prefix": rule.prefix,
        "unit": rule.unit if unit is None else names.text(unit),
    }
    fields["stations"] = "\n".join(sorted(rule.stations))
    after = newest[0].no if newest else 0
    return await _form(request, account, layer, fields, faults={}, after=after, has_row=row is not None)


async def preview_layer(request: Request) -> Response:
    """POST /configuration/layers/LAYER/preview: what would change, before anything does."""
    account, layer = await _signed_in_to_change(request), _layer_in_path(request)
    asked = await _asked(request, account, layer)
    if asked.faults:
        return await _form(
            request, account, layer, asked.fields, faults=asked.faults, after=asked.after, has_row=True
        )
    rooms, words = rooms_of(request), Words(language_of(request))
    found = await rooms.configuration.preview(asked.draft)
    kinds, samples = Counter[tuple[str, str, str]](), dict[tuple[str, str, str], Difference]()
    alike = Counter(map(id, found.stations.values()))
    for each in {id(each): each for each in found.stations.values()}.values():
        for one in each:
            kind = one.name, repr(one.before), repr(one.after)
            kinds[kind] += alike[id(each)]
            samples[kind] = one
    return render(
        request,
        "configuration_preview.html",
        account=account,
        layer=layer,
        asked=asked,
        touched=len(found.stations),
        scope=found.scope,
        is_behind=found.after != asked.after,
        kinds=[(samples[kind], count) for kind, count in kinds.most_common()],
        stations=[rooms.stations.name(one) for one in list(found.stations)[:STATIONS_SHOWN]],
        more=max(0, len(found.stations) - STATIONS_SHOWN),
        **_words(rooms, words),
    )


async def save_layer(request: Request) -> Response:
    """POST /configuration/layers/LAYER: keep what was previewed."""
    account, layer = await _signed_in_to_change(request), _layer_in_path(request)
    asked, rooms = await _asked(request, account, layer), rooms_of(request)
    if asked.faults:
        raise RefusedPageError(422, "Có ô không dùng được. Hãy quay lại sửa.")
    made = await rooms.configuration.change(asked.draft, after=asked.after)
    if made is None:
        raise RefusedPageError(409, "Người khác vừa đổi lớp này. Hãy mở lại trang rồi xem lại.")
    await rooms.people.note(account, "change configuration", layer, asked.draft.why)
    own = layer.removeprefix(STATION)
    back = f"/stations/{own}/configuration" if layer.startswith(STATION) else "/configuration"
    return RedirectResponse(back, status_code=303)


def may_change(account: Account) -> bool:
    """Whether an account may say how stations are to be: one that is for the whole installation."""
    return account.role is Role.ADMIN


async def _signed_in_to_change(request: Request) -> Account:
    check_origin(request)
    account = await signed_in(request)
    if not may_change(account):
        raise RefusedPageError(403, "Chỉ quản trị viên được đổi cấu hình.")
    return account


def _layer_in_path(request: Request) -> str:
    layer = str(request.path_params["layer"])
    if not is_layer(layer):
        raise RefusedPageError(404, "Không có trang này.")
    own = layer.removeprefix(STATION)
    if layer.startswith(STATION) and not rooms_of(request).stations.knows(StationId(own)):
        raise RefusedPageError(404, "Không có trạm này.")
    return layer


async def _asked(request: Request, account: Account, layer: str) -> Asked:
    form, words = await request.form(), Words(language_of(request))
    fields = {name: str(form.get(name, "")) for name in (*SETTINGS, *OF_A_GROUP, "why")}
    fields["removed"] = "1" if form.get("removed") == "1" else ""
    settings, faults = read_fields(fields, words)
    members = None
    if layer.startswith(GROUP):
        members, wrong = _members(fields, words, rooms_of(request).organisation.unit_names())
        faults |= wrong
    why = " ".join(fields["why"].split())
    if not why or len(why) > WHY_MAX_CHARS:
        faults["why"] = words("hãy ghi vì sao, nhiều nhất 200 chữ")
    draft = LayerDraft(
        layer=layer,
        settings={} if fields["removed"] else settings,
        members=members,
        is_removed=bool(fields["removed"]),
        by=account.name,
        why=why,
        utc_us=rooms_of(request).hub.utc_now_us(),
    )
    after = whole_number(str(form.get("after", "")), most=VARINT_MAX)
    return Asked(draft, fields, faults, -1 if after is None else after)


def _unit_named(names: UnitNames, text: str) -> UnitNo | None:
    try:
        return names.find(text)
    except CellError:
        return None


def _members(fields: dict[str, str], words: Words, units: UnitNames) -> tuple[dict[str, Any], dict[str, str]]:
    faults: dict[str, str] = {}
    prefix, rank = fields["prefix"].strip(), whole_number(fields["rank"].strip() or "0", most=RANK_MAX)
    if rank is None:
        faults["rank"] = words("số nguyên từ 0 đến 999")
    names = fields["stations"].replace(",", " ").split()
    try:
        stations = frozenset(map(parse_station, names))
    except RefusedError:
        stations = frozenset()
        faults["stations"] = words("có tên trạm không dùng được")
    if len(names) > STATIONS_MAX:
        faults["stations"] = words("quá nhiều trạm: hãy dùng phần đầu của tên")
    unit = _unit_named(units, fields["unit"])
    if unit is None and fields["unit"].strip():
        faults["unit"] = words("không có đơn vị này, hoặc có nhiều")
    of_unit = "" if unit is None else f"#{unit}"  # it bears its number through every change of name
    rule = GroupRule(rank or 0, prefix, stations, of_unit)
    return rule.to_keep(), faults


async def _form(
    request: Request,
    account: Account,
    layer: str,
    fields: dict[str, str],
    *,
    faults: dict[str, str],
    after: int,
    has_row: bool,
) -> Response:
    rooms, words = rooms_of(request), Words(language_of(request))
    changes = await rooms.hub.run_read(lambda store: _changes(store, layer))
    return render(
        request,
        "configuration_layer.html",
        account=account,
        status=422 if faults else 200,
        layer=layer,
        is_group=layer.startswith(GROUP),
        has_units=rooms.configuration.has_units,
        settings=SETTINGS,
        setting_words=SETTING_WORDS,
        fields={"why": "", "removed": "", **fields},
        faults=faults,
        after=after,
        has_row=has_row,
        changes=changes,
        may_change=may_change(account),
        **_words(rooms, words),
    )


def _words(rooms: Rooms, words: Words) -> dict[str, Any]:
    """Return what templates say settings, values and layers with."""

    def of_layer(layer: str) -> str:
        own = StationId(layer.removeprefix(STATION))
        return layer_text(layer, words, rooms.stations.name(own))

    return {
        "setting_name": lambda name: name_of(name, words),
        "setting_value": lambda name, value: value_text(name, value, words),
        "layer_name": of_layer,
        "utc_text": utc_text,
        "said": lambda text: said_text(text, words),
    }


def _changes(store: Store, layer: str | None) -> list[Change]:
    rows = store.settings.changes(newest=CHANGES_SHOWN, layer=layer)
    found = []
    for row in rows:
        before = store.settings.change_before(row)
        found.append(Change(row, difference({} if before is None else before.settings, row.settings)))
    return found
