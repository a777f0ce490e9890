"""Several devices at one station, on the page: whose numbers, what is the matter, what was measured once."""

import re

import pytest
from playwright.sync_api import Page, expect

from contract.events import (
    Conditions,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    LeadReversal,
    Measured,
    MeasuredValue,
)
from contract.ids import NO_VISIT, VisitNo
from contract.signals import ConfirmDevice
from tests.browser import wait_until
from tests.simulators.console_devices import (
    OXIMETER,
    PRESSURE_MONITOR,
    UNVERIFIED,
    ConsoleDevice,
    blood_pressure,
    heart_rate,
    oximeter,
)
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import BOARD, ECG, ConsoleStation

UNVERIFIED_KEY = "chỉ biết qua mô tả của hãng"  # as the page says UNVERIFIED
HELD_APART = "port-1.1"
ADDRESS = "/stations/con-dao-01"
ECG_STRIP = "document.querySelector(\"hd-sweep[data-kind='ecg']\")"


@pytest.fixture(scope="module")
def pulse_oximeter(station: ConsoleStation) -> ConsoleDevice:
    return ConsoleDevice(station, oximeter())


def test_two_devices_stand_beside_one_another_and_the_unverified_one_says_so(
    server: ConsoleServer, station: ConsoleStation, pulse_oximeter: ConsoleDevice, page: Page
) -> None:
    heart = ConsoleDevice(station, heart_rate(3, device="usb-1.4", source="ecg"))
    station.open_visit(10)
    page.goto(f"{server.url}{ADDRESS}?lang=vi")
    strips = page.locator("hd-sweep")
    expect(strips).to_have_count(3)
    kinds = strips.evaluate_all("all => all.map(one => [one.dataset.kind, one.stream.device])")
    assert kinds == [["ecg", BOARD], ["pleth", BOARD], ["pleth", OXIMETER]]
    expect(strips.nth(0).locator(".sweep-pacing")).to_have_text("máy tạo nhịp: không rõ")
    expect(strips.nth(2).locator(".unverified")).to_have_attribute("title", UNVERIFIED_KEY)
    groups = page.locator("section.device")
    expect(groups.locator(".device-name")).to_have_text([BOARD, "Contec CMS50D+", "usb-1.4"])
    expect(groups.locator(".unverified")).to_have_text(["", "chưa kiểm chứng", ""])

    station.numbers(97, 71)
    pulse_oximeter.numbers(SpO2=95, Pulse=70, PI=36)
    heart.numbers(HR=73)
    shown = page.locator("hd-value .value-number")
    expect(shown).to_have_text(["97", "71", "95", "70", "3,6", "73"])
    expect(page.locator("hd-value .value-source")).to_have_text(["", "pleth", "", "pleth", "", "ECG"])

    station.tell(Conditions(device=OXIMETER, on=("searching", "battery low", "a later word")))
    expect(groups.nth(1).locator("li")).to_have_text(["đang dò mạch", "pin yếu", "a later word"])
    expect(groups.nth(1).locator(".value-number")).to_have_text(["---"] * 3)
    expect(strips.nth(2).locator(".sweep-notice")).to_have_text("đang dò mạch")
    station.tell(LeadReversal(device=BOARD, suspected="RA-LA"))
    reversal = "nghi ngờ mắc ngược điện cực RA–LA; không tự sửa"
    expect(strips.nth(0).locator(".sweep-notice")).to_have_text(reversal)
    expect(page.locator("#events")).to_contain_text("đang dò mạch, pin yếu, a later word")
    station.tell(LeadReversal(device=BOARD))
    expect(strips.nth(0).locator(".sweep-notice")).to_have_text("")

    station.tell(DeviceState(device=OXIMETER, state="gone"))
    expect(groups.nth(1).locator(".device-state")).to_have_text("đã rút")
    station.close_visit()
    station.open_visit(11)
    expect(strips).to_have_count(2)
    expect(page.locator("section.device .device-name")).to_have_text([BOARD, "usb-1.4"])


