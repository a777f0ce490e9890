import asyncio
import random
import time
from typing import Any

import aioice
import aiortc
import pytest
from aiortc import RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsTransport

from edge.errors import CodecError
from edge.video.transport import hooks
from edge.video.transport.hooks import HookedTransport, self_test
from edge.video.transport.leg import LegState
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video.peers import Station, StockPage, until
from tests.integration.edge.video.slow_path import SlowPath

ROUND_TRIP_S = 1.2  # aioice itself waits 0.5 s for the answer to a check


def test_the_libraries_are_what_we_know() -> None:
    self_test()


def test_a_library_that_calls_otherwise_is_named_with_the_version_that_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def _send_rtp(self: Any, data: bytes, urgent: bool = False) -> None:
        """As a later version might have it."""

    monkeypatch.setattr(RTCDtlsTransport, "_send_rtp", _send_rtp)
    with pytest.raises(CodecError, match=rf"RTCDtlsTransport\._send_rtp .* {hooks.KNOWN_VERSIONS}"):
        self_test()


def test_a_library_without_a_name_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(aioice.Connection, "query_consent")
    with pytest.raises(CodecError, match=r"Connection\.query_consent"):
        self_test()


def test_the_lock_has_the_version_that_we_know() -> None:
    assert f"aiortc {aiortc.__version__} with aioice {aioice.__version__}".startswith(hooks.KNOWN_VERSIONS)


class LoopClock:
    """Goes with the loop: while the machine stands still, so does it."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.01)
            self._now_s += 0.01


async def meet_over(path: SlowPath, page: StockPage, station: Station) -> None:
    """Make the way up alone, over the slow path; the page survives it as we do."""
    answer = await page.answer(path.offer(await station.leg.offer()))
    HookedTransport(
        page.up.getReceivers()[0].transport,
        now_s=time.monotonic,
        rng=random.Random(1),
        on_lost=lambda _: None,
    )
    await station.leg.on_answer(path.answer(answer))
    await until(lambda: station.leg.state is LegState.CONNECTED, limit_s=60.0)


@in_a_loop
async def test_consent_is_kept_on_a_path_longer_than_the_librarys_patience() -> None:
    async with SlowPath(one_way_s=ROUND_TRIP_S / 2) as path, StockPage() as page, Station() as station:
        await meet_over(path, page, station)
        station.talk()
        transport = station.leg._up_transport
        assert transport is not None
        await until(lambda: ROUND_TRIP_S <= (transport.round_trip_s or 0.0) < ROUND_TRIP_S + 1.0)
        await until(lambda: len(page.frames["video"]) > 2)
        assert station.leg.state is LegState.CONNECTED


@in_a_loop
async def test_checks_that_are_answered_late_renew_consent_and_unanswered_ones_end_it() -> None:
    lost: list[str] = []
    clock = LoopClock()
    going = asyncio.create_task(clock.run())
    async with SlowPath(one_way_s=ROUND_TRIP_S / 2) as path:
        one, two = RTCPeerConnection(), RTCPeerConnection()
        for pc in (one, two):
            pc.createDataChannel("none")
            assert pc.sctp is not None
            HookedTransport(
                pc.sctp.transport,
                now_s=clock.now_s,
                rng=random.Random(2),
                on_lost=lost.append,
                expiry_s=2.5,
                silence_s=60.0,
                checks_s=(0.2, 0.3),
            )
        try:
            await one.setLocalDescription()
            offer = path.offer(one.localDescription.sdp)
            await two.setRemoteDescription(aiortc.RTCSessionDescription(offer, "offer"))
            await two.setLocalDescription()
            answer = path.answer(two.localDescription.sdp)
            await one.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))
            await until(lambda: one.connectionState == two.connectionState == "connected", limit_s=60.0)
            began_s = clock.now_s()  # and twice as long as consent lasts unanswered
            await until(lambda: bool(lost) or clock.now_s() >= began_s + 5.0, limit_s=60.0)
            assert not lost
            path.is_cut = True
            await until(lambda: len(lost) == 2)
            assert set(lost) == {"consent has expired"}
        finally:
            going.cancel()
            await asyncio.gather(one.close(), two.close())


@in_a_loop
async def test_a_silent_path_is_lost_before_consent_expires() -> None:
    async with SlowPath(one_way_s=0.01) as path, StockPage() as page, Station(silence_s=5.0) as station:
        await meet_over(path, page, station)
        station.talk()
        await until(lambda: len(page.frames["video"]) > 2)
        path.is_cut = True
        cut_s = time.monotonic()
        await until(lambda: station.leg.state is LegState.LOST)
        assert time.monotonic() - cut_s < 20.0
        assert station.ears.states.count(LegState.LOST) == 1
