"""How a browser plays the voice that comes, and how much of it it has to make up (core).

As NetEq does: a packet that comes too late is waited for by stretching what was said, from then on everything
is played later; what is later than nearly all packets need is slowly taken back.
"""

from collections import deque
from typing import Final

WINDOW_S: Final = 10.0
SHARE: Final = 0.95  # of the packets of the window that need no stretching
TAKEN_BACK: Final = 0.05  # of the time
LATE_MAX_S: Final = 1.0  # later packets are not waited for


class Hearing:
    """Of one voice. `lasts_s` of a packet is how long it sounds."""

    def __init__(self) -> None:
        self.made_up_s = 0.0
        self._highest = -1
        self._offset_s: float | None = None  # from when it was said to when it is played
        self._delays: deque[tuple[float, float]] = deque()

    def on_packet(
        self, sequence: int, *, said_s: float, lasts_s: float, has_fec: bool, gap_s: float, now_s: float
    ) -> None:
        """A packet came; `gap_s` is what of its timestamps is missing since the one before, if any."""
        if sequence <= self._highest:
            return
        missing = sequence - self._highest - 1 if self._highest >= 0 else 0
        self._highest = sequence
        if missing and has_fec:
            missing -= 1  # the next packet has it in itself
        if missing:
            self.made_up_s += min(gap_s, missing * lasts_s)
        delay_s = now_s - said_s
        self._delays.append((now_s, delay_s))
        while self._delays[0][0] < now_s - WINDOW_S:
            self._delays.popleft()
        if self._offset_s is None:
            self._offset_s = delay_s + 0.04
        late_s = delay_s - self._offset_s
        if late_s > LATE_MAX_S:
            self.made_up_s += lasts_s
        elif late_s > 0:
            self.made_up_s += late_s
            self._offset_s = delay_s
        delays = sorted(delay for _, delay in self._delays)
        needed_s = delays[int(SHARE * (len(delays) - 1))] + 0.01
        if self._offset_s > needed_s:
            self._offset_s = max(needed_s, self._offset_s - TAKEN_BACK * lasts_s)
