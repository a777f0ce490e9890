"""Moments, pieces, calipers and derived leads of web/ and the console, in the browser that runs them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from hub.console.ages import moment_text
from hub.console.words import Words
from hub.times.fit import UtcInterval
from tests.browser import chromium_page
from tests.simulators.page_server import PageServer

S = 1_000_000
AT_US = 1_795_000_000 * S  # 18/11/2026 18:06:40 in Vietnam
WHOSE = {"station": "s", "spool": "000000000000b0c5", "visit_no": "3", "boot": 1}
HEAD = {"version": 1, "kind": "raw", "spool": WHOSE["spool"], "visit_no": "3", "boot": 1, "streams": []}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with PageServer() as hub, chromium_page(hub.url) as page:
        yield page


def run(page: Page, module: str, body: str, arg: object = None) -> Any:
    return page.evaluate(f"async arg => {{ const m = await import('/web/{module}'); {body} }}", arg)


def moment(page: Page, when: UtcInterval) -> str:
    told = {
        "earliest_ms": None if when.earliest_us is None else when.earliest_us / 1000,
        "latest_ms": None if when.latest_us is None else when.latest_us / 1000,
        "best_ms": None if when.best_us is None else when.best_us / 1000,
    }
    text: str = run(page, "moments.js", "return m.formatMoment(arg)", told)
    return text


@pytest.mark.parametrize(
    ("before_s", "after_s", "has_best", "text"),
    [
        (0.02, 0.02, True, "18/11/2026 18:06:40"),
        (3.0, 2.0, True, "18/11/2026 18:06:40 ± 3 s"),
        (1_800.0, 600.0, False, "18/11/2026 17:36 – 18:16"),
        (86_400.0, 600.0, False, "17/11/2026 18:06 – 18/11/2026 18:16"),
    ],
)
def test_a_moment_is_said_no_more_exactly_than_it_is_known(
    page: Page, before_s: float, after_s: float, has_best: bool, text: str
) -> None:
    when = UtcInterval(AT_US - int(before_s * S), AT_US + int(after_s * S), AT_US if has_best else None)
    assert moment(page, when) == text
    if before_s < 86_400:  # as the hub writes it, with the day before it
        assert text == f"18/11/2026 {moment_text(when, Words('vi'))}"


def test_a_moment_that_is_open_says_so(page: Page) -> None:
    assert moment(page, UtcInterval(None, None)) == "không rõ lúc nào"
    assert moment(page, UtcInterval(None, AT_US)) == "trước 18/11/2026 18:06:40"


def decoded(page: Page, head: dict[str, Any], samples: list[int], *, cut: int = 0) -> Any:
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 4)
    data = (
        len(text).to_bytes(4, "little")
        + text
        + b"".join(value.to_bytes(4, "little", signed=True) for value in samples)
    )
    body = """const p = m.decodePiece(new Uint8Array(arg.data).buffer, arg.whose);
        return typeof p === 'string' ? p : {runs: p.runs.map((r) => [...r.samples]),
                                           bins: p.bins.map((r) => [[...r.low], [...r.high]])};"""
    return run(page, "piece.js", body, {"data": list(data[: len(data) - cut]), "whose": WHOSE})


def test_a_piece_is_read_as_it_is_written(page: Page) -> None:
    runs = [{"key": "1.0", "count": 3}, {"key": "1.1", "count": 1}]
    read = decoded(page, {**HEAD, "runs": runs}, [0, -1, 2**31 - 1, -(2**31)])
    assert read["runs"] == [[0, -1, 2**31 - 1], [-(2**31)]]
    envelope = {**HEAD, "kind": "envelope", "runs": [{"key": "1.0", "first_bin": 4, "count": 2}]}
    assert decoded(page, envelope, [-5, 5, -6, 6])["bins"] == [[[-5, -6], [5, 6]]]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"visit_no": "4"}, "another visit"),
        ({"boot": 2}, "another visit"),
        ({"spool": "000000000000b0c6"}, "another visit"),
        ({"version": 2}, "version 2"),
        ({"runs": [{"key": "1.0", "count": 9}]}, "fewer samples than it names"),
        ({"runs": []}, "more samples than it names"),
        ({"runs": None}, "not whole"),
    ],
)
def test_what_is_not_the_visits_or_not_whole_is_no_piece(
    page: Page, change: dict[str, Any], why: str
) -> None:
    assert decoded(page, {**HEAD, "runs": [{"key": "1.0", "count": 2}], **change}, [1, 2]) == why


def test_a_piece_that_was_cut_is_none(page: Page) -> None:
    head = {**HEAD, "runs": [{"key": "1.0", "count": 2}]}
    assert decoded(page, head, [1, 2], cut=4) == "fewer samples than it names"
    assert decoded(page, head, [1, 2], cut=2) == "not whole"


RUNS = """const run = (first_index, t_us, values) =>
                  ({key: 'k', first_index, t_us, rate_hz: 250, samples: Int32Array.from(values)});
    const runs = [run(0, 0, [1, 2, 3]), run(9, 36000, [4, 5])];"""


def test_calipers_stand_on_samples_and_step_over_a_gap(page: Page) -> None:
    body = (
        RUNS + "return [m.nearest(runs, 5999), m.nearest(runs, 6001), m.nearest(runs, 1e9), m.nearest([], 0)]"
    )
    found = run(page, "calipers.js", body)
    assert [one and one["index"] for one in found] == [1, 2, 10, None]
    body = RUNS + "return [1, 2, 99, -99].map((steps) => m.stepped(runs, 8000, steps).index)"
    assert run(page, "calipers.js", body) == [9, 10, 10, 0]


def test_what_is_measured_comes_from_the_samples(page: Page) -> None:
    body = (
        RUNS
        + """return [m.measure(m.nearest(runs, 0), m.nearest(runs, 40000), 0.005),
        m.measure(m.nearest(runs, 40000), m.nearest(runs, 0), NaN),
        m.measure(m.nearest(runs, 0), m.nearest(runs, 0), 1)]"""
    )
    forth, back, none = run(page, "calipers.js", body)
    assert forth == {"ms": 40, "mV": pytest.approx(0.02), "per_min": 1_500}
    assert (back["ms"], back["mV"], back["per_min"]) == (-40, None, 1_500)
    assert none["per_min"] is None


def test_runs_of_pieces_that_touch_are_one_line_and_others_are_not(page: Page) -> None:
    body = """const samples = new Int32Array(250);
        const at = (first_index, t_us) => ({key: 'k', first_index, t_us, rate_hz: 250, samples});
        return m.joined(arg.map(([first, t_us]) => at(first, t_us))).map((run) => run.samples.length);"""
    assert run(page, "piece.js", body, [[250, S], [0, 0], [500, 2 * S]]) == [750]
    assert run(page, "piece.js", body, [[0, 0], [251, S + 4_000]]) == [250, 250]
    assert run(page, "piece.js", body, [[0, 0], [250, 3 * S]]) == [250, 250]
