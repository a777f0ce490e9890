"""Configuration and commands over plain HTTP: previewed, saved, handed out, answered; who may what."""

import asyncio
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from pydantic import JsonValue

from contract.commands import MakeBundle, parse_command
from contract.desired import parse_desired
from contract.events import (
    CommandResult,
    ConfigurationTold,
    DesiredApplied,
    RefusedSetting,
    SettingTold,
)
from contract.ids import RecordClass, StationId
from contract.parts import Content, slice_object
from contract.topics import Topic
from edge.health.bundle import make_bundle
from hub.fleet.station_card import StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.people.accounts import Role
from hub.store.settings_book import LayerDraft
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

WHY = {"why": "loa quá to"}
CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    names = {CON_DAO: "Côn Đảo", "ly-son": "Lý Sơn", "muong-nhe": "Mường Nhé"}
    with ConsoleServer(tmp_path, names=names) as server:
        server.account("Lan", Role.ADMIN)
        server.account("Minh")
        server.account("Hoa", Role.DOCTOR)
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> ConsoleStation:
    station = ConsoleStation(server, CON_DAO)
    station.hello()
    return station


def get(server: ConsoleServer, path: str, who: str = "Lan") -> str:
    answer = server.get(path, Cookie=server.session(who))
    assert answer.status == 200, (path, answer.status)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def post(server: ConsoleServer, path: str, who: str = "Lan", **form: str) -> tuple[int, str]:
    answer = server.post(path, form, Cookie=server.session(who))
    return answer.status, " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def save(server: ConsoleServer, layer: str, *, after: str = "0", **form: str) -> int:
    return post(server, f"/configuration/layers/{layer}", after=after, **WHY, **form)[0]


def desired(server: ConsoleServer, station: str) -> list[dict[str, JsonValue]]:
    return [
        parse_desired(data).settings
        for name, topic, data in server.handed_out
        if name == station and topic is Topic.DESIRED
    ]


def test_a_change_is_shown_before_it_is_made_and_nothing_is_kept_until_it_is_saved(
    server: ConsoleServer,
) -> None:
    status, text = post(server, "/configuration/layers/all/preview", after="0", volume_pct="60", **WHY)
    assert status == 200
    assert "Sẽ đổi ở 3 trạm; lớp này có 3 trạm." in text
    assert "Âm lượng loa : --- → 60 % 3" in text
    assert "Chưa ai đổi gì." in get(server, "/configuration")
    assert server.handed_out == []


def test_what_is_saved_is_merged_handed_out_and_written_into_the_book(server: ConsoleServer) -> None:
    assert save(server, "all", volume_pct="60", hotline="115") == 303
    wait_for(lambda: len(server.handed_out) == 3, "a document for each station")
    assert save(server, f"station:{CON_DAO}", volume_pct="40") == 303
    wait_for(lambda: len(server.handed_out) == 4, "and one more for the one")
    assert desired(server, CON_DAO)[-1] == {"volume_pct": 40, "hotline": "115"}
    page = get(server, "/configuration")
    assert "0 trong 3 trạm đã nhận cấu hình mới nhất." in page
    assert "3 trạm chưa nhận" in page
    assert "trạm Côn Đảo Âm lượng loa : --- → 40 % loa quá to" in page
    deeds = server.run(lambda: server.rooms.people.deeds("all"))
    assert [(one.name, one.deed, one.text) for one in deeds] == [
        ("Lan", "change configuration", "loa quá to")
    ]


def test_what_is_changed_while_it_is_handed_out_goes_out_too(server: ConsoleServer) -> None:
    assert save(server, f"station:{CON_DAO}", volume_pct="60") == 303
    wait_for(lambda: len(server.handed_out) == 1, "the first")
    desk, held = server.rooms.configuration, threading.Event()

    async def change(volume_pct: int, after: int) -> None:
        draft = LayerDraft(
            layer=f"station:{CON_DAO}", settings={"volume_pct": volume_pct}, by="Lan", why="thử", utc_us=1
        )
        assert await desk.change(draft, after=after) is not None

    async def change_twice() -> None:
        waiting = asyncio.ensure_future(server.rooms.hub.run_read(lambda _: held.wait(20)))
        await change(50, 1)
        for _ in range(10):
            await asyncio.sleep(0)  # the desk asks the store for what is in it, and waits
        await change(40, 2)
        held.set()
        await waiting

    server.run(change_twice)
    wait_for(lambda: desired(server, CON_DAO)[-1] == {"volume_pct": 40}, "the last word")


