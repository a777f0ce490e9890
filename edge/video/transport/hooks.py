"""Everything private of aiortc and aioice that we touch, here and nowhere else (shell).

aiortc brings up a connection: candidates, DTLS, SRTP, descriptions. What it does with media on a poor link is
replaced on the instances of one connection, never in its classes: packets out, RTCP in, consent, the
receivers' buffers. Set once for the process are the tables of what is offered, and the clock that some
modules take from the date. `self_test` says at the start whether the library still is what we know.
Source: docs/adr/0013-transport-on-aiortc.md.
"""

import asyncio
import inspect
import logging
import queue
import random
import ssl
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, Final

import aioice
import aioice.ice
import aioice.stun
import aioice.turn
import aiortc
import aiortc.codecs
import aiortc.rtcrtpreceiver
import aiortc.rtcrtpsender
import av
from aiortc import MediaStreamTrack, RTCRtpReceiver, RTCRtpTransceiver
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpParameters,
)
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, is_rtcp

from edge.errors import CodecError
from edge.video.media import TRACKS, VoicePacket
from edge.video.transport import rtcp, rtp
from edge.video.transport.consent import CHECK_MAX_S, CHECK_MIN_S, EXPIRY_S, SILENCE_S, Consent
from edge.video.transport.description import OPUS
from edge.video.transport.outbound import Negotiated
from edge.video.transport.picture_buffer import PictureBuffer, read_vp8
from edge.video.transport.picture_track import NegotiatedPicture
from edge.video.transport.retransmission import Wishes
from edge.video.transport.rtp import ExtensionIds, Stream
from edge.video.transport.twcc import parse_feedback, write_feedback

KNOWN_VERSIONS: Final = "aiortc 1.16.0 with aioice 0.13"
TRANSPORT_CC_URI: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
SEND_TIME_URI: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
MID_URI: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
DECODER_QUEUE_MAX: Final = 8  # frames; a decoder that lags further should skip, not remember

_CALLED: Final[tuple[tuple[type, str, str], ...]] = (
    (RTCDtlsTransport, "_send_rtp", "self data"),
    (RTCDtlsTransport, "_handle_rtcp_data", "self data"),
    (RTCDtlsTransport, "_handle_rtp_data", "self data arrival_time_ms"),
    (RTCRtpReceiver, "_handle_rtp_packet", "self packet arrival_time_ms"),
    (RTCRtpReceiver, "_send_rtcp_nack", "self media_ssrc lost"),
    (JitterBuffer, "add", "self packet"),
    (aioice.Connection, "query_consent", "self"),
    (aioice.Connection, "build_request", "self pair nominate"),
    (aioice.Connection, "data_received", "self data component"),
    (aioice.Connection, "request_received", "self message addr protocol"),
    (aioice.ice.StunProtocol, "send_stun", "self message addr"),
    (aioice.stun.Transaction, "response_received", "self message addr"),
    (aioice.stun.Message, "check_message_integrity", "self key"),
)
_SET: Final[tuple[tuple[type, str], ...]] = (  # instance attributes that the constructor makes
    (aioice.Connection, "_nominated"),
    (aioice.Connection, "remote_password"),
    (aioice.Connection, "turn_ssl"),
    (aioice.ice.StunProtocol, "transactions"),
    (RTCRtpReceiver, "_RTCRtpReceiver__jitter_buffer"),
    (RTCRtpReceiver, "_RTCRtpReceiver__decoder_queue"),
    (RTCRtpReceiver, "_RTCRtpReceiver__decoder_error"),
    (RTCRtpTransceiver, "_codecs"),
    (RTCRtpTransceiver, "_headerExtensions"),
    (aiortc.RTCRtpSender, "_ssrc"),
    (aiortc.RTCRtpSender, "_rtx_ssrc"),
)

VideoFrame = av.VideoFrame  # what a picture of the page is, decoded
log = logging.getLogger(__name__)


