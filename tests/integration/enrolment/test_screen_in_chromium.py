"""The kiosk's screen from power on to the panel: nobody has a keyboard, and no page is ever an error's."""

import re
from pathlib import Path
from typing import Final

from playwright.sync_api import expect

from edge.enrolment.enrolled_config import enrolled_config
from edge.enrolment.page_service import EnrolmentPage
from edge.enrolment.told import Doing, Told
from tests.broker import free_port
from tests.browser import chromium_page
from tests.village.process import Process

SYSTEMD: Final = Path(__file__).parents[3] / "systemd/box"
NOBODY: Final = "ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket"
ANOTHER: Final = r"404 \(Not Found\) \(http://127.0.0.1:\d+/told\)"  # the panel has no word of the enrolment


def first_page(port: int) -> str:
    """Return the address with which the unit starts the browser, for files of the tree and this port."""
    text = (SYSTEMD / "system/haidang-kiosk.service").read_text(encoding="utf-8")
    address: str = re.findall(r"file://\S+", text)[0]
    placed = address.replace("/usr/lib/haidang/", f"{SYSTEMD / 'haidang'}/")
    assert placed.endswith("#http://127.0.0.1:8080/"), "where enrolment and panel are"
    return placed.replace(":8080/", f":{port}/")


def enrolled(folder: Path, port: int) -> Process:
    """Return the panel of a box that is enrolled; it is not started yet."""
    file = folder / "box.toml"
    text = enrolled_config("", station="con-dao-01", box=1, host="hub.example.vn", port=8883)
    file.write_text(f"{text}[panel]\nport = {port}\n", encoding="utf-8")
    return Process(["edge", "panel", "--config", str(file)], log=folder / "panel.log")


def test_after_each_later_start_the_screen_goes_to_the_panel_at_once(tmp_path: Path) -> None:
    """No enrolment's page is between; the first page is a file, and the panel's are for its own origin."""
    port = free_port()
    panel = enrolled(tmp_path, port)
    with chromium_page(first_page(port), allow=NOBODY) as page:
        expect(page.get_by_text("Hộp đang khởi động …")).to_be_visible()
        panel.start()
        try:
            expect(page.locator("main .silence")).to_be_visible()
            assert page.url == f"http://127.0.0.1:{port}/"
        finally:
            panel.stop()


def test_the_screen_goes_from_waiting_to_the_number_to_the_panel_by_itself(tmp_path: Path) -> None:
    port, enrolment = free_port(), EnrolmentPage()
    panel = enrolled(tmp_path, port)
    with chromium_page(first_page(port), allow=f"{NOBODY}|{ANOTHER}") as page:
        expect(page.get_by_text("Hộp đang khởi động …")).to_be_visible()
        with enrolment.serve(port):
            enrolment.tell(Told(Doing.NO_FILE))
            expect(page.get_by_text("Hãy chép tệp haidang.txt vào thẻ nhớ")).to_be_visible()
            enrolment.tell(Told(Doing.NUMBER, "048 213"))
            expect(page.get_by_text("048 213")).to_be_visible()
            enrolment.tell(Told(Doing.DONE))
            expect(page.get_by_text("Xong. Hộp đang khởi động …")).to_be_visible()
        with page.expect_event("requestfailed"):  # it asks, and nobody is there
            pass
        expect(page.get_by_text("Xong. Hộp đang khởi động …")).to_be_visible()
        panel.start()
        try:
            expect(page.locator("main .silence")).to_be_visible()
            expect(page.get_by_text("Xong. Hộp đang khởi động …")).to_have_count(0)
            assert page.url == f"http://127.0.0.1:{port}/"
        finally:
            panel.stop()
