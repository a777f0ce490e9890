"""What one connection sends (core): media in, packets of the right moment out, and what is said of them.

Binds pacer, rate, repairs and RTP's streams together. The shell calls `pop` at `next_s` and after each push,
and gives every RTCP packet that comes to `on_rtcp`. Times are monotonic, also in what we tell the other side:
the NTP time of our reports is a count of our own, which RFC 3550 allows and no step of the date disturbs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge.video.media import VOICE_HZ, EncodedFrame, EncodedVoice, LinkNow, Track
from edge.video.transport import ccfb, rtcp, rtp, twcc
from edge.video.transport.pacer import Pacer
from edge.video.transport.picture_track import (
    HEADER_BYTES,
    Leaving,
    NegotiatedPicture,
    PictureTrack,
    begin_stream,
)
from edge.video.transport.rate import RateController
from edge.video.transport.retransmission import RepeatBudget, Repeats
from edge.video.transport.rtp import WIRE_BYTES, ExtensionIds

if TYPE_CHECKING:
    import random

LIFE_EVERY_S: Final = 0.2  # in an outage: a packet that means nothing, for the other side to tell of
LIFE_BYTES: Final = 100
OUT_S: Final = 1.0  # what is said to wait in an outage: nobody codes a picture for it
_NTP_BEGIN_S: Final = 3_000_000_000  # our count begins somewhere within NTP's era


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the two sides agreed on. A payload type of None: that stream is not wanted.

    `repair_types`: of RED and ULPFEC, for repairs in advance on the pictures' own streams.
    """

    voice_ssrc: int
    voice_type: int | None
    voice_ids: ExtensionIds
    pictures: Mapping[Track, NegotiatedPicture]
    repair_types: tuple[int, int] | None = None


