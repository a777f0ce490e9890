"""From a station that falls silent to a letter and a signed webhook, through the running hub."""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest

from contract.ids import StationId
from hub.alerts.alert import Alert
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation
from tests.simulators.mail_server import MailServer
from tests.simulators.webhook_receiver import WebhookReceiver

SECRET = b"a-secret-of-a-test"
RULES = """
built_in = false
[[rules]]
name = "silent"
title = "Trạm im lặng"
look_at = "silent"
above = "15 min"
clear_below = "6 min"
hold = "0 s"
severity = "medium"
escalate = "10 min"
[[people]]
name = "Trực kỹ thuật"
email = "truc@soyte.example.vn"
at_most_an_hour = 2
[[webhooks]]
name = "tong-dai"
url = "{url}"
secret_file = "hook.secret"
"""


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver(SECRET) as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as mail:
        yield mail


@pytest.fixture
def server(tmp_path: Path, receiver: WebhookReceiver, mail: MailServer) -> Iterator[ConsoleServer]:
    (tmp_path / "hook.secret").write_bytes(SECRET)
    (tmp_path / "alerts.toml").write_text(RULES.format(url=receiver.url), encoding="utf-8")
    settings = (
        '[folders]\nalerts = "alerts.toml"\n'
        f'[mail]\nhost = "127.0.0.1"\nport = {mail.port}\ntls = "none"\nfrom = "hai-dang@example.vn"\n'
    )
    with ConsoleServer(tmp_path, names={"a": "Trạm A", "b": "Trạm B"}, settings=settings) as server:
        server.account("Lan")
        yield server


def alerts(server: ConsoleServer) -> list[Alert]:
    found: list[Alert] = server.call(server.rooms.alerts.open_alerts)
    return found


def silent(server: ConsoleServer, *names: str) -> None:
    heard(server, *(ConsoleStation(server, name, spool=0xE100 + at) for at, name in enumerate(names)))
    ahead(server, 901)


def heard(server: ConsoleServer, *stations: ConsoleStation) -> None:
    for station in stations:
        station.status()
        wait_for(lambda name=station.name: age_s(server, name) < 60, "it to be heard")  # type: ignore[misc]


def age_s(server: ConsoleServer, name: str) -> float:
    rooms = server.rooms
    there = server.call(
        lambda: rooms.stations.presence(StationId(name), now_s=rooms.hub.now_s(), leased_since_s=None)
    )
    return inf if there.age_s is None else float(there.age_s)


def ahead(server: ConsoleServer, by_s: float) -> None:
    server.run(server.rooms.alerts.turn)
    server.ahead_s += by_s
    server.run(server.rooms.alerts.turn)


def told(server: ConsoleServer) -> dict[str, str]:
    return {key: state for alert in alerts(server) for key, state in alert.told.items()}


def test_an_alert_that_nobody_owns_goes_to_a_letter_and_then_to_a_webhook(
    server: ConsoleServer, mail: MailServer, receiver: WebhookReceiver
) -> None:
    receiver.now_s = lambda: server.clock.utc_now_us() / 1e6
    silent(server, "a", "b")
    assert len(alerts(server)) == 2 and mail.letters == [] and receiver.posts == []
    ahead(server, 601)
    server.ahead_s += 6  # what comes together is one letter
    wait_for(lambda: len(mail.letters) == 1, "the letter")
    (letter,) = mail.letters
    assert letter.subject.startswith("[Hải đăng] ** Trạm im lặng: Trạm ")
    assert "(và 1 cảnh báo khác)" in letter.subject
    assert "Trạm A" in letter.text and "Trạm B" in letter.text and "/alerts" in letter.text
    wait_for(lambda: told(server).get("1 Trực kỹ thuật") == "sent", "the journal to say so")
    assert receiver.posts == []
    ahead(server, 601)
    wait_for(lambda: len(receiver.taken) == 2, "both webhooks")
    body: dict[str, Any] = next(iter(receiver.taken.values()))
    assert (body["event"], body["rule"], body["severity"]) == ("alert.unowned", "silent", "medium")
    wait_for(lambda: told(server).get("2 tong-dai") == "sent", "the journal to say so")
    ahead(server, 90_000)
    assert len(mail.letters) == 1 and len(receiver.taken) == 2  # once each


