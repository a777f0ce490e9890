"""What one connection sends (core): media in, packets of the right moment out, and what is said of them.

Binds pacer, rate, repairs and RTP's streams together. The shell calls `pop` at `next_s` and after each push,
and gives every RTCP packet that comes to `on_rtcp`. Times are monotonic, also in what we tell the other side:
the NTP time of our reports is a count of our own, which RFC 3550 allows and no step of the date disturbs.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.video.media import VIDEO_HZ, VOICE_HZ, EncodedFrame, EncodedVoice, LinkNow
from edge.video.transport import ccfb, rtcp, rtp, twcc, ulpfec
from edge.video.transport.pacer import Pacer
from edge.video.transport.rate import RateController
from edge.video.transport.redundancy import Redundancy
from edge.video.transport.retransmission import Repeats
from edge.video.transport.rtp import WIRE_BYTES, ExtensionIds, Stream

if TYPE_CHECKING:
    import random

KEYFRAME_EVERY_S: Final = 0.3  # a storm of requests is one request
OUT_S: Final = 1.0  # what is said to wait in an outage: nobody codes a picture for it
HEADER_BYTES: Final = 24  # of RTP with both extensions
PADDING_MAX_BYTES: Final = 224  # of one packet; RTP counts them in a byte
_NTP_BEGIN_S: Final = 3_000_000_000  # our count begins somewhere within NTP's era


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the two sides agreed on. A payload type of None: that stream is not wanted."""

    voice_ssrc: int
    voice_type: int | None
    voice_ids: ExtensionIds
    picture_ssrc: int
    picture_type: int | None
    picture_ids: ExtensionIds
    repair_ssrc: int
    repair_type: int | None
    red_type: int | None = None
    ulpfec_type: int | None = None  # both or none: repairs in advance, on the picture's own stream


@dataclass(frozen=True, slots=True)
class _Leaving:
    stream: Stream
    payload: bytes
    timestamp: int
    is_last: bool
    begins_key: bool = False
    padding_bytes: int = 0
    train: int | None = None  # of padding, its number
    is_red: bool = False  # it goes within RED, and repairs cover it
    repair: tuple[int, int] | None = None  # in advance, written when it leaves: its number, of how many


