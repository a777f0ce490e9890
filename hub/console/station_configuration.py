"""One station's configuration: what is wanted beside what it said, commands and their ends, the bundle."""

import json
from dataclasses import dataclass
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.commands import CommandWord
from contract.desired import SETTINGS
from contract.events import ConfigurationTold, SettingTold
from contract.ids import StationId
from hub.cases.note_words import utc_text
from hub.console.configuration import may_change
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
from hub.console.setting_words import COMMAND_WORDS, STATE_WORDS, layer_text, name_of, said_text, value_text
from hub.console.words import Words, language_of
from hub.fleet.bundles import BundleState, open_bundle
from hub.fleet.desired import Difference, SettingFrom, difference
from hub.people.accounts import Account
from hub.store.interface import Store
from hub.store.settings_book import CommandRow, ReportRow, VersionRow

COMMANDS_SHOWN: Final = 20
VERSIONS_SHOWN: Final = 30
FOR_ADMINS: Final = ("restart box",)


@dataclass(frozen=True, slots=True)
class Line:
    """A setting: what is wanted of it and by which layer, what the station says is in force, and how the two
    stand: "same", "waiting", "refused" (why), "unknown" (it was not asked), "place" (nothing is wanted).
    """

    name: str
    wanted: SettingFrom | None
    told: SettingTold | None
    state: str
    why: str = ""

    @property
    def in_force(self) -> Any:
        """The value that the station told; what is no JSON, or has letters that are none, as it came."""
        if self.told is None:
            return None
        try:
            value = json.loads(self.told.value)
            json.dumps(value, ensure_ascii=False).encode()
        except ValueError:
            return self.told.value
        return value


