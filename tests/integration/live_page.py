"""One station page in Chromium with its hub: what the tests of strips and numbers have in common."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from playwright.sync_api import Locator, Page

from hub.console.live_frames import SampleFrame
from tests.browser import chromium_page, wait_until
from tests.simulators.page_server import PageServer, now_ms

ECG_HZ, PLETH_HZ = 250, 100
UV_PER_RAW = 5
PX_PER_MM = 96 / 25.4
OF_THE_BOARD = {"device": "board-1", "device_name": "board-1", "unverified": None, "detects_pacing": False}
ECG_STREAM = {
    "stream_id": 1,
    "mdc": 131329,
    "label": "I",
    "rate_mhz": 250_000,
    "unit": "uV",
    "kind": "ecg",
    **OF_THE_BOARD,
}
PLETH_STREAM = {
    "stream_id": 2,
    "mdc": 150452,
    "label": "Pleth",
    "rate_mhz": 100_000,
    "unit": "1",
    "kind": "pleth",
    **OF_THE_BOARD,
}


# Keeps what stood on the page: an observer is told after each task of the page, so a pair is of one moment.
WATCH = """() => {
    document.body.seen = {};
    const text = (root, name) => root.querySelector(name)?.textContent ?? '';
    const note = (place, words) => {
        const texts = document.body.seen[place] ??= [];
        if (texts.at(-1) !== words) texts.push(words);
    };
    new MutationObserver(() => {
        for (const strip of document.querySelectorAll('hd-sweep')) {
            note(`state ${strip.dataset.stream}`, strip.dataset.state ?? '');
            note(`status ${strip.dataset.stream}`, text(strip, '.sweep-status'));
            note(`delay ${strip.dataset.stream}`, text(strip, '.sweep-delay'));
        }
        for (const value of document.querySelectorAll('hd-value')) {
            const words = [text(value, '.value-number'), text(value, '.value-age')];
            note(`value ${value.dataset.mdc}`, words.join('|'));
        }
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true,
                                attributeFilter: ['data-state'] });
}"""


@dataclass(frozen=True, slots=True)
class LivePage:
    """The page and the hub that feeds it."""

    page: Page
    hub: PageServer

    def view(self, *, visit: int | None = 42, set_no: int = 7, ecg_mhz: int = 1000 * ECG_HZ) -> None:
        """Announce one ECG lead and one pleth of this visit."""
        opened = None if visit is None else {"no": str(visit), "code": f"K7-{visit}", "opened_ms": now_ms()}
        streams = [
            {**ECG_STREAM, "set_no": set_no, "scale": UV_PER_RAW, "rate_mhz": ecg_mhz},
            {**PLETH_STREAM, "set_no": set_no, "scale": 1},
        ]
        self.hub.send({"type": "view", "station": "ST-0001", "visit": opened, "streams": streams})
        wait_until(
            self.page, "no => (document.body.feed.view?.visit?.no ?? null) === no", opened and opened["no"]
        )

    def samples(
        self,
        values: Sequence[int],
        *,
        first: int = 0,
        age_ms: float | None = 0.0,
        visit: int = 42,
        set_no: int = 7,
        stream: int = 1,
    ) -> float | None:
        """Send one frame whose last sample is `age_ms` old now; return its captured_ms."""
        span_ms = len(values) * 1000 / (ECG_HZ if stream == 1 else PLETH_HZ)
        captured_ms = None if age_ms is None else now_ms() - age_ms - span_ms
        self.hub.send_samples(SampleFrame(stream, set_no, visit, first, captured_ms, values))
        return captured_ms

    def sweep(self, stream: int = 1) -> Locator:
        """The strip of a stream."""
        return self.page.locator(f"hd-sweep[data-stream='{stream}']")

    def plotted(self, stream: int = 1) -> list[dict[str, float]]:
        """Everything that the pen drew and remembers."""
        found: list[dict[str, float]] = self.sweep(stream).evaluate("s => s.plotted(0, 1e15)")
        return found

    def wait_plotted(self, count: int, stream: int = 1) -> list[dict[str, float]]:
        """Wait until the pen has drawn `count` samples, return them."""
        wait_until(
            self.page,
            "([id, n]) => document.querySelector(`[data-stream='${id}']`).plotted(0, 1e15).length >= n",
            [stream, count],
        )
        return self.plotted(stream)

    def wait_state(self, state: str, stream: int = 1) -> None:
        """Wait until the strip is `state`, or was so since the last wait for a state of it."""
        self.wait_seen(f"state {stream}", state)

    def wait_seen(self, place: str, pattern: str) -> None:
        """Wait until a text like `pattern` stands at `place`, or stood there since the last such wait.

        Places: "state", "status" and "delay" with the stream, "value" with the mdc ("97|1 s": number
        and age of one moment). What stands for a second may have gone when a test comes to look.
        """
        wait_until(
            self.page,
            """([place, pattern]) => {
                const texts = document.body.seen[place] ?? [];
                const at = texts.findIndex((text) => new RegExp(`^(?:${pattern})$`).test(text));
                texts.splice(0, Math.max(0, at));  // it stays; what stood before it is done with
                return at >= 0;
            }""",
            [place, pattern],
        )

    def forget_seen(self) -> None:
        """From now on `wait_seen` finds what stands anew, not what stands already."""
        self.page.evaluate("document.body.seen = {}")

    def seen(self, place: str) -> list[str]:
        """Every text that stood at `place` since the last wait for it, in order."""
        found: list[str] = self.page.evaluate("(place) => document.body.seen[place] ?? []", place)
        return found

    def ink(self, points: list[tuple[float, float]], stream: int = 1) -> list[int]:
        """Alpha (0 to 255) of the trace's canvas at CSS pixel positions: the most of 3 x 3 pixels."""
        found: list[int] = self.sweep(stream).evaluate(
            """(s, points) => {
                const canvas = s.querySelector('.sweep-ink'), ink = canvas.getContext('2d');
                return points.map(([x, y]) => {
                    const at = ink.getImageData(Math.round(x * devicePixelRatio) - 1,
                                                Math.round(y * devicePixelRatio) - 1, 3, 3).data;
                    return Math.max(...at.filter((_, i) => i % 4 === 3));
                });
            }""",
            [list(point) for point in points],
        )
        return found

    def ink_in_columns(self, from_px: float, to_px: float, stream: int = 1) -> int:
        """How many pixels of the trace's canvas are not blank between two x positions."""
        found: int = self.sweep(stream).evaluate(
            """(s, [from, to]) => {
                const canvas = s.querySelector('.sweep-ink'), ink = canvas.getContext('2d');
                const x = Math.ceil(from * devicePixelRatio), w = Math.floor(to * devicePixelRatio) - x;
                const pixels = ink.getImageData(x, 0, w, canvas.height).data;
                return pixels.filter((alpha, i) => i % 4 === 3 && alpha > 0).length;
            }""",
            [from_px, to_px],
        )
        return found

    def scale(self, stream: int = 1) -> dict[str, Any]:
        """The strip's own word on its scale."""
        found: dict[str, Any] = self.sweep(stream).evaluate("s => s.scale")
        return found


