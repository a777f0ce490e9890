"""A station with several instruments, from their cables to the page: whose numbers, whose measurements, and
which of two alike it is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from contract.codes import PLETH, SPO2
from contract.events import DeviceConfirmed, DeviceQuestion, Event
from contract.ids import NO_VISIT, StreamSetNo
from tests.browser import chromium, screenshot
from tests.simulators.devices.sim import DeviceSim
from tests.village.desk import operator, strip_state
from tests.village.eyes import SampleKey, Stored, look, owes_nothing, wait_until
from tests.village.instruments import Instrument, PressureOnDemand
from tests.village.station import Station
from tests.village.village import OPERATOR, PLACES, Village

FINGER: Final = Instrument(port="oximeter", driver="contec-cms50-c", name="finger")
MONITOR: Final = Instrument(port="bed", driver="creative-pc300", name="monitor")
BERRY: Final = "berry-bm1000"
ALIKE: Final = ("left", "right")  # no serial number, and nobody gave them a name
BEDSIDE: Final = replace(PLACES[0], instruments=(FINGER, MONITOR))
TWO_ALIKE: Final = replace(PLACES[1], instruments=tuple(Instrument(port=p, driver=BERRY) for p in ALIKE))
A_NUMBER: Final = re.compile(r"^\d+$")
SHOWN_S: Final = 10  # a number on the page is younger
CONTEC_HZ: Final = 60
BACK_IN_S: Final = 10.0  # two, where nothing else runs
ON_THE_LINE: Final = CONTEC_HZ  # packets on their way when the cable was pulled, and more


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with chromium(), Village(tmp_path_factory.mktemp("village"), [BEDSIDE, TWO_ALIKE]) as village:
        yield village


@pytest.fixture
def page(village: Village) -> Iterator[Page]:
    with operator(village) as page:
        yield page


def group(page: Page, device: str) -> Locator:
    """What the page shows of one device."""
    return page.locator(f"section.device[data-device='{device}']")


def saturation(page: Page, device: str) -> Locator:
    return group(page, device).locator(f"hd-value[data-mdc='{SPO2}'] .value-number")


def pulse_waves(stored: Stored, device: str) -> list[dict[SampleKey, int]]:
    """What the hub holds of a device's pulse wave, a life of it each."""
    lives: dict[StreamSetNo, dict[SampleKey, int]] = {}
    for key, value in sorted(stored.of_stream(PLETH).items()):
        if stored.sets[key.spool, key.set_no].device == device:
            lives.setdefault(key.set_no, {})[key] = value
    return list(lives.values())


def place_in(sent: Sequence[int | None], wave: dict[SampleKey, int]) -> int:
    """Return where in what was sent the life began. What is missing in between was sent then, too."""
    last = max(key.number for key in wave)
    for at in range(len(sent) - last):
        if all(sent[at + key.number] == sample for key, sample in wave.items()):
            return at
    raise AssertionError("these samples were not sent in this order")


def told(stored: Stored, kind: type[Event]) -> list[Event]:
    return [event for _, event in stored.events if isinstance(event, kind)]


@pytest.mark.timeout(300)
def test_an_oximeter_and_a_monitor_stand_beside_the_board_and_lose_nothing_but_a_gap(
    village: Village, page: Page
) -> None:
    station = village.stations[0]
    finger, monitor = (station.instruments[one.port] for one in (FINGER, MONITOR))
    page.goto(f"{village.url}stations/{station.name}")
    _numbers_say_whose_they_are(page, {FINGER.name: finger, MONITOR.name: monitor})
    _a_measurement_stays_with_its_time(page, monitor)
    screenshot(page, "instruments")
    _a_probe_that_is_off_is_said(page, finger)
    sent = finger.device.sent["pleth"]
    at_unplug, at_plug = _pulled_and_plugged_in_again(page, finger)
    _nothing_is_the_next_persons(page, station)
    wait_until(partial(owes_nothing, station), what="everything is at the hub")
    stored = look(village, station.name)
    assert stored.doubled == 0
    first, second = pulse_waves(stored, FINGER.name)
    assert {stored.visits[key] for key in first} - {NO_VISIT} == {1}
    assert {stored.visits[key] for key in second} - {NO_VISIT} == {1, 2}
    end = place_in(sent, first) + max(key.number for key in first) + 1
    assert at_unplug - ON_THE_LINE <= end <= at_unplug, "more is lost than was on the line"
    begin = place_in(sent, second)
    assert at_plug - 2 <= begin <= at_plug + BACK_IN_S * CONTEC_HZ, "it was not back in time"


def _numbers_say_whose_they_are(page: Page, instruments: dict[str, DeviceSim]) -> None:
    board = page.locator("section.device", has_text="Haidang board")
    expect(board.locator(f"hd-value[data-mdc='{SPO2}'] .value-number")).to_have_text(A_NUMBER)
    expect(board.locator(".device-head .unverified")).to_have_text("")
    for name, instrument in instruments.items():
        one = group(page, name)
        expect(saturation(page, name)).to_have_text(A_NUMBER)
        expect(one.locator(".device-name")).to_contain_text("Contec" if name == FINGER.name else "Creative")
        expect(one.locator(".device-head .unverified")).to_have_text("chưa kiểm chứng")
        expect(one.locator("hd-value", has_text="Mạch").locator(".value-source")).to_have_text("pleth")
        shown = int(saturation(page, name).inner_text())
        assert shown in instrument.device.sent["spo2"][-SHOWN_S * CONTEC_HZ :]