def prepare() -> None:
    """Set what this process offers: Opus, VP8 with repairs, transport-wide feedback; and a steady clock."""
    # Who knows the newer form (RFC 8888) may answer in it: both are read.
    feedback = [RTCRtcpFeedback(type="transport-cc"), RTCRtcpFeedback(type="ack", parameter="ccfb")]
    aiortc.codecs.CODECS["audio"][:] = [
        RTCRtpCodecParameters(
            mimeType="audio/opus",
            clockRate=48_000,
            channels=2,  # RFC 7587: always, also for mono
            payloadType=96,
            rtcpFeedback=[RTCRtcpFeedback(type="nack"), *feedback],
            parameters=dict(OPUS),
        )
    ]
    wanted = [("nack", None), ("nack", "pli"), ("ccm", "fir"), ("goog-remb", None)]
    aiortc.codecs.CODECS["video"][:] = [
        RTCRtpCodecParameters(
            mimeType="video/VP8",
            clockRate=90_000,
            payloadType=97,
            rtcpFeedback=[RTCRtcpFeedback(type=name, parameter=parameter) for name, parameter in wanted]
            + feedback,
        ),
        RTCRtpCodecParameters(mimeType="video/rtx", clockRate=90_000, payloadType=98, parameters={"apt": 97}),
    ]
    mid, send_time, transport_cc = (
        RTCRtpHeaderExtensionParameters(id=number, uri=uri)
        for number, uri in ((1, MID_URI), (3, SEND_TIME_URI), (4, TRANSPORT_CC_URI))
    )
    aiortc.codecs.HEADER_EXTENSIONS["audio"][:] = [mid, transport_cc]
    aiortc.codecs.HEADER_EXTENSIONS["video"][:] = [mid, send_time, transport_cc]
    # They only take differences: of reports, of jitter, of a relay's leases. A step of the date is none.
    steady = SimpleNamespace(time=time.monotonic)
    for module in (aiortc.rtcrtpreceiver, aiortc.rtcrtpsender, aioice.turn):
        vars(module)["time"] = steady


def self_test() -> None:
    """Prepare the process, and check that the libraries are what the hooks expect.

    Raises:
        CodecError: a name is missing or takes other arguments, or packets come out otherwise.
    """
    for owner, name, arguments in _CALLED:
        function = inspect.getattr_static(owner, name, None)
        found = " ".join(inspect.signature(function).parameters) if inspect.isfunction(function) else ""
        # What we call may have grown arguments with defaults; what calls us may not, so all must be equal.
        if found != arguments:
            raise CodecError(_unknown(f"{owner.__name__}.{name}"))
    for owner, name in _SET:
        if name not in owner.__init__.__code__.co_names:  # type: ignore[misc]
            raise CodecError(_unknown(f"{owner.__name__}.{name}"))
    if "_data" not in RTCRtpReceiver._handle_rtp_packet.__code__.co_names:  # a packet without its descriptor
        raise CodecError(_unknown("RtpPacket._data"))
    for module in (aiortc.rtcrtpreceiver, aiortc.rtcrtpsender, aioice.turn):
        if not hasattr(vars(module).get("time"), "time"):
            raise CodecError(_unknown(f"{module.__name__}.time"))
    prepare()
    _test_packets()


def _unknown(name: str) -> str:
    found = f"aiortc {aiortc.__version__} with aioice {aioice.__version__}"
    return (
        f"{found}: {name} is not what we know; this box needs {KNOWN_VERSIONS}: install the locked versions"
    )


def _test_packets() -> None:
    """Our packets, read and written by aiortc, keep their bytes; a feedback keeps its times."""
    extensions = HeaderExtensionsMap()
    extensions.configure(RTCRtpParameters(headerExtensions=aiortc.codecs.HEADER_EXTENSIONS["video"]))
    data = rtp.write_packet(
        Stream(ssrc=7, payload_type=97, clock_hz=90_000, next_sequence=65_535, timestamp_offset=0),
        b"picture",
        timestamp=4_000_000_000,
        is_last=True,
        ids=ExtensionIds(transport_sequence=4, send_time=3),
        transport_sequence=513,
        now_s=1.0,
    )
    packet = RtpPacket.parse(data, extensions)
    again = rtp.read_transport_sequence(packet.serialize(extensions), 4)
    if (packet.extensions.transport_sequence_number, packet.payload, again) != (513, b"picture", (7, 513)):
        raise CodecError(_unknown("RtpPacket"))
    arrivals_us = {513: 64_000, 515: 64_500}
    feedback = write_feedback(arrivals_us, first=513, last=515, number=0, sender_ssrc=1, media_ssrc=7)
    (found,) = rtcp.split_compound(feedback)
    if [arrival.arrival_us for arrival in parse_feedback(found.body[8:])] != [64_000, None, 64_500]:
        raise CodecError("transport-wide feedback: what was written is not what is read")


