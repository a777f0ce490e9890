"""One leg: a generation of the two connections between the station and one page (shell).

`up` carries what the station sends and is offered by us; `down` what it receives, offered by the page. A leg
is made once, and when a path of it is lost it says so once: the owner closes it and makes another. Everything
here runs on the loop's thread; descriptions that cannot be used raise MediaError and break nothing.
Source: docs/media.md; docs/adr/0011-the-direct-route.md, docs/adr/0013-transport-on-aiortc.md.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.sdp import candidate_from_sdp

from contract.media import IceServer
from edge.errors import MediaError
from edge.video.media import TRACKS, EncodedFrame, EncodedVoice, LinkNow, Track, VoicePacket
from edge.video.transport import description, rtp
from edge.video.transport.consent import SILENCE_S
from edge.video.transport.hooks import (
    HookedTransport,
    QuietTrack,
    VideoFrame,
    agreement,
    extension_ids,
    hook_picture_receiver,
    hook_voice_receiver,
    own_ssrc,
    prepare,
)
from edge.video.transport.outbound import Outbound
from edge.video.transport.rate import START_BPS
from edge.video.transport.rtcp import RECEIVER_REPORT, SENDER_REPORT
from edge.video.transport.twcc import ArrivalLog
from edge.video.transport.way_down import WayDown

CONNECT_LIMIT_S: Final = 40.0  # a path of 5 s: candidates, DTLS and one repeat of it
CLOSE_LIMIT_S: Final = 3.0
GATHER_LIMIT_S: Final = 10.0  # aioice itself stops after 5 s
LINK_EVERY_S: Final = 0.2
IDLE_S: Final = 1.0
REPORTS_APART_S: Final = 2.0  # of what a page sends, a stream: transport-wide feedback tells what is urgent

log = logging.getLogger(__name__)


class LegState(Enum):
    """How a leg is. CONNECTED: what we send arrives, and what was offered to us arrives too."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class LegEars:
    """Who hears what a leg has to say; all are called on the loop's thread and must return at once."""

    on_state: Callable[[LegState], None]
    on_keyframe_wanted: Callable[[Track], None]
    on_link: Callable[[LinkNow], None]
    on_down: Callable[[], None]  # `down_bps` is worth saying again
    on_voice: Callable[[VoicePacket], None]
    on_picture: Callable[[VideoFrame], None]


