"""A call in the village, from the press to both voices and the picture; and its end."""

import time
from typing import Final

from playwright.sync_api import Page

from tests.village.desk import RINGING
from tests.village.eyes import wait_until, waiting_calls
from tests.village.media_watch import media_counts, moments
from tests.village.station import Station
from tests.village.village import Village

LIMIT_S: Final = 60.0


def ring(page: Page, village: Village, station: Station) -> None:
    """Press the station's button and return when the list of stations rings."""
    page.goto(village.url)
    page.wait_for_selector("#as-of")
    page.keyboard.press("Shift")  # a gesture on this page: it may sound
    station.board.press()
    station.board.release()
    page.wait_for_selector(RINGING)


def answer(page: Page, station: Station) -> None:
    """Answer with the key and return when the page hears and sees the nurse."""
    page.keyboard.press("F2")
    page.wait_for_url(f"**/stations/{station.name}")
    wait_until(lambda: is_heard_and_seen(page), limit_s=LIMIT_S, what="the nurse's voice and picture")


def is_heard_and_seen(page: Page) -> bool:
    """Whether a voice was heard and a picture painted since this page began."""
    came = moments(page)
    return came["heard"] is not None and came["painted"] is not None


def grows(page: Page, *, limit_s: float = LIMIT_S) -> float:
    """Return how many seconds it took until pictures and both voices were more than they were now."""
    before, began_s = media_counts(page), time.monotonic()

    def is_more() -> bool:
        now = media_counts(page)
        return (
            now.frames > before.frames
            and now.heard_energy > before.heard_energy
            and now.said_packets > before.said_packets
        )

    wait_until(is_more, limit_s=limit_s, what="more pictures and more of both voices")
    return time.monotonic() - began_s


def hang_up(page: Page, village: Village, station: Station) -> None:
    """End the call with a key and return when all is quiet again."""
    page.keyboard.press("k")
    wait_until(lambda: not waiting_calls(village), limit_s=LIMIT_S, what="the call is over")
    wait_until(lambda: station.board.lamp.pattern.name == "OFF", limit_s=LIMIT_S, what="the lamp is off")