class Outbound:
    """The sending side of one connection, from the moment it stands."""

    def __init__(self, agreed: Negotiated, *, rng: "random.Random", now_s: float) -> None:
        self.rate = RateController(now_s=now_s)
        self.bad_feedbacks = 0
        self._pacer: Pacer[Leaving] = Pacer(target_bps=self.rate.target_bps, now_s=now_s)
        self._voice = (
            None
            if agreed.voice_type is None
            else begin_stream(agreed.voice_ssrc, agreed.voice_type, VOICE_HZ, rng)
        )
        self._voice_ids = agreed.voice_ids
        budget = RepeatBudget(now_s=now_s)
        self._voice_repeats: Repeats[Leaving] = Repeats(budget)
        self._tracks: dict[Track, PictureTrack] = {
            name: PictureTrack(picture, repair_types=agreed.repair_types, budget=budget, rng=rng, now_s=now_s)
            for name, picture in agreed.pictures.items()
            if picture.payload_type is not None
        }
        self._transport_sequence = 0
        self._was_out = False
        self._next_life_s = 0.0
        self._departures = ccfb.Departures()

    def link(self) -> LinkNow:
        """What is known of the way up; in an outage, of how it will go on, and that nothing leaves."""
        return LinkNow(
            target_bps=self.rate.target_bps,
            round_trip_s=self.rate.round_trip_s,
            lost_share=self.rate.lost_share,
            queued_s=max(self._pacer.queued_s("low"), OUT_S if self.rate.is_out else 0.0),
            is_out=self.rate.is_out,
            repairs_share=max((track.repairs_share for track in self._tracks.values()), default=0.0),
            has_high="high" in self._tracks,
            high_queued_s=max(self._pacer.queued_s("high"), OUT_S if self.rate.is_out else 0.0),
        )

    def send_voice(self, voice: EncodedVoice, *, now_s: float) -> None:
        """Queue one packet; it leaves with the next `pop`. In an outage none goes: what the link keeps until
        it is back is played then, word by word, and what is said now waits behind it for many seconds.
        """
        if self._voice is None or (self.rate.is_out and self._looks_for_life):
            return
        timestamp = self._voice.timestamp(voice.pts, now_s=now_s)
        size_bytes = len(voice.data) + HEADER_BYTES + WIRE_BYTES
        leaving = Leaving(self._voice, voice.data, timestamp, False, self._voice_ids)
        self._pacer.push_voice(leaving, size_bytes=size_bytes)

    def send_picture(self, frame: EncodedFrame, *, now_s: float) -> None:
        """Queue one frame; it may be dropped, and then a keyframe is wished for. None goes in an outage."""
        track = self._tracks.get(frame.track)
        if track is None or self.rate.is_out:
            return
        packets, sizes_bytes = track.cut(frame, now_s=now_s)
        is_taken = self._pacer.push_frame(
            packets, sizes_bytes=sizes_bytes, is_key=frame.is_key, now_s=now_s, track=frame.track
        )
        if is_taken:
            track.taken()

    def pop(self, *, now_s: float) -> list[bytes]:
        """Return the RTP packets that leave now, in order; they count as sent."""
        if self.rate.next_check_s is not None and now_s >= self.rate.next_check_s:
            self.rate.on_tick(now_s=now_s)
        self._heed_outage()
        self._look_at_losses(now_s)
        self._look_for_room(now_s)
        self._look_for_life(now_s)
        self._pacer.set_target(self.rate.target_bps)
        self._pacer.set_room(self.rate.room_bytes)
        written = [self._write(leaving, now_s) for leaving in self._pacer.pop(now_s=now_s)]
        return [data for data in written if data is not None]

    def _heed_outage(self) -> None:
        """What was on the way is lost: afterwards the other side can only begin with a keyframe."""
        if self.rate.is_out and not self._was_out:
            self._pacer.begin_anew()
            self._voice_repeats.begin_anew()
        self._was_out = self.rate.is_out

    def _look_at_losses(self, now_s: float) -> None:
        if self.rate.is_out:
            return
        for track in self._tracks.values():
            track.look(self.rate.lost_share, round_trip_s=self.rate.round_trip_s, now_s=now_s)

    def _look_for_room(self, now_s: float) -> None:
        low = self._tracks.get("low")
        if low is None or not low.has_repeats or (train := self.rate.take_train(now_s=now_s)) is None:
            return
        one, size_bytes = low.padding(train.packet_bytes, train=train.number, now_s=now_s)
        self._pacer.push_train([one] * train.packets, size_bytes=size_bytes, rate_bps=train.rate_bps)

    @property
    def _looks_for_life(self) -> bool:
        """Whether there is a stream whose packets may mean nothing; otherwise voice finds the link again."""
        return "low" in self._tracks and self._tracks["low"].has_repeats

    def _look_for_life(self, now_s: float) -> None:
        if not self.rate.is_out or not self._looks_for_life or now_s < self._next_life_s:
            return
        one, size_bytes = self._tracks["low"].padding(LIFE_BYTES, train=None, now_s=now_s)
        self._pacer.push_train([one], size_bytes=size_bytes, rate_bps=self.rate.target_bps)
        self._next_life_s = now_s + LIFE_EVERY_S

    @property
    def next_s(self) -> float | None:
        """When to call `pop` again at the latest; None: after the next push or packet."""
        life_s = self._next_life_s if self.rate.is_out and self._looks_for_life else None
        times = [at_s for at_s in (self._pacer.next_s, self.rate.next_check_s, life_s) if at_s is not None]
        return min(times, default=None)

    def take_keyframe_wishes(self, *, now_s: float) -> list[Track]:
        """Return the tracks whose encoder should be asked for a keyframe now; seldom one, however often it is
        wished.
        """
        if self.rate.is_out:
            return []
        need = self._pacer.need_key
        return [
            name
            for name, track in self._tracks.items()
            if track.take_keyframe_wish(needs_key=name in need, now_s=now_s)
        ]

    def on_rtcp(self, data: bytes, *, now_s: float) -> None:
        """The other side's word of what we send. Never raises; what cannot be read is left out."""
        for packet in rtcp.split_compound(data):
            if packet.kind == rtcp.FEEDBACK_OF_TRANSPORT and packet.count in (twcc.FORMAT, ccfb.FORMAT):
                self._on_feedback(packet, now_s)
            elif packet.kind == rtcp.FEEDBACK_OF_TRANSPORT and packet.count == rtcp.NACK:
                self._on_nack(packet, now_s)
            elif (wanted := rtcp.read_keyframe_request(packet)) is not None:
                for track in self._tracks.values():
                    track.wants_key = track.wants_key or track.stream.ssrc == wanted
            elif (bps := rtcp.read_remb(packet)) is not None:
                self.rate.on_remb(bps, now_s=now_s)
            for report in rtcp.read_reports(packet):
                self._on_report(report, now_s)

    def fill_report(self, data: bytes, *, now_s: float) -> bytes | None:
        """Return aiortc's sender report (the first of a compound) with our numbers; None: send none."""
        ssrc = int.from_bytes(data[4:8])
        stream = next((known for known in self._streams if known.ssrc == ssrc), None)
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

    @property
    def _streams(self) -> list[rtp.Stream]:
        """Of which the other side makes reports."""
        voice = [] if self._voice is None else [self._voice]
        return voice + [track.stream for track in self._tracks.values()]

    def _write(self, leaving: Leaving, now_s: float) -> bytes | None:
        """Return the packet that leaves; None: a repair of what did not leave."""
        payload, payload_type = leaving.payload, None
        if leaving.track is not None:
            written = leaving.track.written(leaving)
            if written is None:
                return None
            payload, payload_type = written
        sequence = leaving.stream.next_sequence if leaving.sequence is None else leaving.sequence
        transport_sequence = self._transport_sequence
        self._transport_sequence = (transport_sequence + 1) & 0xFFFF
        data = rtp.write_packet(
            leaving.stream,
            payload,
            timestamp=leaving.timestamp,
            is_last=leaving.is_last,
            ids=leaving.ids,
            transport_sequence=transport_sequence,
            now_s=now_s,
            padding_bytes=leaving.padding_bytes,
            payload_type=payload_type,
            sequence=leaving.sequence,
        )
        self._departures.on_sent(leaving.stream.ssrc, sequence, transport_sequence)
        self.rate.on_sent(
            transport_sequence, size_bytes=len(data) + WIRE_BYTES, now_s=now_s, train=leaving.train
        )
        if leaving.track is not None:
            leaving.track.on_sent(leaving, data, sequence=sequence, now_s=now_s)
        elif leaving.stream is self._voice and leaving.sequence is None:
            size_bytes = len(data) + WIRE_BYTES
            self._voice_repeats.on_sent(sequence, leaving, size_bytes=size_bytes, now_s=now_s)
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
        if self._voice is not None and packet.media_ssrc == self._voice.ssrc:
            self._say_again(rtcp.read_nack(packet), now_s)
        for name, track in self._tracks.items():
            if packet.media_ssrc != track.stream.ssrc:
                continue
            again = track.ask(
                rtcp.read_nack(packet),
                target_bps=self.rate.target_bps,
                round_trip_s=self.rate.round_trip_s,
                now_s=now_s,
            )
            for leaving, size_bytes in again:
                self._pacer.push_repair(leaving, size_bytes=size_bytes, track=name)

    def _say_again(self, sequences: list[int], now_s: float) -> None:
        """Voice has no stream of repeats: a packet goes again as it was. It waits for nothing."""
        again = self._voice_repeats.ask(
            sequences, target_bps=self.rate.target_bps, round_trip_s=self.rate.round_trip_s, now_s=now_s
        )
        for sequence, leaving in again:
            size_bytes = len(leaving.payload) + HEADER_BYTES + WIRE_BYTES
            self._pacer.push_voice(replace(leaving, sequence=sequence), size_bytes=size_bytes)

    def _on_report(self, report: rtcp.Report, now_s: float) -> None:
        if report.ssrc not in [stream.ssrc for stream in self._streams]:
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
