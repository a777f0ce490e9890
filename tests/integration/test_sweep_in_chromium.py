"""The strip on a real canvas: what it drew is what was sent, where paper would have it."""

import itertools
import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium, wait_until
from tests.integration.live_page import (
    ECG_HZ,
    OF_THE_BOARD,
    PX_PER_MM,
    UV_PER_RAW,
    LivePage,
    heartbeat,
    live_page,
    pulse_wave,
)

BLOCK = 125  # half a second
STALE_LIMIT_MS = 2_000
TRIES = 5  # of what has to be quick: a loaded machine spoils some, our own delay would spoil all
ECG = [heartbeat(i) for i in range(ECG_HZ * 60)]


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


def in_blocks(live: LivePage, count: int, *, first: int = 0, newest_age_ms: float = 0.0) -> float:
    """Send `count` samples as the hub would after a stall; return captured_ms of the first."""
    captured = [
        live.samples(
            ECG[at : at + BLOCK],
            first=at,
            age_ms=newest_age_ms + (first + count - at - BLOCK) * 1000 / ECG_HZ,
        )
        for at in range(first, first + count, BLOCK)
    ]
    assert captured[0] is not None
    return captured[0]


def test_every_sample_sent_is_plotted_once_in_order_and_within_a_pixel_of_its_place() -> None:
    count = 8 * ECG_HZ
    with live_page() as live:
        live.view()
        captured_ms = in_blocks(live, count)
        drawn = live.wait_plotted(count)
        scale = live.scale()
        height_px = live.scale()["height_px"]
        assert [(point["index"], point["value"]) for point in drawn] == list(enumerate(ECG[:count]))
        sweep_s = scale["width_px"] / (25 * PX_PER_MM)
        for point in drawn:
            at_s = (captured_ms / 1000 % sweep_s + point["index"] / ECG_HZ) % sweep_s
            x_px = scale["left_px"] + at_s * 25 * PX_PER_MM
            y_px = height_px / 2 - point["value"] * UV_PER_RAW / 1000 * 10 * PX_PER_MM
            off_px = abs(point["x_px"] - x_px)
            assert min(off_px, scale["width_px"] - off_px) < 1
            assert abs(point["y_px"] - y_px) < 1


def test_a_rate_that_becomes_known_goes_on_with_the_strip_and_sets_its_samples_closer() -> None:
    """250 Hz that are 312.5 in truth: 25 mm/s are 0.1 mm a sample before and 0.08 after."""
    half = 2 * ECG_HZ
    with live_page() as live:
        live.view()
        in_blocks(live, half)
        before = live.wait_plotted(half)
        live.view(ecg_mhz=312_500)
        in_blocks(live, half, first=half)
        drawn = live.wait_plotted(2 * half)
        width_px = live.scale()["width_px"]
    assert drawn[:half] == before
    assert [point["index"] for point in drawn] == list(range(2 * half))
    steps_px = [(b["x_px"] - a["x_px"]) % width_px for a, b in itertools.pairwise(drawn)]
    assert steps_px[: half - 1] == pytest.approx([0.1 * PX_PER_MM] * (half - 1), abs=0.001)
    assert steps_px[half - 1 :] == pytest.approx([0.08 * PX_PER_MM] * half, abs=0.001)


def test_a_strip_whose_samples_have_come_before_their_time_waits_and_names_no_delay() -> None:
    with live_page() as live:
        live.view()
        live.samples([0] * 20, age_ms=-500)  # its clock is ahead by half a second: the pen comes later
        live.wait_plotted(20)
        wait_until(live.page, "document.body.seen['delay 1'].some((text) => text.startsWith('trễ'))")
        assert not [words for words in live.seen("delay 1") if "NaN" in words]
        live.sweep().evaluate("strip => strip.filter('monitor')")  # the paper is new, nothing more comes
        live.wait_state("stale")
        live.wait_seen("status 1", r"không có tín hiệu · \d+ s")