def test_a_measurement_survives_a_reload_and_is_not_the_next_persons(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(20)
    station.tell(Measured(device=PRESSURE_MONITOR, values=(), text="cuff is loose"))
    temperature = MeasuredValue(mdc=150364, value=36.8, unit="Cel")
    station.tell(
        Measured(
            device="usb-1.5", values=(temperature,), device_time="2026-11-25 08:15", unverified=UNVERIFIED
        )
    )
    station.tell(blood_pressure(120, 80, 93))
    page.goto(f"{server.url}{ADDRESS}?lang=vi")
    lines = page.locator("#measurements li")
    for _ in range(2):
        expect(lines).to_have_count(3)
        expect(lines.nth(0).locator(".measured-value")).to_have_text(
            ["120/80 (93) mmHg", "72 lần/phút băng đo"]
        )
        expect(lines.nth(0).locator(".measured-time")).to_have_text(
            re.compile(r"^lúc \d\d:\d\d:\d\d, \d+ s trước$")
        )
        expect(lines.nth(1)).to_contain_text("36,8 °C")
        expect(lines.nth(1)).to_contain_text(re.compile("giờ của máy: 2026-11-25 08:15 · đọc từ máy lúc"))
        expect(lines.nth(1).locator(".unverified")).to_have_attribute("title", UNVERIFIED_KEY)
        expect(lines.nth(2)).to_contain_text("đo không thành công")
        expect(lines.nth(2)).to_contain_text("cuff is loose")
        page.reload()
    expect(page.locator("hd-value", has_text="120")).to_have_count(0)
    expect(page.locator("#events")).to_contain_text("Huyết áp 120/80 (93) mmHg")
    station.close_visit()
    station.open_visit(21)
    expect(lines).to_have_count(0)
    expect(page.locator("#events")).not_to_contain_text("Huyết áp")
    station.tell(blood_pressure(141, 92, 108), visit=20)  # late, of the person before
    station.tell(blood_pressure(99, 60, 73))
    expect(lines.locator(".measured-value").first).to_have_text("99/60 (73) mmHg")
    expect(lines).to_have_count(1)
    page.goto("about:blank")


def test_which_device_it_is_is_asked_answered_and_confirmed(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(30)
    held_apart = ConsoleDevice(station, oximeter(7, device=HELD_APART))
    station.tell(DeviceQuestion(device=HELD_APART, candidates=(OXIMETER,), port="1-1.1"), visit=0)
    page.goto(f"{server.url}/?lang=vi")
    expect(page.locator("[data-station='con-dao-01']").get_by_text("thiết bị cần xác nhận")).to_have_count(1)
    page.goto(f"{server.url}{ADDRESS}")
    form = page.locator("form.question")
    expect(form).to_contain_text("Thiết bị nào đang ở cổng 1-1.1?")
    expect(form.locator("button")).to_have_text([f"Contec CMS50D+ ({OXIMETER})", "Thiết bị mới"])
    station.records.visit = NO_VISIT
    held_apart.live()
    held_apart.numbers(SpO2=88)
    station.records.visit = VisitNo(30)
    first = station._next_index[ECG]
    station.live()
    wait_until(page, f"{ECG_STRIP}?.plotted({first}, 1e15).length > 0")
    expect(page.locator("hd-sweep")).to_have_count(2)
    assert HELD_APART not in page.locator(".live").inner_html()

    form.locator("button").first.click()
    expect(form.locator(".answer")).to_have_text(f"Đã gửi, chờ trạm: Contec CMS50D+ ({OXIMETER}) (Lan)")
    told = server.wait_signal(lambda _, signal: isinstance(signal, ConfirmDevice))
    assert told == ConfirmDevice(device=HELD_APART, is_device=OXIMETER, by="Lan")
    station.tell(DeviceConfirmed(device=HELD_APART, is_device=OXIMETER, by="Lan"), visit=0)
    expect(form).to_have_count(0)
    said = f"thiết bị Contec CMS50D+ ({HELD_APART}) là Contec CMS50D+ ({OXIMETER})"
    expect(page.locator("#events")).to_contain_text(f"Lan xác nhận: {said}")
