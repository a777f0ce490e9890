"""A live strip on a screen that was measured: true to scale, and never called so on another one."""

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import chromium, wait_until
from tests.integration.live_page import ECG_HZ, LivePage, live_page

PX_PER_MM = 4.2
MV = 200  # steps of 5 µV
SQUARE = ([0] * 50 + [MV] * 50) * 5  # 1 mV, 200 ms each
KEEP = """([px, ratio]) => {
    localStorage.setItem('haidang.screen', JSON.stringify({px_per_mm: px, width: screen.width,
                         height: screen.height, pixel_ratio: ratio ?? devicePixelRatio}));
    dispatchEvent(new Event('haidang-screen'));
}"""


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def live() -> Iterator[LivePage]:
    with live_page() as live:
        live.view()
        yield live


def scale_of(live: LivePage) -> tuple[float, float]:
    """Speed and gain as they are drawn, in px of this page a second and a mV."""
    drawn = live.wait_plotted(len(SQUARE))
    pairs = [(a, b) for a, b in itertools.pairwise(drawn) if 0 < b["x_px"] - a["x_px"] < 5]
    speed = sum(b["x_px"] - a["x_px"] for a, b in pairs) / len(pairs) * ECG_HZ
    return speed, max(one["y_px"] for one in drawn) - min(one["y_px"] for one in drawn)


def test_a_measured_screen_has_25_mm_a_second_and_10_mm_a_millivolt(live: LivePage) -> None:
    note = live.sweep().locator(".sweep-measure")
    expect(note).to_have_text("chưa đúng tỉ lệ")
    live.samples(SQUARE)
    live.wait_plotted(len(SQUARE))
    live.page.evaluate(KEEP, [PX_PER_MM, None])
    expect(note).to_be_hidden()
    speed, gain = scale_of(live)
    assert speed / PX_PER_MM == pytest.approx(25, rel=0.01)
    assert gain / PX_PER_MM == pytest.approx(10, rel=0.01)


def test_what_was_measured_at_another_zoom_or_makes_no_sense_counts_for_nothing(live: LivePage) -> None:
    for kept in ([PX_PER_MM, 3.0], [400.0, None]):
        live.page.evaluate(KEEP, kept)
        expect(live.sweep().locator(".sweep-measure")).to_be_visible()
        assert live.scale()["pxPerMm"] == pytest.approx(96 / 25.4)


def test_gain_is_drawn_as_it_is_named_and_a_filter_is_named_when_it_is_on(live: LivePage) -> None:
    words = live.sweep().locator(".sweep-scale")
    live.samples(SQUARE)
    live.wait_plotted(len(SQUARE))
    for gain_mm in (5, 20, 10):
        live.sweep().evaluate("(s, gain) => s.amplify(gain)", gain_mm)
        expect(words).to_contain_text(f"{gain_mm} mm/mV")
        drawn = live.plotted()
        spread = max(one["y_px"] for one in drawn) - min(one["y_px"] for one in drawn)
        assert spread / live.scale()["pxPerMm"] == pytest.approx(gain_mm, rel=0.01)
    live.sweep().evaluate("s => s.filter('monitor')")
    expect(words).to_contain_text("lọc hiển thị 0,5–40 Hz · ST không tin cậy")
    expect(words).to_contain_text("lọc của máy: không rõ")
    assert live.plotted() == []  # what was drawn without it has gone
    live.samples([40_000] * ECG_HZ, first=len(SQUARE))
    wait_until(live.page, "document.querySelector('[data-stream=\"1\"]').plotted(0, 1e15).length >= 200")
    assert {one["value"] for one in live.plotted()} == {0}  # an offset of 200 mV is no signal
    live.sweep().evaluate("s => s.filter('raw')")
    expect(words).to_contain_text("không lọc")


def test_the_filter_is_an_ecgs_alone(live: LivePage) -> None:
    live.sweep(2).evaluate("s => s.filter('monitor')")
    live.samples([100 + index % 7 for index in range(200)], stream=2)
    values = {one["value"] for one in live.wait_plotted(200, stream=2)}
    assert values == set(range(100, 107))
    expect(live.sweep(2).locator(".sweep-scale")).to_contain_text("tự chỉnh")
