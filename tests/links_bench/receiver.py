"""The hub's side: Debian's Chromium, what it has decoded and heard, and the page that answers any sender."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.browser import chromium_page
from tests.links_bench.alignment import aligned
from tests.links_bench.barcode import read_number
from tests.links_bench.clip import HEIGHT, WIDTH, Clip
from tests.links_bench.estoi import TooShortError, estoi, to_rate
from tests.links_bench.ssim import shown_at, ssim
from tests.village import media_watch
from tests.village.media_watch import MediaCounts, freezes_s, is_alive, media_counts, painted_s
from tests.village.page_sound import heard_sound, put_in_ear

FRAMES_SCRIPT: Final = Path(__file__).with_name("frames_seen.js")
ADDRESS: Final = "https://bench.invalid/"  # answered here: a secure page needs a name, not a network
PAGE: Final = "<!doctype html><title>receiver</title><video autoplay playsinline></video>"
FRAMES_AT_ONCE: Final = 8
ANSWER: Final = """async (offer) => {
  const peer = window.peer = new RTCPeerConnection();
  const stream = new MediaStream();
  peer.addEventListener("track", ({ track }) => {
    stream.addTrack(track);
    document.querySelector("video").srcObject = stream;
  });
  await peer.setRemoteDescription({ type: "offer", sdp: offer });
  await peer.setLocalDescription();
  await new Promise((resolve) => {
    const look = () => peer.iceGatheringState === "complete" && resolve();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
  return peer.localDescription.sdp;
}"""


class Picture(NamedTuple):
    """The light of one decoded picture, and when it was painted (monotonic)."""

    at_s: float
    luma: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one receiver had of one sender, between two moments (monotonic)."""

    from_s: float
    to_s: float
    alive: bool
    fps: float
    frozen_s: float
    concealed: float  # share of what was heard
    video_bps: float
    ssim: float | None  # None: not one picture could be told
    estoi: float | None  # None: nothing was heard
    painted_s: list[float]
    unread: int  # pictures whose number was not to be read


def watch_more(page: Page) -> None:
    """From the next page on what is heard is recorded, and pictures are kept: beside `media_watch`."""
    put_in_ear(page)
    page.add_init_script(path=FRAMES_SCRIPT)


@contextmanager
def plain_page() -> Iterator[Page]:
    """Open a page that can `answer` an offer."""
    with chromium_page() as page:
        media_watch.put_in(page)
        watch_more(page)
        page.route(f"{ADDRESS}**", lambda route: route.fulfill(content_type="text/html", body=PAGE))
        page.goto(ADDRESS)
        page.evaluate(
            "() => navigator.mediaDevices.getUserMedia({ audio: true })"
        )  # addresses, no mDNS names
        yield page


def answer(page: Page, offer: str) -> str:
    """Return the answer, all candidates inside."""
    return str(page.evaluate(ANSWER, offer))


class Watcher:
    """What comes to one page, from now until `stop`."""

    def __init__(self, page: Page) -> None:
        self.ports: set[int] = set()  # of the station, that it came from
        self._page = page
        self._to_wall_s = time.time() - time.monotonic()
        self._pictures: list[Picture] = []
        heard_sound(page)
        while self._take():
            pass
        self._pictures.clear()
        self._before, self._from_s = media_counts(page), time.monotonic()

    def look(self) -> None:
        """Once a second until the end: fetch the pictures that are kept, and see where they come from."""
        while self._take():
            pass
        self.ports |= {int(pair["port"]) for pair in media_counts(self._page).pairs if pair.get("port")}

    def stop(self) -> "Watched":
        """Return what has come, to be reckoned when there is time."""
        to_s, after = time.monotonic(), media_counts(self._page)
        rate_hz, sound = heard_sound(self._page)
        painted_wall_s = painted_s(self._page)
        is_late_alive = is_alive(self._page, to_s=to_s + self._to_wall_s)
        self.look()
        return Watched(
            from_s=self._from_s,
            to_s=to_s,
            before=self._before,
            after=after,
            alive=is_late_alive,
            painted_s=[at_s - self._to_wall_s for at_s in painted_wall_s],
            pictures=[one for one in self._pictures if self._from_s <= one.at_s <= to_s],
            sound=sound,
            rate_hz=rate_hz,
        )

    def _take(self) -> int:
        """Fetch some of the pictures that were kept; return how many."""
        taken: list[dict[str, Any]] = self._page.evaluate("(most) => window.framesSeen(most)", FRAMES_AT_ONCE)
        for one in taken:
            luma = np.frombuffer(base64.b64decode(one["data"]), np.uint8)
            self._pictures.append(
                Picture(one["at_ms"] / 1_000 - self._to_wall_s, luma.reshape(one["height"], one["width"]))
            )
        return len(taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """All that came to a page between two moments (monotonic)."""

    from_s: float
    to_s: float
    before: MediaCounts
    after: MediaCounts
    alive: bool
    painted_s: list[float]
    pictures: list[Picture]
    sound: NDArray[np.float64]
    rate_hz: int

    def seen(self, clip: Clip) -> Seen:
        """Compare it with the clip. Takes a second or two."""
        numbers = [read_number(one.luma) for one in self.pictures]
        likenesses = [
            ssim(shown_at(one.luma, width=WIDTH, height=HEIGHT), clip.lumas[number])
            for one, number in zip(self.pictures, numbers, strict=True)
            if number is not None and number < len(clip.lumas)
        ]
        lasted_s = self.to_s - self.from_s
        heard = self.after.heard_samples - self.before.heard_samples
        return Seen(
            from_s=self.from_s,
            to_s=self.to_s,
            alive=self.alive,
            fps=(self.after.frames - self.before.frames) / lasted_s,
            frozen_s=sum(freezes_s(self.painted_s, from_s=self.from_s, to_s=self.to_s)),
            concealed=(_made_up(self.after) - _made_up(self.before)) / max(1, heard),
            video_bps=(self.after.video_bytes - self.before.video_bytes) * 8 / lasted_s,
            ssim=float(np.mean(likenesses)) if likenesses else None,
            estoi=self._understood(clip),
            painted_s=[at_s for at_s in self.painted_s if self.from_s <= at_s <= self.to_s],
            unread=len(self.pictures) - len(likenesses),
        )

    def _understood(self, clip: Clip) -> float | None:
        heard = to_rate(self.sound, self.rate_hz)
        said = aligned(heard, clip.said)
        try:
            return estoi(heard[: len(said)], said)
        except TooShortError:
            return None


def _made_up(counts: MediaCounts) -> int:
    return counts.concealed_samples + counts.silenced_samples