def test_a_group_means_its_stations_and_may_be_removed(server: ConsoleServer) -> None:
    assert server.get("/configuration/group?name=dao", Cookie=server.session("Lan")).status == 303
    group = {"prefix": "con-", "stations": "ly-son", "rank": "5", "volume_pct": "80"}
    status, text = post(server, "/configuration/layers/group:dao/preview", after="0", **WHY, **group)
    assert status == 200
    assert "Sẽ đổi ở 2 trạm" in text and "Côn Đảo, Lý Sơn" in text
    assert save(server, "group:dao", **group) == 303
    wait_for(lambda: len(server.handed_out) == 2, "the two")
    assert save(server, "group:dao", after="1", removed="1") == 303
    wait_for(lambda: len(server.handed_out) == 4, "the two again, with nothing")
    assert desired(server, CON_DAO) == [{"volume_pct": 80}, {}]
    assert "bỏ nhóm" in get(server, "/configuration")


def test_a_group_of_a_unit_means_its_stations_however_the_unit_is_called_and_whoever_joins(
    server: ConsoleServer,
) -> None:
    keep = server.rooms.organisation.keep
    unit = Unit(no=UnitNo(1), parent=None, names=(UnitName("Quần đảo"),))
    server.run(lambda: keep([unit, StationCard(station=CON_DAO, unit=UnitNo(1))], by="Lan"))
    group = {"unit": "quan dao", "rank": "5", "volume_pct": "70"}
    assert save(server, "group:unit", **group) == 303
    wait_for(lambda: desired(server, CON_DAO)[-1:] == [{"volume_pct": 70}], "the unit's station")
    renamed = replace(unit, names=(UnitName("Đặc khu"),))
    server.run(lambda: keep([renamed, StationCard(station=LY_SON, unit=UnitNo(1))], by="Lan"))
    wait_for(lambda: desired(server, LY_SON)[-1:] == [{"volume_pct": 70}], "who joined it")
    page = server.get("/configuration/layers/group:unit", Cookie=server.session("Lan")).text
    assert 'value="Đặc khu"' in page
    status, text = post(
        server, "/configuration/layers/group:sea/preview", after="0", **WHY, unit="nowhere", volume_pct="70"
    )
    assert status == 422
    assert "không có đơn vị này" in text


@pytest.mark.parametrize(
    "wrong", [{"volume_pct": "5"}, {"volume_pct": "to"}, {"hotline": "gọi"}, {"time_zone": "Mars/X"}]
)
def test_what_cannot_be_is_refused_in_its_place_and_what_was_typed_stays(
    server: ConsoleServer, wrong: dict[str, str]
) -> None:
    status, text = post(server, "/configuration/layers/all/preview", after="0", **{**WHY, **wrong})
    assert status == 422
    assert "Chưa xem trước được" in text
    answer = server.post(
        "/configuration/layers/all/preview", {"after": "0", **WHY, **wrong}, Cookie=server.session("Lan")
    )
    assert f'value="{next(iter(wrong.values()))}"' in answer.text
    assert save(server, "all", **wrong) == 422
    assert post(server, "/configuration/layers/all", after="0", volume_pct="60", why=" ")[0] == 422
    assert server.handed_out == []


def test_two_who_change_the_same_layer_are_told_and_the_first_stands(server: ConsoleServer) -> None:
    assert save(server, "all", volume_pct="60") == 303
    _, text = post(server, "/configuration/layers/all/preview", after="0", volume_pct="10", **WHY)
    assert "Người khác vừa đổi lớp này." in text
    assert save(server, "all", volume_pct="10") == 409


def test_only_an_administrator_changes_and_a_doctor_asks_nothing(server: ConsoleServer) -> None:
    for who, asks in (("Minh", 303), ("Hoa", 403)):
        get(server, "/configuration", who)
        get(server, f"/stations/{CON_DAO}/configuration", who)
        assert post(server, "/configuration/layers/all", who, after="0", volume_pct="60", **WHY)[0] == 403
        assert post(server, f"/stations/{CON_DAO}/commands", who, word="self-test")[0] == asks
        assert post(server, f"/stations/{CON_DAO}/commands", who, word="restart box")[0] == 403
    elsewhere = server.post(
        "/configuration/layers/all",
        {"after": "0", "volume_pct": "60", **WHY},
        Cookie=server.session("Lan"),
        Origin="https://elsewhere.example",
    )
    assert elsewhere.status == 403


