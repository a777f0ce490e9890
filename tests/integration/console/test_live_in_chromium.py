"""A station's live view: what is drawn, and what must not be."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from contract.ids import VisitNo
from tests.browser import wait_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ECG, ConsoleStation

ECG_STRIP = "document.querySelector(\"hd-sweep[data-kind='ecg']\")"


@contextmanager
def living(station: ConsoleStation) -> Iterator[None]:
    """The station sends a second of signals and numbers each second."""
    stop = threading.Event()

    def live() -> None:
        while not stop.wait(1.0):
            station.live()
            station.numbers(97, 71)

    thread = threading.Thread(target=live, name="living station")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_what_the_page_plots_are_the_samples_that_the_station_sent_history_first(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(10)
    sent = {0: 0}
    first = station._next_index[ECG]
    values: list[int] = []
    for ago_s in (4.0, 3.0, 2.0):  # nobody watched yet
        values += station.live(ended_s_ago=ago_s - 1.0)[ECG]
    page.goto(f"{server.url}/stations/con-dao-01")
    wait_until(page, "document.body.feed?.view?.streams.length === 4")
    values += station.live()[ECG]
    sent = {first + offset: value for offset, value in enumerate(values)}
    wait_until(page, f"{ECG_STRIP}?.plotted({first}, {first + len(values)}).length === {len(values)}")
    plotted = page.evaluate(f"{ECG_STRIP}.plotted({first}, {first + len(values)})")
    assert {int(one["index"]): int(one["value"]) for one in plotted} == sent
    assert page.evaluate("document.body.feed.counts.malformed") == 0


def test_the_history_that_fills_a_strip_does_not_slow_its_pen(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(12)
    for ago_s in range(12, 0, -1):
        station.live(ended_s_ago=float(ago_s))
    with living(station):
        page.goto(f"{server.url}/stations/con-dao-01")
        delay = page.locator("hd-sweep[data-kind='ecg'] .sweep-delay")
        # 15 s: the past, had it counted, would be forgotten after that; 1 s is what the machine is slow
        expect(delay).to_have_text(re.compile(r"^trễ [12],\d s$"), timeout=15_000)


def test_two_visits_never_mix_on_the_page(server: ConsoleServer, station: ConsoleStation, page: Page) -> None:
    station.open_visit(20)
    first_of_one = station._next_index[ECG]
    station.live()
    station.numbers(91, 111)
    page.goto(f"{server.url}/stations/con-dao-01")
    wait_until(page, f"{ECG_STRIP}?.plotted({first_of_one}, 1e15).length === 250")
    expect(page.locator("hd-value[data-mdc='150456'] .value-number")).to_have_text("91")
    code = page.evaluate("document.body.feed.view.visit.code")
    station.close_visit()
    station.open_visit(21)
    wait_until(
        page, "code => document.body.feed.view?.visit && document.body.feed.view.visit.code !== code", code
    )
    expect(page.locator("hd-value[data-mdc='150456'] .value-number")).to_have_text("---")
    assert page.evaluate(f"{ECG_STRIP}.plotted(0, 1e15)") == []
    station.records.visit = VisitNo(20)
    station.live()  # late samples and numbers of the first person
    station.numbers(91, 111)
    station.records.visit = VisitNo(21)
    first_of_two = station._next_index[ECG]
    station.live()
    station.numbers(98, 64)
    wait_until(page, f"{ECG_STRIP}.plotted({first_of_two}, 1e15).length === 250")
    expect(page.locator("hd-value[data-mdc='150456'] .value-number")).to_have_text("98")
    assert {int(one["index"]) for one in page.evaluate(f"{ECG_STRIP}.plotted(0, 1e15)")} == set(
        range(first_of_two, first_of_two + 250)
    )
    expect(page.locator("#visit")).not_to_contain_text(str(code))


def test_samples_that_waited_out_an_outage_are_not_drawn_as_live(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(30)
    page.goto(f"{server.url}/stations/con-dao-01")
    wait_until(page, "document.body.feed?.view?.streams.length === 4")
    old = station._next_index[ECG]
    station.live(ended_s_ago=60.0)
    fresh = station._next_index[ECG]
    station.live()
    wait_until(page, f"{ECG_STRIP}?.plotted({fresh}, 1e15).length === 250")
    assert page.evaluate(f"{ECG_STRIP}.plotted({old}, {fresh - 1})") == []


def test_an_electrode_that_came_off_is_named_on_its_strip_and_its_numbers_go(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(40)
    station.live()
    station.numbers(97, 71)
    page.goto(f"{server.url}/stations/con-dao-01")
    station.leads(0, 1)
    expect(page.locator("hd-sweep[data-kind='ecg'] .sweep-notice")).to_have_text("Tuột điện cực LA / RA")
    expect(page.locator("hd-sweep[data-kind='pleth'] .sweep-notice")).to_have_text("tuột đầu dò")
    expect(page.locator("hd-value[data-mdc='150456']")).to_contain_text("tuột đầu dò")
    station.leads()
    expect(page.locator("hd-sweep[data-kind='ecg'] .sweep-notice")).to_have_text("")