class QuietTrack(MediaStreamTrack):
    """A track that never has anything: aiortc's sender waits at it while our packets pass beside."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    async def recv(self) -> Any:
        """Wait until cancelled."""
        await asyncio.get_running_loop().create_future()


def agreement(transceivers: Sequence[RTCRtpTransceiver]) -> Negotiated:
    """Return what the answer made of our offer: one voice, and the tracks. Of two pictures the first is the
    low one; who takes one alone takes it as the low one, whichever it is.
    """

    def payload_type(transceiver: RTCRtpTransceiver | None, name: str) -> int | None:
        if transceiver is None or transceiver.currentDirection != "sendonly":
            return None
        found = [codec.payloadType for codec in transceiver._codecs if codec.name.lower() == name]
        return found[0] if found else None

    voice = next((one for one in transceivers if one.kind == "audio"), None)
    pictures = [one for one in transceivers if one.kind == "video" and payload_type(one, "vp8") is not None]
    return Negotiated(
        voice_ssrc=voice.sender._ssrc if voice else 0,
        voice_type=payload_type(voice, "opus"),
        voice_ids=extension_ids(voice),
        pictures={
            track: NegotiatedPicture(
                ssrc=picture.sender._ssrc,
                payload_type=payload_type(picture, "vp8"),
                ids=extension_ids(picture),
                repair_ssrc=picture.sender._rtx_ssrc,
                repair_type=payload_type(picture, "rtx"),
            )
            for track, picture in zip(TRACKS, pictures, strict=False)
        },
    )


def extension_ids(transceiver: RTCRtpTransceiver | None) -> ExtensionIds:
    """Return the header extensions that both sides know; ids that do not fit one byte's header are none."""
    ids = {} if transceiver is None else {e.uri: e.id for e in transceiver._headerExtensions if 0 < e.id < 15}
    return ExtensionIds(transport_sequence=ids.get(TRANSPORT_CC_URI), send_time=ids.get(SEND_TIME_URI))


def own_ssrc(transceiver: RTCRtpTransceiver) -> int:
    """Return the SSRC under which this side reports."""
    return transceiver.sender._ssrc


