"""What moves on a page: how often it flashes, and whether it stands still for whom that is better."""

from typing import Any, Final

from playwright.sync_api import Page

FLASHES_MAX_HZ: Final = 3.0  # WCAG 2.2, 2.3.1: three flashes in any second
_RUNNING: Final = """() => document.getAnimations().filter((one) => one.playState === "running")
    .map((one) => ({ name: one.animationName ?? "transition", ms: one.effect.getComputedTiming().duration,
                     frames: one.effect.getKeyframes().length }))"""


def flash_rates(page: Page) -> dict[str, float]:
    """Return how often each animation of the page goes on and off again, in Hz."""
    found: list[dict[str, Any]] = page.evaluate(_RUNNING)
    rates: dict[str, float] = {}
    for one in found:
        flashes_each = max(1, (int(one["frames"]) - 1) // 2)  # there and back is one
        rates[one["name"]] = max(rates.get(one["name"], 0.0), flashes_each * 1000 / float(one["ms"]))
    return rates


def moves_when_reduced(page: Page) -> list[str]:
    """Return what still moves for somebody who asked for less of it."""
    page.emulate_media(reduced_motion="reduce")
    try:
        return [str(one["name"]) for one in page.evaluate(_RUNNING)]
    finally:
        page.emulate_media(reduced_motion="no-preference")