class Outbound:
    """The sending side of one connection, from the moment it stands."""

    def __init__(self, agreed: Negotiated, *, rng: "random.Random", now_s: float) -> None:
        def stream(ssrc: int, payload_type: int | None, clock_hz: int) -> Stream | None:
            if payload_type is None:
                return None
            # The lower half of the numbers: a wrap at the start would confuse SRTP.
            return Stream(ssrc, payload_type, clock_hz, rng.randrange(1 << 15), rng.randrange(1 << 32))

        self.rate = RateController(now_s=now_s)
        self.bad_feedbacks = 0
        self._pacer: Pacer[_Leaving] = Pacer(target_bps=self.rate.target_bps, now_s=now_s)
        self._repeats: Repeats[_Leaving] = Repeats(now_s=now_s)
        self._voice = stream(agreed.voice_ssrc, agreed.voice_type, VOICE_HZ)
        self._picture = stream(agreed.picture_ssrc, agreed.picture_type, VIDEO_HZ)
        self._repair = stream(agreed.repair_ssrc, agreed.repair_type, VIDEO_HZ)
        self._red_type, self._ulpfec_type = agreed.red_type, agreed.ulpfec_type
        self._redundancy = Redundancy(now_s=now_s)
        self._voice_ids, self._picture_ids = agreed.voice_ids, agreed.picture_ids
        self._transport_sequence = 0
        self._picture_id = rng.randrange(1 << 15)
        self._wants_key = False
        self._was_out = False
        self._departures = ccfb.Departures()
        self._key_wished_s = now_s - KEYFRAME_EVERY_S

    def link(self) -> LinkNow:
        """What is known of the way up; in an outage, of how it will go on, and that nothing leaves."""
        return LinkNow(
            target_bps=self.rate.target_bps,
            round_trip_s=self.rate.round_trip_s,
            lost_share=self.rate.lost_share,
            queued_s=max(self._pacer.queued_s, OUT_S if self.rate.is_out else 0.0),
            is_out=self.rate.is_out,
            repairs_share=self._redundancy.share,
        )

    def send_voice(self, voice: EncodedVoice, *, now_s: float) -> None:
        """Queue one packet; it leaves with the next `pop`."""
        if self._voice is None:
            return
        timestamp = self._voice.timestamp(voice.pts, now_s=now_s)
        size_bytes = len(voice.data) + HEADER_BYTES + WIRE_BYTES
        self._pacer.push_voice(_Leaving(self._voice, voice.data, timestamp, False), size_bytes=size_bytes)

    def send_picture(self, frame: EncodedFrame, *, now_s: float) -> None:
        """Queue one frame; it may be dropped, and then a keyframe is wished for. None goes in an outage."""
        if self._picture is None or self.rate.is_out:
            return
        timestamp = self._picture.timestamp(frame.pts, now_s=now_s)
        payloads = rtp.cut_vp8(frame.data, picture_id=self._picture_id, packet_bytes=frame.packet_bytes)
        packets: list[_Leaving] = []
        sizes_bytes: list[int] = []
        for index, payload in enumerate(payloads):
            is_last = index == len(payloads) - 1
            is_red = self._redundancy.is_on
            begins_key = frame.is_key and not index
            packets.append(
                _Leaving(self._picture, payload, timestamp, is_last, begins_key=begins_key, is_red=is_red)
            )
            sizes_bytes.append(len(payload) + is_red + HEADER_BYTES + WIRE_BYTES)
            count = self._redundancy.repairs_after(is_last=is_last, is_key=frame.is_key)
            repair_bytes = sizes_bytes[0] + ulpfec.OVERHEAD_BYTES  # a frame's packets are about equal
            packets += [
                _Leaving(self._picture, b"", timestamp, False, repair=(number, count))
                for number in range(count)
            ]
            sizes_bytes += [repair_bytes] * count
        if self._pacer.push_frame(packets, sizes_bytes=sizes_bytes, is_key=frame.is_key, now_s=now_s):
            self._picture_id = (self._picture_id + 1) & 0x7FFF

    def pop(self, *, now_s: float) -> list[bytes]:
        """Return the RTP packets that leave now, in order; they count as sent."""
        if self.rate.next_check_s is not None and now_s >= self.rate.next_check_s:
            self.rate.on_tick(now_s=now_s)
        self._heed_outage()
        self._look_at_losses(now_s)
        self._look_for_room(now_s)
        self._pacer.set_target(self.rate.target_bps)
        self._pacer.set_room(self.rate.room_bytes)
        written = [self._write(leaving, now_s) for leaving in self._pacer.pop(now_s=now_s)]
        return [data for data in written if data is not None]

    def _heed_outage(self) -> None:
        """What was on the way is lost: afterwards the other side can only begin with a keyframe."""
        if self.rate.is_out and not self._was_out:
            self._pacer.begin_anew()
        self._was_out = self.rate.is_out

    def _look_at_losses(self, now_s: float) -> None:
        if self._red_type is not None and self._ulpfec_type is not None and not self.rate.is_out:
            self._redundancy.look(self.rate.lost_share, round_trip_s=self.rate.round_trip_s, now_s=now_s)

    def _look_for_room(self, now_s: float) -> None:
        """Padding goes on the stream of repeats, whose packets without payload mean nothing (RFC 4588)."""
        timestamp = None if self._picture is None else self._picture.timestamp_at(now_s)
        if self._repair is None or self._picture is None:
            return
        train = self.rate.take_train(now_s=now_s)
        if train is None:
            return
        padding_bytes = min(PADDING_MAX_BYTES, train.packet_bytes - HEADER_BYTES - WIRE_BYTES)
        one = _Leaving(
            self._repair, b"", timestamp or 0, False, padding_bytes=padding_bytes, train=train.number
        )
        size_bytes = padding_bytes + HEADER_BYTES + WIRE_BYTES
        self._pacer.push_train([one] * train.packets, size_bytes=size_bytes, rate_bps=train.rate_bps)

    @property
    def next_s(self) -> float | None:
        """When to call `pop` again at the latest; None: after the next push or packet."""
        times = [at_s for at_s in (self._pacer.next_s, self.rate.next_check_s) if at_s is not None]
        return min(times, default=None)

    def take_keyframe_wish(self, *, now_s: float) -> bool:
        """Whether the encoder should be asked for a keyframe now; seldom true however often it is wished."""
        is_wanted = self._wants_key or self._pacer.needs_key
        if not is_wanted or self.rate.is_out or now_s - self._key_wished_s < KEYFRAME_EVERY_S:
            return False
        self._wants_key, self._key_wished_s = False, now_s
        return True

    def on_rtcp(self, data: bytes, *, now_s: float) -> None:
        """The other side's word of what we send. Never raises; what cannot be read is left out."""
        for packet in rtcp.split_compound(data):
            if packet.kind == rtcp.FEEDBACK_OF_TRANSPORT and packet.count in (twcc.FORMAT, ccfb.FORMAT):
                self._on_feedback(packet, now_s)
            elif packet.kind == rtcp.FEEDBACK_OF_TRANSPORT and packet.count == rtcp.NACK:
                self._on_nack(packet, now_s)
            elif rtcp.is_keyframe_request(packet):
                self._wants_key = True
            elif (bps := rtcp.read_remb(packet)) is not None:
                self.rate.on_remb(bps, now_s=now_s)
            for report in rtcp.read_reports(packet):
                self._on_report(report, now_s)

    def fill_report(self, data: bytes, *, now_s: float) -> bytes | None:
        """Return aiortc's sender report (the first of a compound) with our numbers; None: send none."""
        ssrc = int.from_bytes(data[4:8])
        stream = next((known for known in (self._voice, self._picture) if known and known.ssrc == ssrc), None)
        timestamp = None if stream is None else stream.timestamp_at(now_s)
        if stream is None or timestamp is None:
            return None
        return rtcp.fill_sender_report(
            data,
            ntp=ntp_at(now_s),
            rtp_timestamp=timestamp,
            packets=stream.packets,
            octets=stream.octets,
        )

    def _write(self, leaving: _Leaving, now_s: float) -> bytes | None:
        """Return the packet that leaves; None: a repair of what did not leave."""
        if leaving.repair is not None:
            repair = self._redundancy.repair(*leaving.repair)
            if repair is None or self._ulpfec_type is None:
                return None
            red = ulpfec.write_red(repair, self._ulpfec_type)
            return self._depart(leaving, red, now_s, payload_type=self._red_type)
        sequence = leaving.stream.next_sequence
        if leaving.is_red:
            red = ulpfec.write_red(leaving.payload, leaving.stream.payload_type)
            data = self._depart(leaving, red, now_s, payload_type=self._red_type)
            self._redundancy.on_sent(data)
        else:
            data = self._depart(leaving, leaving.payload, now_s)
        if leaving.stream is self._picture:
            if leaving.begins_key:
                self._repeats.begin_anew()
            self._repeats.on_sent(sequence, leaving, size_bytes=len(data) + WIRE_BYTES, now_s=now_s)
        return data

    def _depart(
        self, leaving: _Leaving, payload: bytes, now_s: float, *, payload_type: int | None = None
    ) -> bytes:
        sequence, transport_sequence = leaving.stream.next_sequence, self._transport_sequence
        self._transport_sequence = (transport_sequence + 1) & 0xFFFF
        data = rtp.write_packet(
            leaving.stream,
            payload,
            timestamp=leaving.timestamp,
            is_last=leaving.is_last,
            ids=self._voice_ids if leaving.stream is self._voice else self._picture_ids,
            transport_sequence=transport_sequence,
            now_s=now_s,
            padding_bytes=leaving.padding_bytes,
            payload_type=payload_type,
        )
        self._departures.on_sent(leaving.stream.ssrc, sequence, transport_sequence)
        self.rate.on_sent(
            transport_sequence, size_bytes=len(data) + WIRE_BYTES, now_s=now_s, train=leaving.train
        )
        return data

    def _on_feedback(self, packet: rtcp.RtcpPacket, now_s: float) -> None:
        try:
            if packet.count == ccfb.FORMAT:
                arrivals = self._departures.arrivals(ccfb.parse_ccfb(packet.body[4:]))
            else:
                arrivals = twcc.parse_feedback(packet.body[8:])
            self.rate.on_feedback(arrivals, now_s=now_s)
        except twcc.FeedbackError:
            self.bad_feedbacks += 1

    def _on_nack(self, packet: rtcp.RtcpPacket, now_s: float) -> None:
        if self._picture is None or self._repair is None or packet.media_ssrc != self._picture.ssrc:
            return
        again = self._repeats.ask(
            rtcp.read_nack(packet),
            target_bps=self.rate.target_bps,
            round_trip_s=self.rate.round_trip_s,
            now_s=now_s,
        )
        self._wants_key = self._wants_key or self._repeats.is_hopeless
        for sequence, sent in again:
            payload = rtp.wrap_again(sent.payload, sequence)
            self._pacer.push_repair(
                _Leaving(self._repair, payload, sent.timestamp, sent.is_last),
                size_bytes=len(payload) + HEADER_BYTES + WIRE_BYTES,
            )

    def _on_report(self, report: rtcp.Report, now_s: float) -> None:
        streams = [stream for stream in (self._voice, self._picture) if stream is not None]
        if report.ssrc not in [stream.ssrc for stream in streams]:
            return
        round_trip_s = None
        if report.last_report:  # both are in 1/65536 s, of 32 bits
            passed = (ntp_at(now_s) >> 16) - report.last_report - report.since_report
            round_trip_s = (passed & 0xFFFFFFFF) / 65_536
            round_trip_s = round_trip_s if round_trip_s < 60.0 else None
        self.rate.on_report(report.lost_share, round_trip_s=round_trip_s, now_s=now_s)


def ntp_at(now_s: float) -> int:
    """Our NTP time, 32 bits of seconds and 32 of fraction."""
    return int((now_s + _NTP_BEGIN_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
