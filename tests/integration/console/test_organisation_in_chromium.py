"""The organisation as an administrator and an operator set it up, by keys alone; pages are photographed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contract.ids import StationId
from hub.fleet.station_card import StationCard
from hub.people.accounts import Role
from tests.browser import SCREENSHOTS, chromium_page, observe_until
from tests.simulators.console_server import ConsoleServer

from .test_keyboard_in_chromium import tab_to

UNITS = """name,parent,since,aliases
Thành phố Hồ Chí Minh,,,tỉnh Bà Rịa - Vũng Tàu (cũ)
Đặc khu Côn Đảo,Thành phố Hồ Chí Minh,2025-07-01,huyện Côn Đảo (cũ)
Điện Biên,,,
Xã Mường Nhé,Điện Biên,,huyện Mường Nhé (cũ)
Xã Nậm Kè,Điện Biên,,
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    names = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn"}
    with ConsoleServer(tmp_path_factory.mktemp("organisation"), names=names) as server:
        server.account("Lan")
        server.account("Minh", Role.ADMIN)
        yield server


def enter(page: Page, server: ConsoleServer, name: str, path: str, language: str = "vi") -> None:
    page.goto("about:blank")  # what the page before still asks is not asked without a session
    page.context.clear_cookies()
    cookie, _, token = server.session(name).partition("=")
    page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])
    page.goto(f"{server.url}{path}?lang={language}")


def type_into(page: Page, id: str, text: str) -> None:
    tab_to(page, f"at.id === '{id}'")
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def press_at(page: Page, condition: str, key: str = "Enter") -> None:
    tab_to(page, condition)
    page.keyboard.press(key)


@pytest.mark.timeout(240)
def test_a_file_is_taken_a_unit_is_renamed_and_a_station_finds_its_unit_by_keys_alone(
    server: ConsoleServer, tmp_path: Path
) -> None:
    file = tmp_path / "don-vi.csv"
    file.write_text(UNITS, encoding="utf-8")
    with chromium_page(allow="401|409|422") as page:
        enter(page, server, "Minh", "/organisation/import")
        page.locator("#file").set_input_files(file)
        press_at(page, "at.closest('.card') && at.tagName === 'BUTTON'")
        page.wait_for_url(re.compile("/organisation/import/[0-9a-f]{64}$"))
        expect(page.locator("tbody tr")).to_have_count(5)
        press_at(page, "at.closest('.confirm') && at.classList.contains('primary')")
        expect(page.locator("h1")).to_have_text("Đã ghi 5 thay đổi từ don-vi.csv.")

        page.goto(f"{server.url}/units")
        press_at(page, "at.tagName === 'SUMMARY' && at.textContent.includes('Điện Biên')", "Space")
        press_at(page, "at.tagName === 'A' && at.textContent === 'Xã Mường Nhé'")
        page.wait_for_url(re.compile("/units/[0-9]+$"))
        press_at(page, "at.tagName === 'SUMMARY' && at.textContent === 'Đổi tên'")
        type_into(page, "rename-name", "Phường Mường Nhé")
        type_into(page, "rename-since", "1/7/2026")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Phường Mường Nhé")
        expect(page.locator(".history del").first).to_have_text("Xã Mường Nhé")

        enter(page, server, "Lan", "/stations/ly-son/card")
        observe_until(page, "document.body.console")
        type_into(page, "unit", "muong nhe")
        offered = page.locator("#unit-found option")
        expect(offered).to_have_count(1)
        expect(offered).to_have_attribute("value", "Điện Biên › Phường Mường Nhé")
        press_at(page, "at.name === 'find'")
        expect(page.locator("[name=unit_no]")).to_have_count(1)
        press_at(page, "at.name === 'unit_no'", "Space")
        type_into(page, "zone", "Asia/Tokyo")
        page.keyboard.press("Enter")
        expect(page.locator(".path")).to_contain_text("Phường Mường Nhé")
        page.goto(f"{server.url}/stations/ly-son")
        expect(page.locator(".heading").first).to_contain_text("Điện Biên › Phường Mường Nhé")
        expect(page.locator(".heading").first).to_contain_text("giờ trạm sớm hơn 2 giờ")
    found = server.call(lambda: server.rooms.organisation.now.stations[StationId("ly-son")])
    assert isinstance(found, StationCard)
    assert found.zone == "Asia/Tokyo"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_of_the_organisation_is_photographed(
    server: ConsoleServer, scheme: str, language: str, tmp_path: Path
) -> None:
    file = tmp_path / "tram.csv"
    file.write_text(
        "station,name,note\nly-son,Trạm Y tế đảo Lý Sơn,\ncon-dao-01,Trạm Y tế Côn Đảo,mới", "utf-8"
    )
    wrong = tmp_path / "sai.csv"
    wrong.write_text("station,north\nLý Sơn,1\ncon-dao-01,abc", "utf-8")
    tree = server.call(lambda: server.rooms.organisation.now.tree)
    no = next(unit.no for unit in tree.units.values() if "Mường" in unit.name())
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with chromium_page(scheme=scheme, size=(1280, 800), allow="401|422") as page:  # type: ignore[arg-type]

        def take(name: str) -> None:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing is cut off
            page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{scheme}.png", full_page=True)

        enter(page, server, "Minh", "/units", language)
        page.locator("summary").first.click()
        take("organisation-units")
        enter(page, server, "Minh", f"/units/{no}", language)
        page.locator("details.deed summary").nth(2).click()
        take("organisation-unit")
        enter(page, server, "Minh", "/stations/ly-son/card", language)
        take("organisation-card")
        enter(page, server, "Minh", "/boxes", language)
        take("organisation-boxes")
        enter(page, server, "Minh", "/organisation/import", language)
        page.locator("#file").set_input_files(wrong)
        page.locator(".card button").click()
        expect(page.locator("tbody tr")).to_have_count(2)
        take("organisation-import")
        page.locator("#file").set_input_files(file)
        page.locator(".card button").click()
        page.wait_for_url(re.compile("/organisation/import/[0-9a-f]{64}$"))
        take("organisation-preview")
        page.set_viewport_size({"width": 390, "height": 844})
        enter(page, server, "Minh", "/stations/ly-son/card", language)
        take("organisation-card-phone")