def _a_measurement_stays_with_its_time(page: Page, monitor: DeviceSim) -> None:
    assert isinstance(monitor.device, PressureOnDemand)
    monitor.device.press_key()
    line = page.locator("#measurements li", has_text="Huyết áp")
    expect(line).to_have_count(1)
    systolic, diastolic, mean = (monitor.device.sent[name][-1] for name in ("sys", "dia", "mean"))
    for _ in range(2):
        expect(line).to_contain_text(f"{systolic}/{diastolic} ({mean}) mmHg")
        expect(line.locator(".measured-time")).to_have_text(re.compile(r"^lúc \d\d:\d\d:\d\d, .+ trước$"))
        expect(line.locator(".unverified")).to_have_text("chưa kiểm chứng")
        expect(page.locator("#measurements li", has_text="Nhiệt độ")).to_contain_text("°C")
        page.reload()
    expect(saturation(page, FINGER.name)).to_have_text(A_NUMBER)


def _a_probe_that_is_off_is_said(page: Page, finger: DeviceSim) -> None:
    notices = group(page, FINGER.name).locator(".device-notices li")
    finger.device.has_contact = False
    expect(notices).to_have_text("tuột đầu dò")
    expect(saturation(page, FINGER.name)).to_have_text("---")
    expect(saturation(page, MONITOR.name)).to_have_text(A_NUMBER)
    screenshot(page, "instruments-probe-off")
    finger.device.has_contact = True
    expect(notices).to_have_count(0)
    expect(saturation(page, FINGER.name)).to_have_text(A_NUMBER)


def _pulled_and_plugged_in_again(page: Page, finger: DeviceSim) -> tuple[int, int]:
    """Return how many samples it had sent at each of the two."""
    state, sent = group(page, FINGER.name).locator(".device-state"), finger.device.sent["pleth"]
    finger.unplug()
    at_unplug = len(sent)
    expect(state).to_have_text("đã rút")
    expect(saturation(page, FINGER.name)).to_have_text("---")
    expect(saturation(page, MONITOR.name)).to_have_text(A_NUMBER)
    assert strip_state(page) == "live"
    screenshot(page, "instruments-unplugged")
    finger.plug()
    at_plug = len(sent)
    expect(state).to_have_text("")
    expect(saturation(page, FINGER.name)).to_have_text(A_NUMBER)
    return at_unplug, at_plug


def _nothing_is_the_next_persons(page: Page, station: Station) -> None:
    visit, measurements = page.locator("#visit"), page.locator("#measurements li")
    code_of_first = visit.inner_text()
    station.next_person("binh")
    expect(visit).to_have_text("không có lượt khám")
    expect(measurements).to_have_count(0)
    wait_until(lambda: not _is_on_the_one_before(station), what="all sensors are off")
    station.sensors_on()
    expect(visit).to_have_text(re.compile("^Lượt khám"))
    assert visit.inner_text() != code_of_first
    expect(saturation(page, FINGER.name)).to_have_text(A_NUMBER)
    expect(measurements).to_have_count(0)


def _is_on_the_one_before(station: Station) -> bool:
    (visit,) = (finding for finding in station.report().findings if finding.part == "visit")
    return not visit.is_well


@pytest.mark.timeout(300)
def test_two_alike_that_went_together_are_asked_about_and_a_click_says_which_it_is(
    village: Village, page: Page
) -> None:
    station = village.stations[1]
    left, right = (station.instruments[port] for port in ALIKE)
    page.goto(f"{village.url}stations/{station.name}")
    names = [f"{BERRY}-1", f"{BERRY}-2"]
    for name in names:
        expect(saturation(page, name)).to_have_text(A_NUMBER)
        expect(group(page, name).locator(".device-name")).to_contain_text(f"{name} · Berry BM1000")
    left.unplug()
    right.unplug()
    for name in names:
        expect(group(page, name).locator(".device-state")).to_have_text("đã rút")
    left.plug()  # perhaps the right one: nobody can tell
    form = page.locator("form.question")
    expect(form).to_contain_text("Thiết bị nào đang ở cổng")
    assert set(form.locator("button").evaluate_all("all => all.map((one) => one.value)")) == {*names, ""}
    expect(page.locator("section.device")).to_have_count(3)  # it is not among them
    screenshot(page, "question")
    form.locator(f"button[value='{names[1]}']").click()
    expect(form).to_have_count(0)
    expect(page.locator("#events")).to_contain_text(f"{OPERATOR} xác nhận: ")
    expect(group(page, names[1]).locator(".device-state")).to_have_text("")
    expect(saturation(page, names[1])).to_have_text(A_NUMBER)
    expect(group(page, names[0]).locator(".device-state")).to_have_text("đã rút")
    wait_until(partial(owes_nothing, station), what="everything is at the hub")
    stored = look(village, station.name)
    (question,) = told(stored, DeviceQuestion)
    assert isinstance(question, DeviceQuestion)
    assert told(stored, DeviceConfirmed) == [
        DeviceConfirmed(device=question.device, is_device=names[1], by=OPERATOR)
    ]
    held_apart = pulse_waves(stored, question.device)
    assert {stored.visits[key] for wave in held_apart for key in wave} <= {NO_VISIT}
    named = pulse_waves(stored, names[1])[-1]
    assert {stored.visits[key] for key in named} == {1}
    place_in(left.device.sent["pleth"], named)
