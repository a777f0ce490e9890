import asyncio
import time

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpRtpfbPacket, is_rtcp

from contract.media import IceServer
from edge.errors import MediaError
from edge.video.transport.leg import LegState, usable_servers
from edge.video.transport.retransmission import BURST_MIN_BYTES, BURST_S, SHARE
from edge.video.transport.rtp import WIRE_BYTES
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video.peers import Station, StockPage, until

REPAIR_TYPE = 98


@in_a_loop
async def test_a_stock_peer_sees_and_hears_the_station_and_is_seen_and_heard() -> None:
    async with StockPage() as page, Station() as station:
        await page.meet(station)
        await until(lambda: station.leg.state is LegState.CONNECTED)
        station.talk()
        await until(lambda: len(page.frames["video"]) > 20 and len(page.frames["audio"]) > 50)
        await until(lambda: len(station.ears.voice) > 50 and len(station.ears.pictures) > 5)
        assert page.frames["video"][0].width == 160
        assert station.ears.pictures[0].width == 640
        sequences = [packet.sequence for packet in station.ears.voice[:50]]
        assert sequences == list(range(sequences[0], sequences[0] + 50))
        # It sends no transport-wide feedback; its reports give the round trip.
        await until(lambda: station.leg.link.round_trip_s is not None)
        assert station.ears.links
    assert station.ears.states == [LegState.CONNECTING, LegState.CONNECTED, LegState.CLOSED]


@in_a_loop
async def test_a_peer_that_offers_nothing_still_gets_a_leg() -> None:
    async with StockPage() as page, Station() as station:
        await station.leg.on_answer(await page.answer(await station.leg.offer()))
        await until(lambda: station.leg.state is LegState.CONNECTED)
        station.talk()
        await until(lambda: len(page.frames["video"]) > 2)


@in_a_loop
async def test_a_request_for_a_keyframe_reaches_the_encoder_and_a_storm_of_them_does_not() -> None:
    async with StockPage() as page, Station() as station:
        await page.meet(station)
        await until(lambda: station.leg.state is LegState.CONNECTED)
        station.talk()
        await until(lambda: len(page.frames["video"]) > 2)
        before, began_s = station.ears.keyframes_wanted, time.monotonic()
        for _ in range(200):
            await send(page, bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=page_ssrc(page))))
            await asyncio.sleep(0.002)
        await until(lambda: station.ears.keyframes_wanted > before)
        passed_s = time.monotonic() - began_s
        assert station.ears.keyframes_wanted - before <= 2 + passed_s / 0.3


@in_a_loop
async def test_a_flood_of_requests_for_repeats_takes_no_more_than_its_share() -> None:
    async with StockPage() as page, Station() as station:
        await page.meet(station)
        await until(lambda: station.leg.state is LegState.CONNECTED)
        repeats: list[int] = []
        newest: list[int] = []
        count_packets(page, repeats, newest)
        station.talk()
        await until(lambda: len(page.frames["video"]) > 10)
        repeats.clear()
        began_s, targets_bps = time.monotonic(), []
        while time.monotonic() - began_s < 3.0:
            lost = [(newest[-1] - back) & 0xFFFF for back in range(60, 0, -1)]
            request = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=page_ssrc(page), lost=lost)
            await send(page, bytes(request))
            targets_bps.append(station.leg.link.target_bps)
            await asyncio.sleep(0.005)
        passed_s = time.monotonic() - began_s
        assert repeats
        assert sum(repeats) * 8 <= SHARE * max(targets_bps) * (passed_s + BURST_S) + 8 * BURST_MIN_BYTES


@in_a_loop
async def test_a_packet_of_the_page_that_never_comes_stops_its_picture_only_for_a_moment() -> None:
    async with StockPage() as page, Station() as station:
        await page.meet(station)
        await until(lambda: len(station.ears.pictures) > 3)
        transport = page.down.getSenders()[0].transport
        stock = transport._send_rtp
        dropped: list[bytes] = []

        async def drop(data: bytes) -> None:
            kind = data[1] & 0x7F
            if kind == REPAIR_TYPE - 1 and not is_rtcp(data) and not dropped:
                dropped.append(data[2:4])
            elif kind == REPAIR_TYPE and dropped and dropped[0] in data[12:40]:
                dropped.append(data[2:4])  # a repeat of it
            else:
                await stock(data)

        vars(transport)["_send_rtp"] = drop
        await until(lambda: len(dropped) > 1)
        before = len(station.ears.pictures)
        await until(lambda: len(station.ears.pictures) > before + 10, limit_s=10.0)


