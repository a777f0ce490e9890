"""Display filters have the responses that textbooks give them, and do nothing else: literal numbers.

Second-order Butterworth, bilinear: |H| = 1 / sqrt(1 + (tan(πf/r) / tan(πc/r))^4), and its mirror image.
"""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import chromium_page
from tests.simulators.page_server import PageServer

AMPLITUDE = 10_000


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with PageServer() as hub, chromium_page(hub.url) as page:
        yield page


def run(page: Page, body: str, arg: object) -> Any:
    return page.evaluate(f"async arg => {{ const m = await import('/web/filters.js'); {body} }}", arg)


def response(page: Page, name: str, rate_hz: int, f_hz: float) -> float:
    """The gain at one frequency, measured on a sine once it has settled."""
    settled_s = 20.0
    count = int((settled_s + max(4.0, 8 / f_hz)) * rate_hz)
    wave = [round(AMPLITUDE * math.sin(2 * math.pi * f_hz * i / rate_hz)) for i in range(count)]
    filtered: list[float] = run(
        page,
        "const f = new m.DisplayFilter(arg.name, arg.rate); return [...f.run(0, Int32Array.from(arg.wave))]",
        {"name": name, "rate": rate_hz, "wave": wave},
    )
    periods = int((count - settled_s * rate_hz) / rate_hz * f_hz)
    tail = range(count - round(periods / f_hz * rate_hz), count)
    sine, cosine = (
        sum(filtered[i] * wave_of(2 * math.pi * f_hz * i / rate_hz) for i in tail)
        for wave_of in (math.sin, math.cos)
    )
    return 2 * math.hypot(sine, cosine) / len(tail) / AMPLITUDE


@pytest.mark.parametrize(
    ("name", "rate_hz", "f_hz", "gain"),
    [
        ("raw", 250, 50.0, 1.0),
        ("monitor", 250, 0.25, 0.2425),
        ("monitor", 250, 0.5, 0.7071),
        ("monitor", 250, 1.0, 0.9701),
        ("monitor", 250, 10.0, 0.9986),
        ("monitor", 250, 40.0, 0.7071),
        ("monitor", 250, 50.0, 0.4970),
        ("monitor", 250, 100.0, 0.0319),
        ("monitor", 500, 50.0, 0.5297),
        ("notch", 250, 10.0, 1.0),
        ("notch", 250, 49.0, 0.707),
        ("notch", 250, 50.0, 0.0),
        ("notch", 500, 50.0, 0.0),
        ("notch", 500, 100.0, 1.0),
    ],
)
def test_the_response_is_the_textbooks(page: Page, name: str, rate_hz: int, f_hz: float, gain: float) -> None:
    assert response(page, name, rate_hz, f_hz) == pytest.approx(gain, abs=0.012)


def test_an_offset_goes_with_the_monitor_filter_and_stays_with_the_notch(page: Page) -> None:
    body = "const f = new m.DisplayFilter(arg, 250); return [...f.run(0, new Int32Array(500).fill(40000))]"
    assert max(abs(value) for value in run(page, body, "monitor")) < 1e-6  # from the first sample on
    assert run(page, body, "notch") == pytest.approx([40_000.0] * 500)


def test_a_gap_begins_anew_and_pieces_are_as_good_as_one(page: Page) -> None:
    body = """const wave = Int32Array.from({length: 500}, (_, i) => (i * 37) % 900);
        const f = new m.DisplayFilter(arg, 250), whole = [...f.run(0, wave)];
        const g = new m.DisplayFilter(arg, 250), parts = [0, 130, 131, 400].map((from, at, all) =>
            [...g.run(from, wave.subarray(from, all[at + 1] ?? 500))]).flat();
        const jumped = [...g.run(9000, wave)];
        return [whole, parts, jumped];"""
    whole, parts, jumped = run(page, body, "monitor")
    assert parts == whole
    assert jumped == whole  # nothing of before the gap


def test_above_half_the_rate_nothing_is_taken_away(page: Page) -> None:
    assert run(page, "return m.sectionsOf('notch', 60).length", None) == 0
    assert run(page, "return m.sectionsOf('monitor', 60).length", None) == 1