class HookedTransport:
    """One DTLS transport whose packets pass through us, and which keeps its own consent.

    `on_rtp(data, now_s)` and `on_rtcp(data, now_s)` see what came, decrypted, before aiortc; when `on_rtcp`
    returns false, aiortc does not see it. `outgoing_rtcp(data, now_s)` may change what aiortc reports, or
    return None to send nothing. `on_lost(text)` is called once, when the path is lost.
    """

    def __init__(
        self,
        transport: RTCDtlsTransport,
        *,
        now_s: Callable[[], float],
        rng: random.Random,
        on_lost: Callable[[str], None],
        relay_tls: ssl.SSLContext | None = None,
        expiry_s: float = EXPIRY_S,
        silence_s: float = SILENCE_S,
        checks_s: tuple[float, float] = (CHECK_MIN_S, CHECK_MAX_S),
    ) -> None:
        self.on_rtp: Callable[[bytes, float], None] = lambda _data, _now_s: None
        self.on_rtcp: Callable[[bytes, float], bool] = lambda _data, _now_s: True
        self.outgoing_rtcp: Callable[[bytes, float], bytes | None] = lambda data, _now_s: data
        self.round_trip_s: float | None = None  # of the newest answer to a consent check
        self._transport, self._connection = transport, transport.transport._connection
        if relay_tls is not None and self._connection.turn_ssl:  # aiortc can say no more than that it is TLS
            vars(self._connection)["turn_ssl"] = relay_tls
        self._now_s, self._rng, self._on_lost = now_s, rng, on_lost
        self._expiry_s, self._silence_s, self._checks_s = expiry_s, silence_s, checks_s
        self._consent: Consent | None = None
        self._is_lost = False
        self._stock_send = transport._send_rtp
        self._stock_rtp, self._stock_rtcp = transport._handle_rtp_data, transport._handle_rtcp_data
        self._stock_data = self._connection.data_received
        self._stock_request = self._connection.request_received
        self._set(transport, "_send_rtp", self._send_report)
        self._set(transport, "_handle_rtp_data", self._take_rtp)
        self._set(transport, "_handle_rtcp_data", self._take_rtcp)
        self._set(self._connection, "data_received", self._hear_data)
        self._set(self._connection, "request_received", self._hear_request)
        self._set(self._connection, "query_consent", self._keep_consent)

    async def send(self, data: bytes) -> None:
        """Encrypt and send one packet; nothing when the connection does not stand or consent has expired."""
        if self._is_lost or self._transport.state != "connected":
            return
        try:
            await self._stock_send(data)
        except ConnectionError:
            log.debug("a packet after the end of its connection")

    @staticmethod
    def _set(target: object, name: str, function: Callable[..., object]) -> None:
        setattr(target, name, function)

    async def _send_report(self, data: bytes) -> None:
        """What aiortc sends: only RTCP, its senders have no media."""
        now_s = self._now_s()
        changed = self.outgoing_rtcp(data, now_s) if is_rtcp(data) else None
        if changed is not None:
            await self.send(changed)

    async def _take_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        del arrival_time_ms  # of the date; its estimator must not see a step
        now_s = self._now_s()
        self.on_rtp(data, now_s)
        await self._stock_rtp(data, arrival_time_ms=int(now_s * 1_000))

    async def _take_rtcp(self, data: bytes) -> None:
        if self.on_rtcp(data, self._now_s()):
            await self._stock_rtcp(data)

    def _hear_data(self, data: bytes, component: int) -> None:
        self._hear()
        self._stock_data(data, component)

    def _hear_request(self, message: Any, addr: tuple[str, int], protocol: Any) -> None:
        self._hear()
        self._stock_request(message, addr, protocol)

    def _hear(self) -> None:
        if self._consent is not None:
            self._consent.on_heard(now_s=self._now_s())

    async def _keep_consent(self) -> None:
        """Run by aioice once a pair of addresses is chosen, cancelled when it closes."""
        consent = self._consent = Consent(
            now_s=self._now_s(), expiry_s=self._expiry_s, silence_s=self._silence_s
        )
        pending: list[_Check] = []
        next_s = self._now_s()
        while not consent.is_path_lost(now_s=(now_s := self._now_s())):
            if now_s >= next_s:
                pending = [check for check in pending if not check.is_over(now_s)]
                pending += [self._ask(pair, consent) for pair in self._connection._nominated.values()]
                next_s = now_s + self._rng.uniform(*self._checks_s)
            await asyncio.sleep(max(0.01, min(next_s, consent.verdict_s) - now_s))
        is_expired = consent.is_expired(now_s=self._now_s())
        self._is_lost = is_expired  # RFC 7675: then nothing may be sent
        self._on_lost("consent has expired" if is_expired else "nothing was heard")

    def _ask(self, pair: Any, consent: Consent) -> "_Check":
        """Send one check, once; its answer counts whenever it comes."""
        key = (self._connection.remote_password or "").encode()
        request = self._connection.build_request(pair, nominate=False)
        request.add_message_integrity(key)
        check = _Check(self, pair, consent, key, request.transaction_id)
        pair.protocol.transactions[request.transaction_id] = check
        pair.protocol.send_stun(request, pair.remote_addr)
        return check


class _Check:
    """A question for consent that is out; stands where aioice keeps its transactions."""

    def __init__(
        self, hooked: HookedTransport, pair: Any, consent: Consent, key: bytes, transaction_id: bytes
    ) -> None:
        self._hooked, self._pair, self._consent, self._key = hooked, pair, consent, key
        self._id = transaction_id
        self._asked_s = hooked._now_s()

    def response_received(self, message: Any, addr: tuple[str, int]) -> None:
        """Called by aioice's protocol with the answer."""
        is_answer = message.message_class == aioice.stun.Class.RESPONSE and addr == self._pair.remote_addr
        if is_answer and message.check_message_integrity(self._key):
            now_s = self._hooked._now_s()
            self._hooked.round_trip_s = now_s - self._asked_s
            self._consent.on_answer(now_s=now_s)
            self._forget()

    def is_over(self, now_s: float) -> bool:
        """Forget it after the time within which any answer would count."""
        if now_s - self._asked_s >= EXPIRY_S:
            self._forget()
        return self._id not in self._pair.protocol.transactions

    def _forget(self) -> None:
        self._pair.protocol.transactions.pop(self._id, None)