@in_a_loop
async def test_a_page_that_goes_away_loses_the_leg_once() -> None:
    async with Station() as station:
        async with StockPage() as page:
            await page.meet(station)
            await until(lambda: station.leg.state is LegState.CONNECTED)
            station.talk()
        await until(lambda: station.leg.state is LegState.LOST)
        assert station.ears.states.count(LegState.LOST) == 1
        with pytest.raises(MediaError):
            await station.leg.on_offer("v=0\r\n")


@in_a_loop
async def test_messages_said_twice_change_nothing_and_other_ones_are_refused() -> None:
    async with StockPage() as page, Station() as station:
        answer = await page.answer(await station.leg.offer())
        await station.leg.on_answer(answer)
        await station.leg.on_answer(answer)
        offer = await page.offer()
        ours = await station.leg.on_offer(offer)
        assert await station.leg.on_offer(offer) == ours
        with pytest.raises(MediaError):
            await station.leg.on_answer(answer + "a=x\r\n")
        with pytest.raises(MediaError):
            await station.leg.on_offer(offer + "a=x\r\n")
        with pytest.raises(MediaError):
            await station.leg.offer()
        await page.take_answer(ours)
        await until(lambda: station.leg.state is LegState.CONNECTED)


@in_a_loop
async def test_descriptions_that_cannot_be_used_cost_a_message_and_nothing_more() -> None:
    async with StockPage() as page, Station() as station:
        answer = await page.answer(await station.leg.offer())
        offer = await page.offer()
        broken = ["", "v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 96", "x" * 20_000, "a=setup:active\r\n" * 50]
        for word in ("fingerprint", "setup", "ice-pwd", "mid", "rtpmap", "group"):
            broken += [
                answer.replace(f"a={word}:", "a=nothing:"),
                offer.replace(f"a={word}:", f"a={word}:? "),
            ]
        broken += [answer.replace("VP8", "VP9").replace("opus", "L16"), offer.replace("m=video", "m=text")]
        for sdp in broken:
            if sdp != answer:
                with pytest.raises(MediaError):
                    await station.leg.on_answer(sdp)
            if sdp != offer:
                with pytest.raises(MediaError):
                    await station.leg.on_offer(sdp)
        assert station.leg.state is LegState.CONNECTING
        await station.leg.on_answer(answer)
        await page.take_answer(await station.leg.on_offer(offer))
        await until(lambda: station.leg.state is LegState.CONNECTED)


@in_a_loop
async def test_a_leg_closes_soon_whatever_it_is_doing_and_says_nothing_afterwards() -> None:
    station = Station()
    await station.leg.offer()
    async with asyncio.timeout(10):
        await station.leg.close()
        await station.leg.close()
    assert station.ears.states == [LegState.CONNECTING, LegState.CLOSED]
    with pytest.raises(MediaError):
        await station.leg.on_answer("v=0\r\n")
    async with asyncio.timeout(10):
        await Station().leg.close()


def test_of_the_servers_named_those_are_taken_that_can_be_used() -> None:
    servers = usable_servers(
        [
            IceServer(urls=("stuns:a", "stun:", "stun:b:99999", "http://c")),
            IceServer(urls=("turn:x?transport=sctp",)),
            IceServer(urls=("stun:d:3478", "turn:e"), username="u", credential="p"),
            IceServer(
                urls=("turn:f?transport=tcp", "turns:g:443?transport=tcp"), username="v", credential="q"
            ),
        ]
    )
    assert [server.urls for server in servers] == ["stun:d:3478", "turns:g:443?transport=tcp"]
    assert (servers[1].username, servers[1].credential) == ("v", "q")


def page_ssrc(page: StockPage) -> int:
    """The SSRC of the station's picture, as the page knows it."""
    section = page.up.remoteDescription.sdp.split("m=video")[1]
    return int(section.split("a=ssrc-group:FID ")[1].split(" ")[0])


async def send(page: StockPage, data: bytes) -> None:
    """Send RTCP as the page."""
    await page.up.getReceivers()[0].transport._send_rtp(data)


def count_packets(page: StockPage, repeats: list[int], newest: list[int]) -> None:
    """Note the wire size of each repeat, and the sequence number of each picture packet, that comes."""
    transport = page.up.getReceivers()[0].transport
    stock = transport._handle_rtp_data

    async def count(data: bytes, arrival_time_ms: int) -> None:
        assert not is_rtcp(data)
        if data[1] & 0x7F == REPAIR_TYPE:
            repeats.append(len(data) + WIRE_BYTES)
        elif data[1] & 0x7F == REPAIR_TYPE - 1:
            newest.append(int.from_bytes(data[2:4]))
        await stock(data, arrival_time_ms)

    vars(transport)["_handle_rtp_data"] = count
