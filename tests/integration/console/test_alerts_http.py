"""Alerts over HTTP: raised by the clock, owned, quiet in maintenance, kept over a restart; a press rings."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from contract.events import Status
from contract.ids import CallId, StationId
from hub.alerts.alert import Alert
from hub.alerts.alert_service import ALL_WITHIN_S
from hub.alerts.table import State
from hub.console.ages import VIETNAM
from hub.fleet.station_card import StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.store.alert_book import AlertRow, SqliteAlertBook
from hub.store.interface import StoreFailedError
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

NAMES = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn"}
ISLANDS = UnitNo(1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path, names=NAMES) as server:
        server.account("Lan")
        server.account("Minh")
        yield server


def turn(server: ConsoleServer) -> None:
    server.run(server.rooms.alerts.turn)


def alerts(server: ConsoleServer, rule: str = "silent") -> list[Alert]:
    found: list[Alert] = server.call(server.rooms.alerts.open_alerts)
    return [one for one in found if one.rule == rule]


def silent(server: ConsoleServer, *names: str, for_s: float = 1_300.0) -> None:
    """These stations were heard, and then for so long were not."""
    for number, name in enumerate(names):
        ConsoleStation(server, name, spool=0xE000 + number).status()
    wait_for(lambda: all(heard(server, name) for name in names), "the stations to be heard")
    turn(server)
    server.ahead_s += for_s
    turn(server)


def heard(server: ConsoleServer, name: str) -> bool:
    """What it said is committed too: that comes after the word, and has the station looked at."""
    is_committed = status(server, name) is not None
    return bool(is_committed and server.call(lambda: server.rooms.station(StationId(name))["word"]) == "LIVE")


def status(server: ConsoleServer, name: str) -> Status | None:
    """The last that is committed."""
    found: Status | None = server.call(lambda: server.rooms.feed.now(StationId(name)).status)
    return found


def unit_of_islands(server: ConsoleServer) -> None:
    unit = Unit(no=ISLANDS, parent=None, names=(UnitName("Các đảo"),))
    cards = [StationCard(station=StationId(name), unit=ISLANDS) for name in NAMES]
    server.run(lambda: server.rooms.organisation.keep([unit, *cards], by="Lan"))


def local(server: ConsoleServer, minutes: float) -> str:
    now = datetime.fromtimestamp(server.clock.utc_now_us() / 1e6, UTC).astimezone(VIETNAM)
    return (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M")


def test_a_silent_station_is_an_alert_that_somebody_owns_and_gives_back(server: ConsoleServer) -> None:
    silent(server, "con-dao-01")
    (alert,) = alerts(server)
    lan = server.session("Lan")
    page = server.get("/alerts", Cookie=lan).text
    assert "Trạm im lặng" in page and "Trạm Y tế Côn Đảo" in page and "**" in page
    assert "21 phút" in page  # since when it has been so
    owned = server.post(f"/alerts/{alert.no}/ack", {"note": "gọi thợ điện", "hours": "4"}, Cookie=lan)
    assert owned.status == 303
    (alert,) = alerts(server)
    assert (alert.state, alert.owner, alert.note) == (State.ACKNOWLEDGED, "Lan", "gọi thợ điện")
    mine = server.get("/alerts?mine=1", Cookie=server.session("Minh")).text
    assert "Trạm im lặng" not in mine.split('id="alerts"')[1]
    journal = server.get(f"/alerts/{alert.no}?lang=en", Cookie=lan).text
    assert re.search(r"Lan</td><td>owned</td><td>somebody owns it</td><td>gọi thợ điện · for 4 h", journal)
    assert server.post(f"/alerts/{alert.no}/release", Cookie=server.session("Minh")).status == 303
    assert alerts(server)[0].state is State.RAISED


@pytest.mark.parametrize("hours", ["", "0", "48", "inf", "nan"])
def test_an_alert_is_owned_for_a_day_at_most(server: ConsoleServer, hours: str) -> None:
    silent(server, "con-dao-01")
    (alert,) = alerts(server)
    answer = server.post(f"/alerts/{alert.no}/ack", {"hours": hours}, Cookie=server.session("Lan"))
    assert answer.status == 422 and alerts(server)[0].state is State.RAISED


def test_what_is_owned_too_long_is_nobodys_again(server: ConsoleServer) -> None:
    silent(server, "con-dao-01")
    (alert,) = alerts(server)
    server.post(f"/alerts/{alert.no}/ack", {"hours": "1"}, Cookie=server.session("Lan"))
    server.ahead_s += 3_599
    turn(server)
    assert alerts(server)[0].state is State.ACKNOWLEDGED
    server.ahead_s += 2
    turn(server)
    assert alerts(server)[0].owner is None


def test_a_station_that_is_heard_again_settles_and_is_closed(server: ConsoleServer) -> None:
    silent(server, "con-dao-01")
    (alert,) = alerts(server)
    box = ConsoleStation(server, "con-dao-01", spool=0xE00F)
    box.status()
    wait_for(lambda: heard(server, "con-dao-01"), "the station to be heard again")
    turn(server)
    assert alerts(server)[0].calm_s is not None
    assert "đang chờ xem có yên không" in server.get("/alerts", Cookie=server.session("Lan")).text
    for _ in range(6):
        before = status(server, "con-dao-01")
        server.ahead_s += 301
        box.status()
        wait_for(lambda: status(server, "con-dao-01") is not before, "the station to be heard")  # noqa: B023
    turn(server)
    assert alerts(server) == []
    closed = server.get("/alerts/closed", Cookie=server.session("Lan")).text
    assert "Trạm im lặng" in closed and f"/alerts/{alert.no}" in closed


def test_alerts_outlive_the_hub(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path, names=NAMES) as server:
        server.account("Lan")
        silent(server, "con-dao-01")
        (before,) = alerts(server)
        server.post(f"/alerts/{before.no}/ack", {"note": "x", "hours": "8"}, Cookie=server.session("Lan"))
    with ConsoleServer(tmp_path, names=NAMES, ahead_s=1_400.0) as server:
        turn(server)
        (after,) = alerts(server)
        assert (after.no, after.owner, after.since_s) == (before.no, "Lan", before.since_s)
        server.ahead_s += 2_000  # heard by nobody, which is no news of it
        turn(server)
        assert [one.no for one in alerts(server)] == [before.no]


def rings(server: ConsoleServer, call: CallId) -> bool:
    entries = server.call(lambda: server.rooms.calls("Lan"))
    return any(one["id"] == str(call) and one["rings"] and one["group"] == "ringing" for one in entries)


def test_a_press_rings_in_maintenance_with_every_alert_owned(server: ConsoleServer) -> None:
    unit_of_islands(server)
    silent(server, "con-dao-01", "ly-son")
    lan = server.session("Lan")
    for alert in server.call(server.rooms.alerts.open_alerts):
        server.post(f"/alerts/{alert.no}/ack", {"hours": "24"}, Cookie=lan)
    form = {"unit": "1", "from": local(server, -5), "until": local(server, 120), "why": "thay cáp quang"}
    assert server.post("/maintenance", form, Cookie=lan).status == 303
    assert all(one.is_quiet for one in alerts(server))
    call = ConsoleStation(server, "con-dao-01", spool=0xE00E).press()
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(call)) is not None, "the call to be open")
    wait_for(lambda: rings(server, call), "it to ring")
    page = server.get("/alerts", Cookie=lan).text
    assert f'data-call="{call}"' in page and "Trả lời" in page


def test_in_maintenance_alerts_are_kept_quiet_and_loud_at_its_end(server: ConsoleServer) -> None:
    unit_of_islands(server)
    lan = server.session("Lan")
    form = {"unit": "1", "from": local(server, -5), "until": local(server, 60), "why": "thay cáp quang"}
    assert server.post("/maintenance", form, Cookie=lan).status == 303
    silent(server, "con-dao-01")
    (alert,) = alerts(server)
    assert alert.is_quiet and not alert.is_loud
    assert "Trạm Y tế Côn Đảo" not in server.get("/alerts", Cookie=lan).text.split('id="alerts"')[1]
    shown = server.get("/alerts?quiet=1", Cookie=lan).text
    assert "trong bảo trì" in shown and "thay cáp quang" in shown
    assert re.search(r"đang bảo trì, \d+ cảnh báo được giữ im", server.get("/maintenance", Cookie=lan).text)
    server.ahead_s += 3_600
    turn(server)
    assert alerts(server)[0].is_loud
    lines = server.get(f"/alerts/{alert.no}?lang=en", Cookie=lan).text.split("<main")[1]
    assert lines.index("in maintenance, nobody is told") < lines.index("maintenance is over")


def test_maintenance_ends_when_somebody_says_so(server: ConsoleServer) -> None:
    lan = server.session("Lan")
    form = {"station": "ly-son", "from": local(server, -5), "until": local(server, 60), "why": "x"}
    server.post("/maintenance", form, Cookie=lan)
    (window,) = server.rooms.alerts.windows
    assert server.post(f"/maintenance/{window.no}/end", Cookie=lan).status == 303
    assert server.post(f"/maintenance/{window.no}/end", Cookie=lan).status == 409
    assert server.rooms.alerts.windows[0].ended_utc_us is not None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"why": " "}, "Hãy ghi lý do"),
        ({"until": "2026-01-01T00:00"}, "Giờ kết thúc phải sau"),
        ({"from": "gestern"}, "Hãy ghi ngày giờ như"),
        ({"station": ""}, "Hãy chọn một đơn vị"),
        ({"station": "nowhere"}, "Không có trạm này"),
        ({"until": "2099-01-01T00:00"}, "dài nhất là 14 ngày"),
    ],
)
def test_maintenance_that_cannot_be_is_refused(
    server: ConsoleServer, change: dict[str, str], word: str
) -> None:
    form = {"station": "ly-son", "from": local(server, 0), "until": local(server, 60), "why": "x", **change}
    answer = server.post("/maintenance", form, Cookie=server.session("Lan"))
    assert answer.status in (404, 422) and word in answer.text
    assert server.rooms.alerts.windows == []


def test_the_station_page_and_every_page_say_so(server: ConsoleServer) -> None:
    silent(server, "con-dao-01")
    lan = server.session("Lan")
    station = server.get("/stations/con-dao-01", Cookie=lan).text
    assert "station-alerts" in station and "Trạm im lặng" in station
    block = server.get("/stations/con-dao-01/alerts", Cookie=lan).text
    assert "<html" not in block and "**" in block
    server.set_broker(is_there=False)
    turn(server)
    server.ahead_s += 61
    turn(server)
    bar = server.get("/drills", Cookie=lan).text
    assert re.search(r'class="alarm alarm-high" href="/alerts/\d+"', bar)
    (alert,) = alerts(server, "deaf")
    server.post(f"/alerts/{alert.no}/ack", {"hours": "1"}, Cookie=lan)
    assert 'class="alarm alarm-high alarm-seen"' in server.get("/drills", Cookie=lan).text


def test_a_hub_that_hears_nobody_is_one_alert(server: ConsoleServer) -> None:
    silent(server, "con-dao-01", "ly-son", for_s=1.0)
    server.set_broker(is_there=False)
    turn(server)
    server.ahead_s += 86_000
    turn(server)
    kinds = {one.rule for one in server.call(server.rooms.alerts.open_alerts)}
    assert "deaf" in kinds and "silent" not in kinds


def test_a_hub_that_hears_again_looks_at_its_stations_one_after_the_other_and_forgets_none(
    server: ConsoleServer,
) -> None:
    silent(server, *NAMES, for_s=1.0)
    server.set_broker(is_there=False)
    turn(server)
    server.ahead_s += 3_600
    turn(server)
    looked = looks(server)
    server.set_broker(is_there=True)
    turn(server)
    assert looks(server) == looked + 2, (
        "the hub and one station: while all come back it has other things to do"
    )
    server.ahead_s += ALL_WITHIN_S
    turn(server)
    assert not alerts(server), "nobody was silent for long since it hears again"
    server.ahead_s += 1_300
    turn(server)
    assert {one.place.station for one in alerts(server)} == set(NAMES)


def looks(server: ConsoleServer) -> int:
    """How often a place was looked at."""
    return int(server.call(server.rooms.alerts.looked_count))


def test_a_station_that_is_closed_has_nothing_the_matter_with_it(server: ConsoleServer) -> None:
    silent(server, "con-dao-01")
    card = StationCard(station=StationId("con-dao-01"), closed=True)
    server.run(lambda: server.rooms.organisation.keep([card], by="Lan"))
    turn(server)
    server.ahead_s += 1_801
    turn(server)
    assert alerts(server) == []


def test_an_alert_that_fails_does_not_end_the_hub(
    server: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    async def fails() -> NoReturn:
        failed.set()
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(server.rooms.alerts, "turn", fails)
        assert failed.wait(30)
    silent(server, "con-dao-01")  # and it goes on
    assert alerts(server)


def kept(server: ConsoleServer) -> list[AlertRow]:
    async def read() -> list[AlertRow]:
        return await server.rooms.hub.run_read(lambda store: store.alerts.open_alerts())

    rows: list[AlertRow] = server.run(read)
    return rows


def test_a_store_that_fails_hides_no_alert_and_has_it_afterwards(
    server: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> NoReturn:
        raise StoreFailedError("the disk is full")

    lan = server.session("Lan")
    with monkeypatch.context() as full:
        full.setattr(SqliteAlertBook, "keep_alerts", fails)
        silent(server, "con-dao-01")
        (alert,) = alerts(server)
        assert kept(server) == []
        assert "Trạm im lặng" in server.get("/alerts", Cookie=lan).text
        assert server.post(f"/alerts/{alert.no}/ack", {"hours": "1"}, Cookie=lan).status == 503
        assert alerts(server)[0].state is State.RAISED
    turn(server)
    assert alert.no in [row.no for row in kept(server)]
    assert server.post(f"/alerts/{alert.no}/ack", {"hours": "1"}, Cookie=lan).status == 303


def test_metrics_are_for_this_machine(server: ConsoleServer) -> None:
    silent(server, "con-dao-01")
    answer = server.get("/metrics")
    assert answer.status == 200 and "version=0.0.4" in answer.headers["Content-Type"]
    lines = answer.text.splitlines()
    assert 'haidang_stations{word="never"} 1' in lines
    assert 'haidang_alerts{severity="medium",word="unowned"} 1' in lines
    assert "haidang_broker_connected 1" in lines
    assert "con-dao-01" not in answer.text  # no station is a label
    stored = next(line for line in lines if line.startswith('haidang_ingest_records_total{outcome="stored"}'))
    assert int(stored.split()[-1]) >= 1
    assert server.get("/metrics", X_Forwarded_For="203.0.113.9").status == 401
    assert server.get("/metrics", Authorization="Bearer guess").status == 401


def test_metrics_are_for_whoever_has_the_token(tmp_path: Path) -> None:
    (tmp_path / "metrics.token").write_text("a-long-token-of-a-test\n")
    with ConsoleServer(tmp_path, settings='[metrics]\ntoken_file = "metrics.token"\n') as server:
        far = {"X_Forwarded_For": "203.0.113.9"}
        assert server.get("/metrics", Authorization="Bearer a-long-token-of-a-test", **far).status == 200
        assert server.get("/metrics", Authorization="Bearer a-long-token-of-a-tesT", **far).status == 401