@contextmanager
def live_page(
    *, scheme: Literal["light", "dark"] = "light", scale: float = 1.0, allow: str | None = None
) -> Iterator[LivePage]:
    """A hub and a browser on its station page, connected."""
    with PageServer() as hub, chromium_page(hub.url, scheme=scheme, scale=scale, allow=allow) as page:
        wait_until(page, "document.body.feed?.isOpen")
        page.evaluate(WATCH)
        yield LivePage(page, hub)


def heartbeat(index: int, *, rate_hz: int = ECG_HZ, bpm: float = 72.0) -> int:
    """An ECG-shaped sample in raw units of 5 uV: P, QRS and T as bells, R about 1.1 mV."""
    beat_s = 60.0 / bpm
    at_s = (index / rate_hz) % beat_s
    bells = (
        (0.16, 0.025, 0.12),
        (0.26, 0.008, -0.12),
        (0.285, 0.010, 1.15),
        (0.315, 0.010, -0.25),
        (0.50, 0.045, 0.28),
    )
    mv = sum(height * math.exp(-(((at_s - centre) / width) ** 2) / 2) for centre, width, height in bells)
    return round(mv * 1000 / UV_PER_RAW + 3 * math.sin(index / 2.3))


def pulse_wave(index: int, *, rate_hz: int = PLETH_HZ, bpm: float = 72.0) -> int:
    """A pleth-shaped sample: a steep rise and a slow fall on a large offset."""
    beats = index / rate_hz * bpm / 60.0
    main, second = math.sin(2 * math.pi * beats), math.sin(4 * math.pi * beats + 0.9)
    return round(31_000 + 700 * main + 330 * second)