def test_whoever_was_told_is_told_that_it_is_over(
    server: ConsoleServer, mail: MailServer, receiver: WebhookReceiver
) -> None:
    receiver.now_s = lambda: server.clock.utc_now_us() / 1e6
    silent(server, "a", "b")
    first, second = alerts(server)
    desk = server.rooms.alerts
    server.run(lambda: desk.acknowledge(second.no, by="Lan", note="", for_s=36_000))
    ahead(server, 601)
    server.ahead_s += 6
    wait_for(lambda: told(server).get("1 Trực kỹ thuật") == "sent", "the letter")
    ahead(server, 601)
    wait_for(lambda: len(receiver.taken) == 1, "the webhook")
    wait_for(lambda: set(told(server).values()) == {"sent"}, "the journal to say so")
    server.run(lambda: desk.acknowledge(first.no, by="Lan", note="", for_s=36_000))
    back = [ConsoleStation(server, name, spool=0xE200 + at) for at, name in enumerate("ab")]
    heard(server, *back)
    for _ in range(7):
        ahead(server, 300)
        heard(server, *back)
    assert alerts(server) == []
    wait_for(lambda: len(receiver.taken) == 2, "the word that it is over")
    assert len(mail.letters) == 1  # the other one of this hour is kept for what nobody owns
    server.ahead_s += 1_000
    wait_for(lambda: len(mail.letters) == 2, "the letter that it is over")
    over = mail.letters[1]
    assert over.subject.startswith("[Hải đăng] Đã hết: Trạm im lặng: ")
    name, other = ("Trạm A", "Trạm B") if first.place.station == "a" else ("Trạm B", "Trạm A")
    assert name in over.text and other not in over.text  # that one was owned from the first: nobody knows
    body: dict[str, Any] = list(receiver.taken.values())[1]
    assert (body["event"], body["alert"]) == ("alert.over", first.no) and "over_utc" in body
    page = server.get(f"/alerts/{first.no}", Cookie=server.session("Lan")).text
    assert "báo là đã hết cho Trực kỹ thuật, tong-dai" in page


def test_one_that_somebody_owns_goes_nowhere(
    server: ConsoleServer, mail: MailServer, receiver: WebhookReceiver
) -> None:
    silent(server, "a")
    (alert,) = alerts(server)
    desk = server.rooms.alerts
    server.run(lambda: desk.acknowledge(alert.no, by="Lan", note="", for_s=3_600))
    ahead(server, 3_000)
    assert not told(server) and mail.tried_count == 0 and receiver.posts == []


def test_in_maintenance_nobody_is_told_and_at_its_end_all_are(
    server: ConsoleServer, mail: MailServer
) -> None:
    from hub.alerts.alert import Place

    now_us = server.clock.utc_now_us()
    server.run(
        lambda: server.rooms.alerts.add_window(
            Place(station=StationId("a")),
            from_utc_us=now_us,
            until_utc_us=now_us + 7_200_000_000,
            why="x",
            by="Lan",
        )
    )
    silent(server, "a")
    ahead(server, 3_000)
    assert alerts(server)[0].is_quiet and mail.tried_count == 0
    ahead(server, 4_000)
    server.ahead_s += 6
    wait_for(lambda: len(mail.letters) == 1, "the letter at the end of maintenance")


def test_a_way_out_that_is_broken_is_said_and_tried_again(server: ConsoleServer, mail: MailServer) -> None:
    mail.replies = ["451 not now"]
    silent(server, "a")
    ahead(server, 601)
    server.ahead_s += 6
    wait_for(lambda: mail.tried_count == 1, "the first try")
    wait_for(lambda: bool(server.rooms.alerts.telling.faults), "the fault to be known")
    cookie = server.session("Lan")
    page = server.get("/alerts", Cookie=cookie).text
    assert "Không gửi được ra ngoài:" in page and "451" in page
    assert 'id="alert-ways" role="alert">' in page
    server.ahead_s += 31
    wait_for(lambda: len(mail.letters) == 1, "the second try")
    wait_for(lambda: not server.rooms.alerts.telling.faults, "the fault to be over")


def test_what_a_hub_left_unsent_the_next_one_sends(
    tmp_path: Path, receiver: WebhookReceiver, mail: MailServer
) -> None:
    (tmp_path / "hook.secret").write_bytes(SECRET)
    (tmp_path / "alerts.toml").write_text(RULES.format(url=receiver.url), encoding="utf-8")
    settings = '[folders]\nalerts = "alerts.toml"\n[mail]\nhost = "127.0.0.1"\nport = {}\ntls = "none"\nfrom = "h@example.vn"\n'  # noqa: E501
    mail.replies = ["451 not now"] * 99
    with ConsoleServer(tmp_path, names={"a": "Trạm A"}, settings=settings.format(mail.port)) as server:
        silent(server, "a")
        ahead(server, 601)
        assert told(server) == {"1 Trực kỹ thuật": "due"}
    mail.replies = []
    with ConsoleServer(
        tmp_path, names={"a": "Trạm A"}, settings=settings.format(mail.port), ahead_s=1_600.0
    ) as server:
        server.ahead_s += 6
        wait_for(lambda: len(mail.letters) == 1, "the letter")
        wait_for(lambda: told(server) == {"1 Trực kỹ thuật": "sent"}, "the journal")