@dataclass(frozen=True, slots=True)
class Told:
    """The configuration that a station told when it was asked, and when the hub heard it."""

    event: ConfigurationTold
    utc_ms: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as the page shows it. `bundle`: how much has come of what it made."""

    row: CommandRow
    state: str
    text: str
    at_ms: float
    bundle: BundleState | None


async def show_station_configuration(request: Request) -> Response:
    """GET /stations/ID/configuration; ?part=1: what changes by itself, for the page that is open already;
    ?from=V&to=V: two versions compared.
    """
    account = await signed_in(request)
    station, rooms, words = station_in_path(request), rooms_of(request), Words(language_of(request))
    is_part = request.query_params.get("part") == "1"
    plan = await rooms.configuration.plan_of(station)
    wanted, version = plan.settings(station), rooms.configuration.version(station)
    report, told, versions = await rooms.hub.run_read(lambda store: _read(store, station))
    commands = await _commands(rooms, station)
    compared = await rooms.hub.run_read(lambda store: _compared(store, request, versions))
    is_taken = report is not None and version is not None and _is_of(report, version, rooms)
    return render(
        request,
        "station_configuration_part.html" if is_part else "station_configuration.html",
        account=account,
        station=station,
        name=rooms.stations.name(station),
        lines=_lines(wanted, report, told, is_taken=is_taken),
        version=version,
        report=report,
        told=told,
        is_taken=is_taken,
        versions=versions,
        compared=compared,
        commands=commands,
        command_words=COMMAND_WORDS,
        state_words=STATE_WORDS,
        may_ask=account.may_answer,
        may_change=may_change(account),
        twice=FOR_ADMINS,
        allowed=[word for word in COMMAND_WORDS if _may_ask(account, word)],
        setting_name=lambda name: name_of(name, words),
        setting_value=lambda name, value: value_text(name, value, words),
        layer_name=lambda layer: layer_text(layer, words, rooms.stations.name(station)),
        utc_text=utc_text,
        said=lambda text: said_text(text, words),
    )


async def ask_command(request: Request) -> Response:
    """POST /stations/ID/commands, `word`: the station is asked to do it once."""
    account = await signed_in_to_answer(request)
    station, rooms = station_in_path(request), rooms_of(request)
    word = str((await request.form()).get("word", ""))
    known = next((one for one in get_args(CommandWord) if one == word), None)
    if known is None:
        raise RefusedPageError(422, "Không có lệnh này.")
    if not _may_ask(account, known):
        raise RefusedPageError(403, "Chỉ quản trị viên được khởi động lại máy trạm.")
    row = await rooms.configuration.command(station, known, by=account.name)
    if row is None:
        raise RefusedPageError(409, "Trạm còn nhiều lệnh chưa trả lời. Hãy chờ.")
    await rooms.people.note(account, f"command {known}", station, row.name)
    if wants_json(request):
        return JSONResponse({"is_done": True})
    return RedirectResponse(f"/stations/{station}/configuration", status_code=303)


async def save_bundle(request: Request) -> Response:
    """GET /stations/ID/bundles/OBJECT.zip: the bundle as it came."""
    account = await signed_in(request)
    state = await _bundle(request)
    if state.data is None:
        raise RefusedPageError(409, "Gói chẩn đoán chưa đến đủ, hoặc đã hỏng.")
    station = station_in_path(request)
    await rooms_of(request).people.note(account, "save bundle", station, state.object_name)
    name = f"{station}-{state.object_name[:8]}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(state.data, media_type="application/zip", headers=headers)


async def show_bundle(request: Request) -> Response:
    """GET /stations/ID/bundles/OBJECT: its files, to be read."""
    account, station = await signed_in(request), station_in_path(request)
    state = await _bundle(request)
    return render(
        request,
        "bundle.html",
        account=account,
        station=station,
        name=rooms_of(request).stations.name(station),
        state=state,
        files={} if state.data is None else open_bundle(state.data),
    )


async def _bundle(request: Request) -> BundleState:
    station, rooms = station_in_path(request), rooms_of(request)
    name = str(request.path_params["object"])
    state = await rooms.hub.run_read(lambda store: rooms.bundles.read(store, station, name))
    if state is None:
        raise RefusedPageError(404, "Không có gói chẩn đoán này.")
    return state


def _may_ask(account: Account, word: str) -> bool:
    return account.may_answer and (word not in FOR_ADMINS or may_change(account))


def _is_of(report: ReportRow, version: VersionRow, rooms: Rooms) -> bool:
    return (report.event.hash, report.event.epoch) == (version.hash, rooms.configuration.epoch)


def _read(store: Store, station: StationId) -> tuple[ReportRow | None, Told | None, list[VersionRow]]:
    told = None
    for stored in store.events(station, names=("configuration",), newest=1):
        if isinstance(stored.event, ConfigurationTold):
            told = Told(stored.event, stored.received_utc_us / 1000)
    versions = store.settings.versions(station, newest=VERSIONS_SHOWN)
    return store.settings.report(station), told, versions


def _lines(
    wanted: dict[str, SettingFrom], report: ReportRow | None, told: Told | None, *, is_taken: bool
) -> list[Line]:
    refused = {} if report is None else {one.name: one.why for one in report.event.refused}
    said = {} if told is None else {one.name: one for one in told.event.settings}
    lines = []
    for name in [*SETTINGS, *sorted(wanted.keys() - SETTINGS.keys())]:
        one = wanted.get(name)
        if one is None:
            state = "place"
        elif not is_taken:
            state = "waiting"
        else:
            state = "refused" if name in refused else "same"
        lines.append(Line(name, one, said.get(name), state, refused.get(name, "")))
    return lines


async def _commands(rooms: Rooms, station: StationId) -> list[Asked]:
    def read(store: Store) -> list[Asked]:
        rows, found = store.settings.commands(station, newest=COMMANDS_SHOWN), []
        names = {step.object_name for row in rows for step in row.steps if step.object_name is not None}
        bundles = rooms.bundles.states(store, station, names)
        for row in rows:
            last = row.steps[-1] if row.steps else None
            bundle = None if last is None or last.object_name is None else bundles.get(last.object_name)
            at_ms = (row.made_utc_us if last is None else last.utc_us) / 1000
            state = "" if last is None else last.state
            found.append(Asked(row, state, "" if last is None else last.text, at_ms, bundle))
        return found

    return await rooms.hub.run_read(read)


def _compared(
    store: Store, request: Request, versions: list[VersionRow]
) -> tuple[VersionRow, VersionRow, list[Difference]] | None:
    """Return two versions and their difference: those that are asked for, else the last two."""
    by_number = {str(row.version): row for row in versions}
    said = request.query_params
    after = by_number.get(said.get("to", ""), versions[0] if versions else None)
    before = by_number.get(said.get("from", ""), versions[1] if len(versions) > 1 else None)
    if before is None or after is None:
        return None
    contents = store.settings.contents([before.hash, after.hash])
    found = difference(contents.get(before.hash, {}), contents.get(after.hash, {}))
    return before, after, found