@pytest.mark.parametrize("pixel_ratio", [1.0, 2.0])
def test_the_canvas_has_ink_where_plotted_says_so(pixel_ratio: float) -> None:
    count = 3 * ECG_HZ
    with live_page(scale=pixel_ratio) as live:
        live.view()
        in_blocks(live, count)
        drawn = live.wait_plotted(count)
        assert min(live.ink([(point["x_px"], point["y_px"]) for point in drawn[:: ECG_HZ // 10]])) > 100
        assert max(live.ink([(point["x_px"], point["y_px"] + 40) for point in drawn[:: ECG_HZ // 10]])) < 255


def test_time_is_25_mm_a_second_and_height_10_mm_a_millivolt() -> None:
    square = ([0] * 50 + [200] * 50) * 5  # 1 mV, 200 ms each: the calibration pulse
    with live_page() as live:
        live.view()
        live.samples(square)
        drawn = live.wait_plotted(len(square))
        steps = [b["x_px"] - a["x_px"] for a, b in itertools.pairwise(drawn) if b["x_px"] > a["x_px"]]
        assert sum(steps) / len(steps) * ECG_HZ / PX_PER_MM == pytest.approx(25, rel=0.01)
        assert (drawn[0]["y_px"] - drawn[50]["y_px"]) / PX_PER_MM == pytest.approx(10, rel=0.01)
        assert "10 mm/mV · 25 mm/s · không lọc" in live.sweep().inner_text()


def test_a_gap_stays_blank_and_the_pen_is_lifted_over_it() -> None:
    with live_page() as live:
        live.view()
        gap = (3 * BLOCK, 5 * BLOCK)  # one second is missing
        for at in range(0, 7 * BLOCK, BLOCK):
            if not gap[0] <= at < gap[1]:
                live.samples([0] * BLOCK, first=at, age_ms=(6 * BLOCK - at) * 1000 / ECG_HZ)
        drawn = live.wait_plotted(5 * BLOCK)
        before = next(point for point in drawn if point["index"] == gap[0] - 1)
        after = next(point for point in drawn if point["index"] == gap[1])
        scale = live.scale()
        width_px = (after["x_px"] - before["x_px"]) % scale["width_px"]
        assert width_px == pytest.approx(25 * PX_PER_MM * (1 + 1 / ECG_HZ), abs=1)
        halves = [
            (before["x_px"] + 2, scale["left_px"] + scale["width_px"]),
            (scale["left_px"], after["x_px"] - 2),
        ]
        if after["x_px"] > before["x_px"]:
            halves = [(before["x_px"] + 2, after["x_px"] - 2)]
        assert not any(live.ink_in_columns(*half) for half in halves if half[1] - half[0] > 1)
        assert live.sweep().evaluate("s => s.counts.gaps") == 1


def test_repeated_and_older_frames_are_ignored_and_an_overlap_gives_only_its_new_part() -> None:
    with live_page() as live:
        live.view()
        live.samples(ECG[0:250], first=0, age_ms=500)
        live.samples(ECG[0:250], first=0, age_ms=500)
        live.samples([9999] * 100, first=50, age_ms=500)
        live.samples(ECG[200:375], first=200)
        drawn = live.wait_plotted(375)
        assert [(point["index"], point["value"]) for point in drawn] == list(enumerate(ECG[:375]))
        assert live.sweep().evaluate("s => s.counts.duplicates") == 250 + 100 + 50


def test_a_new_visit_clears_the_strip_and_late_frames_of_the_old_one_are_never_drawn() -> None:
    with live_page() as live:
        live.view(visit=42)
        live.samples(ECG[:250], visit=42)
        live.wait_plotted(250)
        live.view(visit=43)
        assert live.plotted() == []
        assert live.ink_in_columns(0, 1000) == 0
        live.samples([7777] * 250, first=250, visit=42)
        live.samples(ECG[500:750], first=500, visit=43)
        assert {point["index"] for point in live.wait_plotted(250)} == set(range(500, 750))
        assert live.page.evaluate("document.body.feed.counts.foreign") == 1


def test_a_restarted_board_begins_again_at_index_zero() -> None:
    with live_page() as live:
        live.view(set_no=7)
        live.samples(ECG[:250], first=90_000, set_no=7)
        live.wait_plotted(250)
        live.view(set_no=8)
        wait_until(live.page, "document.body.feed.view.streams[0].set_no === 8")
        live.samples(ECG[:250], first=0, set_no=8)
        assert [point["index"] for point in live.wait_plotted(250)] == list(range(250))


def test_a_silent_strip_turns_grey_within_the_limit_and_says_since_when() -> None:
    with live_page() as live:
        live.view()
        for turn in range(TRIES):
            live.samples(ECG[turn * 125 : (turn + 1) * 125], first=turn * 125)
            live.wait_state("live")
            began_ms = live.page.evaluate("performance.now()")
            live.wait_state("stale")
            took_ms = live.page.evaluate("performance.now()") - began_ms
            if took_ms < STALE_LIMIT_MS + 500:
                break
        assert took_ms < STALE_LIMIT_MS + 500
        assert re.search(r"không có tín hiệu từ \d\d:\d\d:\d\d · \d+ s", live.sweep().inner_text())
        assert (
            live.sweep().locator(".sweep-ink").evaluate("c => getComputedStyle(c).filter") == "grayscale(1)"
        )
        before = live.plotted()
        live.wait_seen("status 1", ".* [4-9] s")
        assert live.plotted() == before
        live.samples(ECG[:125], first=turn * 125 + 125)
        live.wait_state("live")
        assert live.sweep().locator(".sweep-ink").evaluate("c => getComputedStyle(c).filter") == "none"


def test_data_that_arrives_old_is_drawn_grey_with_its_age() -> None:
    with live_page() as live:
        live.view()
        live.samples(ECG[:250], age_ms=20_000)
        live.wait_state("late")
        live.wait_plotted(250)
        live.wait_seen("status 1", "tín hiệu trễ 2[0-9] s")


def test_a_dropped_socket_makes_the_strip_stale_and_it_comes_back_by_itself() -> None:
    with live_page() as live:
        live.view()
        live.samples(ECG[:125])
        live.wait_state("live")
        live.hub.drop()
        live.wait_state("stale")
        live.view()
        live.samples(ECG[125:250], first=125 + 1000)
        live.wait_state("live")
        assert live.page.evaluate("document.body.feed.counts.reconnects") >= 1


def test_a_strip_that_cannot_be_drawn_is_blank_and_the_other_goes_on() -> None:
    with live_page(allow="page: broken") as live:
        live.view()
        live.samples(ECG[:125])
        live.wait_plotted(125)
        live.sweep(1).evaluate("s => { s.advance = () => { throw new Error('broken'); }; }")
        wait_until(live.page, "!document.querySelector('[data-stream=\"1\"] canvas')")
        live.samples([pulse_wave(i) for i in range(100)], stream=2)
        live.wait_plotted(100, stream=2)
        assert live.sweep(1).inner_text() == "không vẽ được"


def test_samples_without_a_capture_time_are_drawn_and_said_to_be_of_unknown_delay() -> None:
    with live_page() as live:
        live.view()
        live.samples(ECG[:250], age_ms=None)
        live.wait_plotted(10)
        live.wait_seen("delay 1", "trễ không rõ")
        live.wait_state("stale")
        assert re.search(r"không có tín hiệu · \d+ s", live.sweep().inner_text())


def test_an_electrode_offset_moves_the_position_never_the_gain() -> None:
    offset = 60_000  # 300 mV
    with live_page() as live:
        live.view()
        live.samples([offset + value for value in ECG[:500]])
        drawn = live.wait_plotted(500)
        low, high = min(drawn, key=lambda p: p["value"]), max(drawn, key=lambda p: p["value"])
        mv = (high["value"] - low["value"]) * UV_PER_RAW / 1000
        assert (low["y_px"] - high["y_px"]) / PX_PER_MM / mv == pytest.approx(10, rel=0.01)
        assert 0 < high["y_px"] < low["y_px"] < live.scale()["height_px"]
        assert "đã dời vị trí" in live.sweep().inner_text()


def test_the_pleth_fits_the_strip_and_has_no_amplitude_scale() -> None:
    wave = [pulse_wave(i) for i in range(300)]
    with live_page() as live:
        live.view()
        live.samples(wave, stream=2)
        drawn = live.wait_plotted(300, stream=2)
        height_px = live.scale(2)["height_px"]
        extent_px = max(p["y_px"] for p in drawn) - min(p["y_px"] for p in drawn)
        assert 0.45 * height_px < extent_px < height_px
        text = live.sweep(2).inner_text()
        assert "tự chỉnh" in text
        assert "mV" not in text


def test_a_new_size_draws_the_same_samples_again_at_their_new_place() -> None:
    with live_page() as live:
        live.view()
        in_blocks(live, 500)
        before, width_px = live.wait_plotted(500), live.scale()["width_px"]
        live.page.set_viewport_size({"width": 900, "height": 700})
        wait_until(
            live.page,
            "was => document.querySelector('hd-sweep').scale.width_px < was",
            width_px - 100,
        )
        after = live.plotted()
        assert [(p["index"], p["value"]) for p in after] == [(p["index"], p["value"]) for p in before]
        assert min(live.ink([(point["x_px"], point["y_px"]) for point in after[::25]])) > 100


def test_damaged_messages_are_counted_in_the_corner_and_nothing_else_stops() -> None:
    document = (Path(__file__).parent.parent.parent / "docs" / "live.md").read_text("utf-8")
    found = re.search(r"^```live-frame\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    assert found
    good = bytes.fromhex(found[1])
    damaged = [b"", good[:35], good[:-1], good + b"\0", b"\x02" + good[1:], good[:1] + b"\x09" + good[2:]]
    damaged += [good[:32] + b"\xff\xff\xff\xff" + good[36:], good[:16] + b"\xff" * 8 + good[24:]]
    texts: list[dict[str, Any]] = [
        {"type": "view"},
        {"type": "values", "values": [None]},
        {"type": "notices"},
        {"type": "devices", "devices": [{"device": "board-1"}]},
        {"type": "measurements", "measurements": [{"device": "board-1", "quantities": []}]},
        {"type": "?"},
    ]
    with live_page() as live:
        live.view()
        for data in damaged:
            live.hub.send(data)
        for text in texts:
            live.hub.send(text)
        live.samples(ECG[:250])
        live.wait_plotted(250)
        wait_until(live.page, "document.body.feed.counts.malformed === 14")
        assert live.page.locator("#corner").inner_text() == f"khung hỏng: {len(damaged) + len(texts)}"


def test_the_page_reads_the_worked_example_of_the_document() -> None:
    document = (Path(__file__).parent.parent.parent / "docs" / "live.md").read_text("utf-8")
    data = re.search(r"^```live-frame\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    fields = re.search(r"^```json live-frame\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    texts = re.findall(r"^```json live-text\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    assert data
    assert fields
    assert len(texts) == 6
    with live_page() as live:
        read = live.page.evaluate(
            """async bytes => {
                const { decodeFrame } = await import('/web/live.js');
                const frame = decodeFrame(new Uint8Array(bytes).buffer);
                return {...frame, samples: [...frame.samples]};
            }""",
            list(bytes.fromhex(data[1])),
        )
        for text in texts:
            live.hub.send(json.loads(text))
        wait_until(live.page, "document.querySelectorAll('hd-value').length === 3")
        notice = "tuột điện cực · nghi ngờ mắc ngược điện cực RA–LA; không tự sửa"
        assert live.sweep().locator(".sweep-notice").inner_text() == notice
        assert live.page.locator(".device-name").all_inner_texts() == ["board-1", "CMS50D+"]
        assert live.page.locator(".measured-value").all_inner_texts() == ["120/80 (93) mmHg", "36,8 °C"]
        assert live.page.evaluate("document.body.feed.counts.malformed") == 0
    assert read == json.loads(fields[1])


def test_a_live_strip_makes_no_number_format_at_its_frames() -> None:
    beat = [heartbeat(i) for i in range(ECG_HZ)]
    with live_page() as live:
        live.view()
        live.samples(beat)
        live.wait_seen("delay 1", "trễ [0-9],[0-9] s")
        live.page.evaluate(
            """() => {
                window.made = 0;
                const { NumberFormat } = Intl, written = Number.prototype.toLocaleString;
                Intl.NumberFormat = function (...of) { window.made += 1; return new NumberFormat(...of); };
                Number.prototype.toLocaleString = function (...of) {
                    window.made += 1;
                    return written.apply(this, of);
                };
            }"""
        )
        live.samples(beat, first=ECG_HZ)
        live.wait_plotted(2 * ECG_HZ)
        assert live.page.evaluate("window.made") == 0


def test_twelve_leads_at_500_hz_are_drawn_and_their_cost_a_frame_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    streams = [
        {"stream_id": n, "set_no": 1, "mdc": 131329, "label": f"V{n}", "rate_mhz": 500_000, "scale": 5}
        | {"unit": "uV", "kind": "ecg", **OF_THE_BOARD}
        for n in range(1, 13)
    ]
    with live_page() as live:
        live.hub.send({"type": "view", "station": "ST-0001", "visit": None, "streams": streams})
        wait_until(live.page, "document.querySelectorAll('hd-sweep').length === 12")
        values = [round(200 * math.sin(i / 20)) for i in range(1500)]
        live.page.evaluate("import('/web/sweep.js').then(m => { m.frameCosts_ms.length = 0; })")
        for n in range(1, 13):
            live.samples(values, visit=0, set_no=1, stream=n)
        for n in range(1, 13):
            assert [p["value"] for p in live.wait_plotted(1500, stream=n)] == values
        costs_ms = sorted(live.page.evaluate("import('/web/sweep.js').then(m => m.frameCosts_ms)"))
    assert costs_ms
    p95_ms = costs_ms[int(len(costs_ms) * 0.95)]
    with capsys.disabled():
        sys.stdout.write(f"\n12 leads x 500 Hz: {len(costs_ms)} frames, p95 {p95_ms:.1f} ms\n")