class Leg:
    """Both connections with one page. Make it on the loop, `close` it in the end.

    `name` is the leg's 16 hexadecimal digits, `ice` what the hub named; of several relays the first over TLS
    or TCP is taken, for aioice holds one, and that one passes everywhere. `relay_tls`: whom to take for a
    relay over TLS; None: whom this machine's authorities vouch for. `silence_s`: how long a path may be
    without any packet before it counts as lost.
    """

    def __init__(
        self,
        name: str,
        *,
        ice: Sequence[IceServer],
        ears: LegEars,
        now_s: Callable[[], float],
        rng: random.Random,
        relay_tls: ssl.SSLContext | None = None,
        silence_s: float = SILENCE_S,
    ) -> None:
        self.name = name
        self._relay_tls = relay_tls
        self.state = LegState.NEW
        self._ears, self._now_s, self._rng, self._silence_s = ears, now_s, rng, silence_s
        self._configuration = RTCConfiguration(
            iceServers=usable_servers(ice), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
        )
        self._up: RTCPeerConnection | None = None
        self._up_transport: HookedTransport | None = None
        self._down: RTCPeerConnection | None = None
        self._outbound: Outbound | None = None
        self._answered: str | None = None  # the answer that was taken
        self._offered: str | None = None  # the page's offer, and what was answered to it
        self._answer: str | None = None
        self._arrivals = ArrivalLog()
        self._way_down = WayDown(now_s=now_s())
        self._something = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._link_told_s = 0.0
        self._reported_s: dict[int, float] = {}  # by the stream that is told of

    @property
    def link(self) -> LinkNow:
        """What is known of the way up; before it stands, what is assumed."""
        if self._outbound is None:
            return LinkNow(target_bps=START_BPS, round_trip_s=None, lost_share=0.0, queued_s=0.0)
        return self._outbound.link()

    @property
    def down_bps(self) -> int:
        """The most that the page should send, headers included."""
        return self._way_down.down_bps

    @property
    def is_up(self) -> bool:
        """Whether what we send leaves; earlier than CONNECTED when the page's media are late."""
        return self._outbound is not None and self.state in (LegState.CONNECTING, LegState.CONNECTED)

    async def offer(self) -> str:
        """Return the description of what we send, with all candidates; takes up to some seconds.

        Raises:
            MediaError: it cannot be made, or was made before.
        """
        if self.state is not LegState.NEW or self._up is not None:
            raise MediaError(f"leg {self.name} has been offered")
        prepare()
        up = self._up = RTCPeerConnection(self._configuration)
        voice = up.addTransceiver(QuietTrack("audio"), direction="sendonly")
        for _ in TRACKS:
            up.addTransceiver(QuietTrack("video"), direction="sendonly")
        self._up_transport = self._hook(voice)
        self._up_transport.on_rtcp = self._on_up_rtcp
        self._up_transport.outgoing_rtcp = self._fill_report
        up.on("connectionstatechange", self._on_change)
        self._set_state(LegState.CONNECTING)
        self._start(self._give_up_later())
        await self._guarded(self._describe(up), "our offer")
        return description.finish(up.localDescription.sdp)

    async def on_answer(self, sdp: str) -> None:
        """Take the page's answer to our offer; the same one again is ignored.

        Raises:
            MediaError: it cannot be used, or another one was.
        """
        if self._up is None or self.state in (LegState.LOST, LegState.CLOSED):
            raise MediaError(f"leg {self.name} expects no answer")
        if self._answered is not None:
            if sdp == self._answered:
                return
            raise MediaError(f"leg {self.name} has another answer")
        text, hidden = description.accept(sdp)
        self._answered = sdp
        try:
            await self._guarded(
                self._up.setRemoteDescription(RTCSessionDescription(text, "answer")), "an answer"
            )
        except MediaError:
            self._answered = None
            raise
        self._start(_add_hidden(self._up, hidden))

    async def on_offer(self, sdp: str) -> str:
        """Take what the page sends, return our answer; to the same offer again the same answer.

        Raises:
            MediaError: it cannot be used, or another one was.
        """
        if self.state in (LegState.LOST, LegState.CLOSED):
            raise MediaError(f"leg {self.name} expects no offer")
        if self._offered is not None:
            if sdp == self._offered and self._answer is not None:
                return self._answer
            raise MediaError(f"leg {self.name} has another offer")
        prepare()
        text, hidden = description.accept(sdp)
        self._offered = sdp
        down = self._down = RTCPeerConnection(self._configuration)
        try:
            await self._guarded(down.setRemoteDescription(RTCSessionDescription(text, "offer")), "an offer")
            self._hook_receivers(down)
            await self._guarded(self._describe(down), "our answer")
        except MediaError:
            self._offered = self._down = None
            await _close(down)
            raise
        self._start(_add_hidden(down, hidden))
        self._answer = description.finish(down.localDescription.sdp, asks_picture=True)
        return self._answer

    def send_voice(self, voice: EncodedVoice) -> None:
        """Send one packet at once; nothing while the way up does not stand."""
        if self._outbound is not None:
            self._outbound.send_voice(voice, now_s=self._now_s())
            self._something.set()

    def send_picture(self, frame: EncodedFrame) -> None:
        """Send one frame, paced; nothing while the way up does not stand. Heed `link.queued_s` before."""
        if self._outbound is not None:
            self._outbound.send_picture(frame, now_s=self._now_s())
            self._something.set()

    async def close(self) -> None:
        """End both connections, within CLOSE_LIMIT_S and a little. May be called more than once."""
        if self.state is LegState.CLOSED:
            return
        self._set_state(LegState.CLOSED)
        self._outbound = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_LIMIT_S)
        await asyncio.gather(*(_close(pc) for pc in (self._up, self._down) if pc is not None))

    def _hook(self, transceiver: RTCRtpTransceiver) -> HookedTransport:
        return HookedTransport(
            transceiver.receiver.transport,
            now_s=self._now_s,
            rng=self._rng,
            on_lost=self._on_lost,
            relay_tls=self._relay_tls,
            silence_s=self._silence_s,
        )

    def _hook_receivers(self, down: RTCPeerConnection) -> None:
        """Between the page's offer and our answer: before anything can come."""
        transceivers = down.getTransceivers()
        transport = self._hook(transceivers[0])
        ids = extension_ids(transceivers[0]).transport_sequence
        ssrc = own_ssrc(transceivers[0])

        def on_rtp(data: bytes, now_s: float) -> None:
            if self.state is LegState.CLOSED or ids is None:
                return  # what comes while it closes begins nothing
            if found := rtp.read_transport_sequence(data, ids):
                media_ssrc, sequence = found
                was_due_s = self._arrivals.due_s
                up_bps = self.link.target_bps
                self._arrivals.on_packet(sequence, now_s=now_s, own_bps=up_bps)
                size_bytes = len(data) + rtp.WIRE_BYTES
                self._way_down.on_packet(sequence, size_bytes=size_bytes, up_bps=up_bps, now_s=now_s)
                if self._way_down.take_news():
                    self._ears.on_down()
                if was_due_s is None and self._arrivals.due_s is not None:
                    delay_s = self._arrivals.due_s - now_s
                    self._start(self._tell_arrivals(transport, delay_s, ssrc, media_ssrc))

        def on_voice(voice: VoicePacket) -> None:
            self._way_down.on_voice(voice.timestamp, now_s=voice.arrived_s)
            self._ears.on_voice(voice)

        transport.on_rtp = on_rtp
        transport.outgoing_rtcp = self._thin_report
        for transceiver in transceivers:
            if transceiver.kind == "audio":
                hook_voice_receiver(transceiver.receiver, on_voice=on_voice, now_s=self._now_s)
            else:
                hook_picture_receiver(
                    transceiver, round_trip_s=lambda: transport.round_trip_s, now_s=self._now_s
                )
                if transceiver.receiver.track is not None:
                    self._start(self._watch(transceiver.receiver.track))
        down.on("connectionstatechange", self._on_change)

    async def _tell_arrivals(
        self, transport: HookedTransport, delay_s: float, ssrc: int, media_ssrc: int
    ) -> None:
        await asyncio.sleep(delay_s)
        data = self._arrivals.take(sender_ssrc=ssrc, media_ssrc=media_ssrc)
        if data is not None:
            await transport.send(data)

    async def _watch(self, track: MediaStreamTrack) -> None:
        """Hand on the pictures that aiortc has decoded."""
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, VideoFrame):
                    self._ears.on_picture(frame)

    def _on_up_rtcp(self, data: bytes, now_s: float) -> bool:
        """All RTCP of the way up speaks of what we send; aiortc's senders have nothing to do with it."""
        if self._outbound is not None:
            self._outbound.on_rtcp(data, now_s=now_s)
            self._something.set()
        return False

    def _fill_report(self, data: bytes, now_s: float) -> bytes | None:
        if len(data) < 28 or data[1] != SENDER_REPORT:
            return data
        return None if self._outbound is None else self._outbound.fill_report(data, now_s=now_s)

    def _thin_report(self, data: bytes, now_s: float) -> bytes | None:
        """Aiortc reports each second of each stream, a twentieth of a narrow way up."""
        if len(data) < 12 or data[1] != RECEIVER_REPORT:
            return data
        ssrc = int.from_bytes(data[8:12])
        if now_s - self._reported_s.get(ssrc, -REPORTS_APART_S) < REPORTS_APART_S:
            return None
        self._reported_s[ssrc] = now_s
        return data

    def _on_change(self) -> None:
        """A connection's state changed, as aiortc sees it."""
        if self.state in (LegState.LOST, LegState.CLOSED):
            return
        states = [pc.connectionState for pc in (self._up, self._down) if pc is not None]
        if "failed" in states or "closed" in states:
            self._on_lost("a connection has failed or was closed by the other side")
            return
        if self._up is not None and self._up.connectionState == "connected" and self._outbound is None:
            agreed = agreement(self._up.getTransceivers())
            agreed = replace(agreed, repair_types=description.repair_types(self._answered or ""))
            self._outbound = Outbound(agreed, rng=self._rng, now_s=self._now_s())
            self._start(self._pump(self._outbound))
        if self._outbound is not None and all(state == "connected" for state in states):
            self._set_state(LegState.CONNECTED)

    async def _pump(self, outbound: Outbound) -> None:
        """Send what is due, when it is due."""
        transport = self._up_transport
        while transport is not None and self.is_up:
            self._something.clear()
            for data in outbound.pop(now_s=self._now_s()):
                await transport.send(data)
            now_s = self._now_s()
            for track in outbound.take_keyframe_wishes(now_s=now_s):
                self._ears.on_keyframe_wanted(track)
            if now_s - self._link_told_s >= LINK_EVERY_S:
                self._link_told_s = now_s
                self._ears.on_link(outbound.link())
            next_s = outbound.next_s
            wait_s = IDLE_S if next_s is None else min(IDLE_S, max(0.0, next_s - now_s))
            # Not `wait_for`: in Python 3.11 it may swallow a cancel that comes with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._something.wait()

    async def _give_up_later(self) -> None:
        await asyncio.sleep(CONNECT_LIMIT_S)
        if self.state is LegState.CONNECTING:
            self._on_lost(f"not connected within {CONNECT_LIMIT_S:.0f} s")

    def _on_lost(self, why: str) -> None:
        if self.state not in (LegState.LOST, LegState.CLOSED):
            log.info("leg %s: %s", self.name, why)
            self._set_state(LegState.LOST)

    def _set_state(self, state: LegState) -> None:
        if state is not self.state:
            self.state = state
            self._ears.on_state(state)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"leg {self.name}")
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("leg %s: a task of it ended", self.name, exc_info=error)
            self._on_lost("an error of ours")

    @staticmethod
    async def _describe(connection: RTCPeerConnection) -> None:
        await connection.setLocalDescription()

    async def _guarded(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Run a step of aiortc's negotiation, whose parser raises whatever it trips over."""
        try:
            async with asyncio.timeout(GATHER_LIMIT_S):
                await work
        except Exception as error:  # IndexError, AssertionError, AttributeError …
            text = f"{type(error).__name__}: {error}"[:200]
            raise MediaError(f"leg {self.name}: {what} cannot be used: {text}") from error


def usable_servers(ice: Sequence[IceServer]) -> list[RTCIceServer]:
    """Return the first STUN server and the relay that passes most networks, as far as aioice can use them.

    It knows stun:, turn: over UDP and TCP, turns: over TCP; one of each. A relay over TLS or TCP comes first:
    addresses that need none are preferred to it in any case, and where UDP is blocked it is the only way.
    """
    ranked: dict[str, list[tuple[int, RTCIceServer]]] = {"stun": [], "turn": []}
    for server in ice:
        for url in server.urls:
            kind = url.partition(":")[0]
            rank = _RANKS.get((kind, url.partition("?transport=")[2]))
            if rank is not None and _is_address(url):
                entry = RTCIceServer(urls=url, username=server.username, credential=server.credential)
                ranked[kind.rstrip("s") if kind == "turns" else kind].append((rank, entry))
    return [min(found, key=lambda pair: pair[0])[1] for found in ranked.values() if found]


_RANKS: Final = {
    ("stun", ""): 0,
    ("turns", "tcp"): 0,
    ("turns", ""): 0,
    ("turn", "tcp"): 1,
    ("turn", "udp"): 2,
    ("turn", ""): 2,
}


def _is_address(url: str) -> bool:
    host, _, port = url.partition(":")[2].partition("?")[0].partition(":")
    return bool(host) and (not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65_536))


async def _add_hidden(connection: RTCPeerConnection, hidden: list[str]) -> None:
    """Resolve candidates that browsers hide behind a name; each may take a second, and none is needed."""
    for line in hidden[:4]:
        try:
            candidate = candidate_from_sdp(line.removeprefix("candidate:"))
            candidate.sdpMLineIndex = 0
            await connection.addIceCandidate(candidate)
        except (ValueError, OSError, AssertionError) as error:
            log.debug("a hidden candidate cannot be used: %s", error)


async def _close(connection: RTCPeerConnection) -> None:
    """A relay that does not answer would hold it for a minute."""
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await connection.close()
    except (TimeoutError, ConnectionError) as error:
        log.info("a connection did not close in time: %r", error)
