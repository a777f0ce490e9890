"""One track of the picture on its way out (core): cut into packets, repaired in advance, sent again.

A track is a stream of its own, with its own stream of repeats; what is lost of one is no loss of the other.
Sources: RFC 7741 (VP8), RFC 4588 (repeats), RFC 2198 and RFC 5109 (RED and ULPFEC).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.video.media import VIDEO_HZ, EncodedFrame
from edge.video.transport import rtp, ulpfec
from edge.video.transport.redundancy import Redundancy
from edge.video.transport.retransmission import RepeatBudget, Repeats
from edge.video.transport.rtp import WIRE_BYTES, ExtensionIds, Stream

if TYPE_CHECKING:
    import random

HEADER_BYTES: Final = 24  # of RTP with both extensions
PADDING_MAX_BYTES: Final = 224  # of one packet; RTP counts them in a byte
KEYFRAME_EVERY_S: Final = 0.3  # a storm of requests is one request


@dataclass(frozen=True, slots=True)
class NegotiatedPicture:
    """What the two sides agreed on for one track. A payload type of None: it is not wanted."""

    ssrc: int
    payload_type: int | None
    ids: ExtensionIds
    repair_ssrc: int
    repair_type: int | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """A packet before its departure; its numbers are written when it leaves."""

    stream: Stream
    payload: bytes
    timestamp: int
    is_last: bool
    ids: ExtensionIds
    track: "PictureTrack | None" = None
    begins_key: bool = False
    padding_bytes: int = 0
    train: int | None = None  # of padding, its number
    is_red: bool = False  # it goes within RED, and repairs cover it
    repair: tuple[int, int] | None = None  # in advance, written when it leaves: its number, of how many
    sequence: int | None = None  # of a voice packet that goes again, as it was


def begin_stream(ssrc: int, payload_type: int, clock_hz: int, rng: "random.Random") -> Stream:
    """Return a stream that has sent nothing. Its numbers begin in their lower half: a wrap at the start would
    confuse SRTP.
    """
    return Stream(ssrc, payload_type, clock_hz, rng.randrange(1 << 15), rng.randrange(1 << 32))


class PictureTrack:
    """One track. `payload_type` of `agreed` must be given. `repair_types`: of RED and ULPFEC; None: nothing
    is repaired in advance.
    """

    def __init__(
        self,
        agreed: NegotiatedPicture,
        *,
        repair_types: tuple[int, int] | None,
        budget: RepeatBudget,
        rng: "random.Random",
        now_s: float,
    ) -> None:
        if agreed.payload_type is None:
            raise ValueError("a track that is not wanted is not sent")
        self.stream = begin_stream(agreed.ssrc, agreed.payload_type, VIDEO_HZ, rng)
        self.wants_key = False
        self._repair = (
            None
            if agreed.repair_type is None
            else begin_stream(agreed.repair_ssrc, agreed.repair_type, VIDEO_HZ, rng)
        )
        self._ids, self._repair_types = agreed.ids, repair_types
        self._repeats: Repeats[Leaving] = Repeats(budget)
        self._redundancy = Redundancy(now_s=now_s)
        self._picture_id = rng.randrange(1 << 15)
        self._key_wished_s = now_s - KEYFRAME_EVERY_S

    @property
    def repairs_share(self) -> float:
        """What goes beside each packet of the picture, in advance of its loss (0 … 0.2)."""
        return self._redundancy.share

    def look(self, lost_share: float, *, round_trip_s: float | None, now_s: float) -> None:
        """What is known of the way now."""
        if self._repair_types is not None:
            self._redundancy.look(lost_share, round_trip_s=round_trip_s, now_s=now_s)

    def cut(self, frame: EncodedFrame, *, now_s: float) -> tuple[list[Leaving], list[int]]:
        """Return a frame's packets and what each takes on the wire."""
        timestamp = self.stream.timestamp(frame.pts, now_s=now_s)
        payloads = rtp.cut_vp8(frame.data, picture_id=self._picture_id, packet_bytes=frame.packet_bytes)
        packets: list[Leaving] = []
        sizes_bytes: list[int] = []
        for index, payload in enumerate(payloads):
            is_last = index == len(payloads) - 1
            is_red = self._redundancy.is_on
            packets.append(
                Leaving(
                    self.stream,
                    payload,
                    timestamp,
                    is_last,
                    self._ids,
                    self,
                    begins_key=frame.is_key and not index,
                    is_red=is_red,
                )
            )
            sizes_bytes.append(len(payload) + is_red + HEADER_BYTES + WIRE_BYTES)
            count = self._redundancy.repairs_after(is_last=is_last, is_key=frame.is_key)
            packets += [
                Leaving(self.stream, b"", timestamp, False, self._ids, self, repair=(number, count))
                for number in range(count)
            ]
            # a frame's packets are about equal
            sizes_bytes += [sizes_bytes[0] + ulpfec.OVERHEAD_BYTES] * count
        return packets, sizes_bytes

    def taken(self) -> None:
        """The frame that was cut last is on its way."""
        self._picture_id = (self._picture_id + 1) & 0x7FFF

    @property
    def has_repeats(self) -> bool:
        """Whether there is a stream for them."""
        return self._repair is not None

    def padding(self, size_bytes: int, *, train: int | None, now_s: float) -> tuple[Leaving, int]:
        """Return a packet of about `size_bytes` that means nothing, and what it takes on the wire.

        It goes on the stream of repeats, whose packets without payload are nothing's repeat (RFC 4588).
        """
        if self._repair is None:
            raise ValueError("no stream of repeats")
        padding_bytes = min(PADDING_MAX_BYTES, size_bytes - HEADER_BYTES - WIRE_BYTES)
        timestamp = self.stream.timestamp_at(now_s) or 0
        one = Leaving(
            self._repair, b"", timestamp, False, self._ids, padding_bytes=padding_bytes, train=train
        )
        return one, padding_bytes + HEADER_BYTES + WIRE_BYTES

    def written(self, leaving: Leaving) -> tuple[bytes, int | None] | None:
        """Return the payload of a packet that leaves and its type, where it is not the stream's; None: a
        repair of what did not leave.
        """
        if self._repair_types is None or not (leaving.is_red or leaving.repair):
            return leaving.payload, None
        red_type, ulpfec_type = self._repair_types
        if leaving.repair is None:
            return ulpfec.write_red(leaving.payload, self.stream.payload_type), red_type
        repair = self._redundancy.repair(*leaving.repair)
        return None if repair is None else (ulpfec.write_red(repair, ulpfec_type), red_type)

    def on_sent(self, leaving: Leaving, data: bytes, *, sequence: int, now_s: float) -> None:
        """A packet of this track left."""
        if leaving.is_red:
            self._redundancy.on_sent(data)
        if leaving.repair is None:
            if leaving.begins_key:
                self._repeats.begin_anew()
            self._repeats.on_sent(sequence, leaving, size_bytes=len(data) + WIRE_BYTES, now_s=now_s)

    def ask(
        self, sequences: Sequence[int], *, target_bps: int, round_trip_s: float | None, now_s: float
    ) -> list[tuple[Leaving, int]]:
        """Return what goes again of the packets that are asked for, each with its bytes on the wire."""
        if self._repair is None:
            return []
        again = self._repeats.ask(sequences, target_bps=target_bps, round_trip_s=round_trip_s, now_s=now_s)
        self.wants_key = self.wants_key or self._repeats.is_hopeless
        payloads = [(rtp.wrap_again(sent.payload, sequence), sent) for sequence, sent in again]
        return [
            (
                Leaving(self._repair, payload, sent.timestamp, sent.is_last, self._ids),
                len(payload) + HEADER_BYTES + WIRE_BYTES,
            )
            for payload, sent in payloads
        ]

    def take_keyframe_wish(self, *, needs_key: bool, now_s: float) -> bool:
        """Whether the encoder should be asked for a keyframe now; seldom true however often it is wished."""
        if not (self.wants_key or needs_key) or now_s - self._key_wished_s < KEYFRAME_EVERY_S:
            return False
        self.wants_key, self._key_wished_s = False, now_s
        return True