class _NoBuffer:
    """In place of aiortc's jitter buffer: its statistics go on, its decoder has nothing to do."""

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Keep nothing."""
        del packet
        return False, None


class _Pictures:
    """In place of aiortc's jitter buffer: whole frames go to its decoder's queue as soon as they are."""

    def __init__(
        self,
        codec: RTCRtpCodecParameters,
        decoder: "_ShortQueue",
        *,
        round_trip_s: Callable[[], float | None],
        now_s: Callable[[], float],
    ) -> None:
        self.buffer = PictureBuffer()
        self._codec, self._decoder, self._round_trip_s, self._now_s = codec, decoder, round_trip_s, now_s

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Take a packet, repeats unwrapped; return whether a keyframe should be asked for."""
        now_s, round_trip_s = self._now_s(), self._round_trip_s()
        piece = read_vp8(
            packet.payload, vars(packet)["_data"], timestamp=packet.timestamp, is_last=packet.marker == 1
        )
        frames = self.buffer.add(packet.sequence_number, piece, now_s=now_s, round_trip_s=round_trip_s)
        for timestamp, data in frames:
            self._decoder.put((self._codec, JitterFrame(data=data, timestamp=timestamp)))
        return self.buffer.take_key_wish(now_s=now_s, round_trip_s=round_trip_s), None


class _ShortQueue(queue.Queue[Any]):
    """Frames for aiortc's decoder thread; one too many is dropped and a keyframe asked for."""

    def __init__(self, error: Any) -> None:
        super().__init__()
        self._error = error

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Never waits. None is the end, and always has room."""
        if item is not None and self.qsize() >= DECODER_QUEUE_MAX:
            self._error.set()
            return
        super().put(item, block, timeout)


def hook_voice_receiver(
    receiver: RTCRtpReceiver, *, on_voice: Callable[[VoicePacket], None], now_s: Callable[[], float]
) -> None:
    """Give each Opus packet to `on_voice` as it came; aiortc counts it and does not decode it."""
    vars(receiver)["_RTCRtpReceiver__jitter_buffer"] = _NoBuffer()
    stock = receiver._handle_rtp_packet

    async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
        if packet.payload:
            on_voice(VoicePacket(packet.sequence_number, packet.timestamp, packet.payload, now_s()))
        await stock(packet, arrival_time_ms)

    HookedTransport._set(receiver, "_handle_rtp_packet", take)


def hook_picture_receiver(
    transceiver: RTCRtpTransceiver, *, round_trip_s: Callable[[], float | None], now_s: Callable[[], float]
) -> None:
    """Put frames together our way, bound what waits for aiortc's decoder, ask seldom for what is missing."""
    receiver = transceiver.receiver
    codec = next((codec for codec in transceiver._codecs if codec.name.lower() == "vp8"), None)
    if codec is None:
        return
    attributes = vars(receiver)
    decoder = _ShortQueue(attributes["_RTCRtpReceiver__decoder_error"])
    pictures = _Pictures(codec, decoder, round_trip_s=round_trip_s, now_s=now_s)
    attributes["_RTCRtpReceiver__decoder_queue"] = decoder
    attributes["_RTCRtpReceiver__jitter_buffer"] = pictures
    wishes, stock, ask = Wishes(), receiver._handle_rtp_packet, receiver._send_rtcp_nack

    async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
        await stock(packet, arrival_time_ms)
        chosen = wishes.choose(pictures.buffer.missing(), round_trip_s=round_trip_s(), now_s=now_s())
        if chosen and packet.payload_type == codec.payloadType:
            await ask(packet.ssrc, chosen)

    async def ask_nothing(media_ssrc: int, lost: list[int]) -> None:
        """Its list is asked for by `take`, each packet a few times."""

    HookedTransport._set(receiver, "_handle_rtp_packet", take)
    HookedTransport._set(receiver, "_send_rtcp_nack", ask_nothing)