def test_a_station_says_what_it_took_and_why_not_the_rest(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    assert save(server, "all", volume_pct="60", hotline="115") == 303
    path = f"/stations/{CON_DAO}/configuration"
    assert "Trạm chưa báo lần nào." in get(server, path)
    version = server.rooms.configuration.version(StationId(station.name))
    assert version is not None
    why = RefusedSetting(name="volume_pct", why="not known here")
    applied = DesiredApplied(
        version=1,
        epoch=server.rooms.configuration.epoch,
        hash=version.hash,
        taken=("hotline",),
        refused=(why,),
        replaces=9,
    )
    station.tell(applied)
    told = SettingTold(name="hotline", value='"115"', origin="hub")
    station.tell(ConfigurationTold(software="haidang 0.1.0", version=1, settings=(told,), place=(told,)))
    wait_for(lambda: "Trạm đã nhận" in get(server, path), "the report")
    page = get(server, path)
    assert "Trước đó trạm dùng phiên bản 9: trung tâm đã được khôi phục từ bản sao lưu." in page
    assert "Số máy hiện khi không ai trả lời 115 mọi trạm 115 đã nhận" in page
    assert "Âm lượng loa 60 % mọi trạm chưa hỏi từ chối not known here" in page
    whole = get(server, "/configuration")
    assert "1 trong 3 trạm đã nhận cấu hình mới nhất." in whole
    assert "1 trạm từ chối một phần." in whole
    assert "Côn Đảo Âm lượng loa : not known here" in whole
    assert save(server, "all", after="1", volume_pct="50") == 303
    assert "Trạm chưa nhận." in get(server, path)
    assert "Âm lượng loa : 60 % → 50 %" in get(server, path + "?from=1&to=2")


def test_a_command_is_said_its_end_is_shown_and_a_bundle_is_counted_read_and_saved(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    path = f"/stations/{CON_DAO}/configuration"
    assert post(server, f"/stations/{CON_DAO}/commands", word="dance")[0] == 422
    assert post(server, f"/stations/{CON_DAO}/commands", word="bundle")[0] == 303
    assert post(server, f"/stations/{CON_DAO}/commands", word="bundle")[0] == 303
    said = [parse_command(data) for _, topic, data in server.handed_out if topic is Topic.COMMAND]
    assert len(said) == 1, "asked twice before it was answered: said once"
    assert isinstance(said[0], MakeBundle) and said[0].by == "Lan"
    assert "chờ trạm" in get(server, path)
    data = make_bundle({"versions.json": {"software": "haidang 0.1.0"}}, ["INFO edge: <b>một</b>"])
    name = "ab" * 16
    parts = slice_object(data, Content.BUNDLE, object_id=bytes.fromhex(name), slice_bytes=150)
    station.tell(CommandResult(command=said[0].id, state="taken"), visit=0)
    station.tell(CommandResult(command=said[0].id, state="done", text="xong", object=name), visit=0)
    station.records.visit = 0  # type: ignore[assignment]
    first, *rest = [station.records.part(part) for part in parts]
    station.deliver(RecordClass.PART, [first])
    wait_for(lambda: f"1 trong {len(parts)} phần" in get(server, path), "the first part")
    assert server.get(f"/stations/{CON_DAO}/bundles/{name}.zip", Cookie=server.session("Lan")).status == 409
    station.deliver(RecordClass.PART, rest)
    wait_for(lambda: "Lưu gói" in get(server, path), "the rest")
    saved = server.get(f"/stations/{CON_DAO}/bundles/{name}.zip", Cookie=server.session("Lan"))
    assert (saved.data, saved.headers["Content-Type"]) == (data, "application/zip")
    assert "INFO edge: <b>một</b>" in get(server, f"/stations/{CON_DAO}/bundles/{name}")
    nothing = server.get(f"/stations/{CON_DAO}/bundles/{'cd' * 16}", Cookie=server.session("Lan"))
    assert nothing.status == 404


def test_a_layer_of_no_name_or_of_no_station_is_none(server: ConsoleServer) -> None:
    for layer in ("dance", "group:A b", "station:nobody", "unit:x"):
        answer = server.get(
            f"/configuration/layers/{layer.replace(' ', '%20')}", Cookie=server.session("Lan")
        )
        assert answer.status == 404, layer
