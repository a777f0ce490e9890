"""An administrator changes the volume of all stations by keys alone, and asks one station for its bundle."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from contract.commands import parse_command
from contract.events import CommandResult, ConfigurationTold, DesiredApplied, RefusedSetting, SettingTold
from contract.ids import RecordClass, StationId, VisitNo
from contract.parts import Content, slice_object
from contract.topics import Topic
from edge.health.bundle import make_bundle
from hub.people.accounts import Role
from tests.browser import SCREENSHOTS
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

from .test_keyboard_in_chromium import tab_to

BUNDLE = "ab" * 16


@pytest.fixture
def admin_page(
    browser_page: Page, server: ConsoleServer, enter: Callable[[ConsoleServer, str], None]
) -> Iterator[Page]:
    server.account("Quản trị", Role.ADMIN)
    enter(server, "Quản trị")
    yield browser_page
    browser_page.emulate_media(color_scheme="light")
    browser_page.goto("about:blank")


def picture(page: Page, name: str) -> None:
    """Keep the page as it looks in both languages, light and dark."""
    here = page.url.partition("?")[0]
    for language in ("en", "vi"):
        page.goto(f"{here}?lang={language}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")


@pytest.mark.timeout(240)
def test_by_keys_alone_a_layer_is_previewed_and_saved_and_a_bundle_is_fetched(
    server: ConsoleServer, station: ConsoleStation, admin_page: Page
) -> None:
    page = admin_page
    page.set_viewport_size({"width": 1280, "height": 800})
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    station.hello()
    page.goto(f"{server.url}/configuration")
    tab_to(page, "at.getAttribute('href') === '/configuration/layers/all'")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("layers/all$"))
    for field, typed in (("hotline", "0254 383 0123"), ("volume_pct", "60"), ("why", "nghe rõ hơn")):
        tab_to(page, f"at.id === '{field}'")
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page.locator(".count-line")).to_contain_text("Sẽ đổi ở 2 trạm")
    page.screenshot(path=SCREENSHOTS / "configuration-preview-vi-light.png", full_page=True)
    tab_to(page, "at.type === 'submit' && at.classList.contains('primary')")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/configuration$"))
    expect(page.locator("main")).to_contain_text("nghe rõ hơn")
    wait_for(lambda: len(server.handed_out) == 2, "both documents")

    version = server.rooms.configuration.version(StationId(station.name))
    assert version is not None
    station.tell(
        DesiredApplied(
            version=version.version,
            epoch=server.rooms.configuration.epoch,
            hash=version.hash,
            taken=("hotline",),
            refused=(RefusedSetting(name="volume_pct", why="not known here: the box is older than the hub"),),
        )
    )
    told = (
        SettingTold(name="hotline", value='"0254 383 0123"', origin="hub"),
        SettingTold(name="volume_pct", value="100", origin="default"),
        SettingTold(name="languages", value='["vi", "en"]', origin="place"),
    )
    station.tell(ConfigurationTold(software="haidang 0.1.0", version=1, settings=told, place=told))
    wait_for(lambda: server.rooms.configuration.waiting == 0, "all is out")
    picture(page, "configuration")
    page.goto(f"{server.url}/configuration/layers/all")
    picture(page, "configuration-layer")

    page.goto(f"{server.url}/stations/{station.name}/configuration")
    tab_to(page, "at.textContent === 'Lấy gói chẩn đoán'")
    page.keyboard.press("Enter")
    row = page.locator("tr[data-command]")
    expect(row).to_contain_text("chờ trạm")
    said = [parse_command(data) for _, topic, data in server.handed_out if topic is Topic.COMMAND]
    data = make_bundle(
        {"versions.json": {"software": "haidang 0.1.0"}, "doctor.json": [{"part": "link", "is_well": True}]},
        ["1764208800.0 INFO edge.uplink: connected"] * 3,
    )
    object_id = bytes.fromhex(BUNDLE)
    parts = slice_object(data, Content.BUNDLE, object_id=object_id, slice_bytes=-(-len(data) // 4))
    station.tell(CommandResult(command=said[0].id, state="done", object=BUNDLE), visit=0)
    station.records.visit = VisitNo(0)
    sealed = [station.records.part(part) for part in parts]
    station.deliver(RecordClass.PART, sealed[:2])
    expect(row).to_contain_text(f"2 trong {len(parts)} phần")
    picture(page, "station-configuration")
    station.deliver(RecordClass.PART, sealed[2:])
    expect(page.locator("tr[data-command]")).to_contain_text("Xem gói")
    tab_to(page, "at.textContent === 'Xem gói'")
    page.keyboard.press("Enter")
    expect(page.locator("pre").first).to_contain_text("haidang 0.1.0")
    picture(page, "bundle")
