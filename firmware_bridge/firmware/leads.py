"""Electrodes and probe as the host is told of them: what has been so for 200 ms, and again to each new
host.
"""

from firmware_bridge.firmware.board import Board

STABLE_US = 200_000


class LeadWatch:
    """The electrodes and the probe of one stream."""

    def __init__(self, stream_id: int) -> None:
        self._stream_id = stream_id
        self._seen = (0, 0)  # (mask, probe)
        self._since_us = 0
        self._told: tuple[int, int] | None = None
        self._greeting_count = 0  # of the host that was told

    def watch(self, board: Board, mask: int, probe: int, now_us: int) -> None:
        """Electrodes of `mask` are off (bit k: electrode k); `probe`: PROBE_ON, PROBE_OFF or PROBE_FAULT."""
        if self._seen != (mask, probe):
            self._seen, self._since_us = (mask, probe), now_us
        if not board.is_sampling or now_us - self._since_us < STABLE_US:
            return
        if self._told != self._seen or self._greeting_count != board.greeting_count:
            self._told, self._greeting_count = self._seen, board.greeting_count
            board.lead_state(self._stream_id, mask, probe, now_us)
