"""The nurse of a station: a button, a lamp, a screen that is touched, a cable that somebody else pulls."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from firmware_bridge.board.messages import OutputId
from tests.broker import free_port
from tests.browser import chromium_page
from tests.night_shift.person import LIMIT_MS
from tests.village.eyes import wait_until as wait_for
from tests.village.process import Process
from tests.village.station import Station
from tests.village.village import wait_for_port

SCREEN = (800, 480)  # of a seven-inch touch screen
START_LIMIT_S = 60.0


def add_panel(station: Station) -> int:
    """Give the station a panel, before it starts; return its port."""
    port = free_port()
    station.settings += f"[panel]\nport = {port}\n"
    return port


class Nurse:
    """Presses, looks at the lamp and at the screen."""

    def __init__(self, station: Station, screen: Page) -> None:
        self.station, self.screen = station, screen

    def press(self) -> None:
        """Press the button and let it go."""
        assert self.station.board.press() is not None, f"{self.station.name}: no press"
        self.station.board.release()

    def hold(self) -> None:
        """Press the button and keep it down."""
        assert self.station.board.press() is not None, f"{self.station.name}: no press"

    def let_go(self) -> None:
        """Take the finger away."""
        self.station.board.release()

    def sees_lamp(self, pattern: str, *, is_dim: bool = False) -> None:
        """Return when the button's lamp does this."""

        def is_so() -> bool:
            lamp = self.station.board.lamp
            return lamp.pattern.name == pattern and (pattern == "OFF" or (lamp.level < 128) == is_dim)

        wait_for(is_so, what=f"the lamp of {self.station.name}: {pattern}, dim: {is_dim}")

    def chimes(self) -> bool:
        """Whether the buzzer calls for her."""
        return self.station.board.output(OutputId.BUZZER).pattern.name == "DOUBLE_FLASH"

    def reads(self, text: str) -> None:
        """Return when the screen says this; it looks again by itself, every two seconds."""
        expect(self.screen.locator("body")).to_contain_text(text, timeout=LIMIT_MS)

    def touches(self, name: str) -> None:
        """Touch a button of the screen. It is gone for a second after each touch: a hand trembles."""
        self.screen.get_by_role("button", name=name, exact=True).first.click()

    @property
    def code(self) -> str:
        """The code of the visit, as the nurse reads it out."""
        return self.screen.locator(".visit .code").inner_text()


@contextmanager
def nurse_of(station: Station, port: int) -> Iterator[Nurse]:
    """Start `edge panel` of the station, and open it as its browser does."""
    panel = Process(["edge", "panel", "--config", str(station.config)], log=station.folder / "panel.log")
    url = f"http://127.0.0.1:{port}/"
    panel.start()
    try:
        wait_for_port(port, process=panel, limit_s=START_LIMIT_S)
        with chromium_page(size=SCREEN) as screen:
            screen.set_default_timeout(LIMIT_MS)
            screen.goto(url)
            yield Nurse(station, screen)
    finally:
        panel.stop()
