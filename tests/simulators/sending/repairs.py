"""What a browser makes of repairs in advance: lost packets, as soon as they can be reckoned (core)."""

from typing import Final

from edge.video.transport import ulpfec
from tests.simulators.sending.station import ULPFEC_TYPE

KEPT_MAX: Final = 48 * 4  # packets, as libwebrtc keeps them


class Repairs:
    """Of one stream."""

    def __init__(self, ssrc: int) -> None:
        self.recovered = 0
        self._ssrc = ssrc
        self._known: dict[int, bytes] = {}  # bare packets by sequence number
        self._waiting: list[bytes] = []  # repairs that lack more than one packet

    def on_packet(self, data: bytes, payload: bytes) -> list[bytes]:
        """A RED packet came; return what can now be recovered, bare."""
        if payload[0] == ULPFEC_TYPE:
            self._waiting = [*self._waiting[-15:], payload[1:]]
        elif (found := ulpfec.bare(data)) is not None:
            self._known[int.from_bytes(found[2:4])] = found
        recovered = []
        for repair in list(self._waiting):
            packet = ulpfec.recover(repair, self._known, ssrc=self._ssrc)
            if packet is not None:
                self._known[int.from_bytes(packet[2:4])] = packet
                recovered.append(packet)
                self._waiting.remove(repair)
        while len(self._known) > KEPT_MAX:
            del self._known[next(iter(self._known))]
        self.recovered += len(recovered)
        return recovered
