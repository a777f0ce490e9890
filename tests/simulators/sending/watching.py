"""One track as a browser receives it, and which of two a page shows (core)."""

from collections.abc import Callable
from typing import Final

from edge.video.transport import rtcp
from tests.simulators.sending.repairs import Repairs
from tests.simulators.sending.seeing import Seeing, piece_of
from tests.simulators.sending.station import RED_TYPE, ULPFEC_TYPE

OWN_SSRC: Final = 77
HEADER_BYTES: Final = 24  # with both extensions
STILL_S: Final = 0.3  # as web/tracks.js
STEADY_S: Final = 0.6


class Watching:
    """Takes the packets of one stream; `say` sends what it asks for."""

    def __init__(self, ssrc: int, *, say: Callable[[bytes], None], now_s: float) -> None:
        self.seeing = Seeing(now_s=now_s)
        self.repair_count = 0
        self._ssrc, self._say = ssrc, say
        self._repairs = Repairs(ssrc)
        self._highest: int | None = None

    def on_packet(self, number: int, data: bytes, payload: bytes, *, is_last: bool, now_s: float) -> None:
        """One of the stream itself came."""
        if data[1] & 0x7F != RED_TYPE:
            self.see(number, payload, is_last=is_last, now_s=now_s)
            return
        if payload[0] == ULPFEC_TYPE:
            self.repair_count += 1
            self._ask(self.seeing.on_packet(self._count(number), None, now_s=now_s))
        else:
            self.see(number, payload[1:], is_last=is_last, now_s=now_s)
        for packet in self._repairs.on_packet(data, payload):
            recovered = piece_of(packet[HEADER_BYTES:], is_last=bool(packet[1] & 0x80))
            sequence = self._count(int.from_bytes(packet[2:4]))
            self.seeing.on_packet(sequence, recovered, now_s=now_s, is_recovered=True)

    def see(self, number: int, payload: bytes, *, is_last: bool, now_s: float) -> None:
        """A packet came, or came again."""
        piece = piece_of(payload, is_last=is_last)
        self._ask(self.seeing.on_packet(self._count(number), piece, now_s=now_s))

    def look(self, *, now_s: float) -> None:
        """Ask for what is missing."""
        self._ask(self.seeing.ask_again(now_s=now_s))
        if self.seeing.wishes_key(now_s=now_s):
            ssrcs = OWN_SSRC.to_bytes(4) + self._ssrc.to_bytes(4)
            self._say(rtcp.write_packet(rtcp.FEEDBACK_OF_PAYLOAD, rtcp.PLI, ssrcs))

    def _ask(self, sequences: list[int]) -> None:
        if sequences:
            asked = b"".join((sequence & 0xFFFF).to_bytes(2) + b"\0\0" for sequence in sequences[:100])
            ssrcs = OWN_SSRC.to_bytes(4) + self._ssrc.to_bytes(4)
            self._say(rtcp.write_packet(rtcp.FEEDBACK_OF_TRANSPORT, rtcp.NACK, ssrcs + asked))

    def _count(self, number: int) -> int:
        counted = unwrapped(number, number if self._highest is None else self._highest)
        self._highest = counted if self._highest is None else max(self._highest, counted)
        return counted


def shown_s(low_s: list[float], high_s: list[float]) -> list[float]:
    """Return when a picture was shown, of two tracks whose pictures were decoded then."""
    found: list[float] = []
    is_high, since_s, last_s = False, None, -STILL_S
    for at_s, is_of_high in sorted([(at_s, False) for at_s in low_s] + [(at_s, True) for at_s in high_s]):
        if is_of_high:
            since_s = at_s if since_s is None or at_s - last_s > STILL_S else since_s
            last_s = at_s
            is_high = is_high or at_s - since_s >= STEADY_S
        elif at_s - last_s > STILL_S:
            is_high = False
        if is_of_high == is_high:
            found.append(at_s)
    return found


def unwrapped(number: int, near: int) -> int:
    """Return a number of 16 bits as one that is counted on."""
    return near + ((number - near + 0x8000) & 0xFFFF) - 0x8000
