"""A leg with a real browser at the other end."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from itertools import pairwise
from statistics import median
from typing import Any, TypeVar

from playwright.sync_api import Page

from edge.video.transport import rtcp, twcc
from edge.video.transport.leg import LegState
from edge.video.transport.outbound import Outbound
from edge.video.transport.picture_track import PictureTrack
from tests.browser import STEP_LIMIT_MS, chromium_page, wait_until
from tests.integration.edge.video.peers import Station
from tests.simulators.page_server import PageServer

T = TypeVar("T")


class Loop:
    """A loop in a thread, beside Playwright's."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="leg")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STEP_LIMIT_MS / 1000)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def connected() -> Iterator[tuple[Page, Station, Loop]]:
    """A station and a page, both ways connected, the station talking."""
    with PageServer() as server, chromium_page(server.url.replace("station.html", "leg.html")) as page:
        loop = Loop()

        async def make() -> Station:
            return Station()

        station = loop.run(make())
        try:
            page.locator("#begin").click()  # sound runs only after a gesture
            answer = page.evaluate("sdp => window.answer(sdp)", loop.run(station.leg.offer()))
            assert "transport-cc" in answer
            loop.run(station.leg.on_answer(answer))
            answer = loop.run(station.leg.on_offer(page.evaluate("window.offer()")))
            assert "maxaveragebitrate=16000" in answer
            page.evaluate("sdp => window.takeAnswer(sdp)", answer)
            wait_for(page, lambda: station.leg.state is LegState.CONNECTED)
            yield page, station, loop
        finally:
            try:
                loop.run(station.__aexit__())
            finally:
                loop.end()


def wait_for(page: Page, is_true: Any) -> None:
    """Wait for something of ours while the page goes on. Raises TimeoutError."""
    deadline_s = time.monotonic() + STEP_LIMIT_MS / 1000
    while not is_true():
        if time.monotonic() > deadline_s:
            raise TimeoutError("not true in time")
        page.wait_for_timeout(40)


def feedbacks_a_second(page: Page, came_s: list[float]) -> float:
    """By the middle interval of the next nine after the one that was on its way: a machine that stood still
    for a moment has one long one."""
    known = len(came_s)
    wait_for(page, lambda: len(came_s) > known + 10)
    return 1 / median(after - before for before, after in pairwise(came_s[known + 1 : known + 11]))


def test_a_browser_sees_and_hears_the_station_and_says_what_arrives() -> None:
    with connected() as (page, station, loop):
        outbound = station.leg._outbound
        assert outbound is not None
        feedbacks: list[float] = []
        stock = outbound.on_rtcp

        def count(data: bytes, *, now_s: float) -> None:
            feedbacks.extend(
                now_s
                for packet in rtcp.split_compound(data)
                if (packet.kind, packet.count) == (rtcp.FEEDBACK_OF_TRANSPORT, twcc.FORMAT)
            )
            stock(data, now_s=now_s)

        vars(outbound)["on_rtcp"] = count

        async def talk() -> None:
            station.talk()

        loop.run(talk())
        wait_until(page, "window.numbers().then(found => found['in video']?.framesDecoded > 30)")
        wait_until(page, "window.numbers().then(found => found['in audio']?.totalAudioEnergy > 0)")
        assert 2.5 < feedbacks_a_second(page, feedbacks) < 6.0  # no more than 64 kbit/s back can bear
        page.evaluate("window.tellWayBack(300_000)")
        assert feedbacks_a_second(page, feedbacks) > 7.0
        page.evaluate("window.tellWayBack(40_000)")
        assert 2.5 < feedbacks_a_second(page, feedbacks) < 6.0
        assert outbound.bad_feedbacks == 0
        link = station.leg.link
        assert link.round_trip_s is not None
        assert link.round_trip_s < 1.0
        before = page.evaluate("window.numbers()")["in video"]["framesDecoded"]
        wait_until(
            page, "before => window.numbers().then(f => f['in video'].framesDecoded > before + 20)", before
        )


def test_a_browser_sees_both_tracks_and_asks_again_for_what_it_lost_of_either() -> None:
    with connected() as (page, station, loop):

        async def talk() -> None:
            station.talk(has_high=True)

        loop.run(talk())
        wait_until(page, "window.numbers().then(found => found['in high']?.framesDecoded > 30)")
        wait_until(page, "window.numbers().then(found => found['in video']?.framesDecoded > 30)")
        outbound = station.leg._outbound
        assert outbound is not None
        assert set(outbound._tracks) == {"low", "high"}
        drop_one(outbound, outbound._tracks["high"])
        wait_until(page, "window.numbers().then(found => found['in high'].retransmittedPacketsReceived > 0)")


def drop_one(outbound: Outbound, track: PictureTrack) -> None:
    """Lose the next packet of a track on the way."""
    stock = outbound.pop
    dropped: list[bytes] = []

    def pop(*, now_s: float) -> list[bytes]:
        packets = stock(now_s=now_s)
        mine = [one for one in packets if int.from_bytes(one[8:12]) == track.stream.ssrc]
        if mine and not dropped:
            dropped.append(mine[0])
            packets.remove(mine[0])
        return packets

    vars(outbound)["pop"] = pop


def test_the_voice_and_the_picture_of_a_browser_reach_the_station_and_it_learns_what_arrived() -> None:
    with connected() as (page, station, _):
        wait_for(page, lambda: len(station.ears.voice) > 40 and len(station.ears.pictures) > 5)
        newest, oldest = station.ears.voice[-1], station.ears.voice[-20]
        spacing = ((newest.timestamp - oldest.timestamp) & 0xFFFFFFFF) / (
            (newest.sequence - oldest.sequence) & 0xFFFF
        )
        assert spacing == 48 * 40  # the packets of 40 ms that the answer asked for
        assert station.ears.pictures[-1].width > 0
        # Its own estimate moves only when our transport-wide feedback arrives and can be read.
        wait_until(page, "window.numbers().then(found => found.available > 0)")
        wait_until(page, "window.numbers().then(found => found['heard audio']?.roundTripTime >= 0)")


def test_a_browser_asks_for_a_lost_word_and_gets_it_again() -> None:
    with connected() as (page, station, loop):
        outbound = station.leg._outbound
        assert outbound is not None and outbound._voice is not None
        voice, stock, lost, again = outbound._voice.ssrc, outbound.pop, set[int](), set[int]()

        def lose_some(*, now_s: float) -> list[bytes]:
            kept = []
            for packet in stock(now_s=now_s):
                sequence, is_voice = int.from_bytes(packet[2:4]), int.from_bytes(packet[8:12]) == voice
                if is_voice and sequence in lost:
                    again.add(sequence)
                elif is_voice and sequence % 10 == 0:
                    lost.add(sequence)
                    continue
                kept.append(packet)
            return kept

        vars(outbound)["pop"] = lose_some

        async def talk() -> None:
            station.talk()

        loop.run(talk())
        wait_for(page, lambda: len(again) > 2)
