"""What was sent of the picture in the last seconds (core)."""

from collections import deque
from typing import Final

WINDOW_S: Final = 4.0
FORGOTTEN_S: Final = 12.0  # a still leaves every three seconds, or ten where it was large


class Tally:
    """Frames as they were handed to the transport. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, int]] = deque()
        self._begun_s: float | None = None
        self._last: tuple[float, tuple[int, int]] | None = None

    def add(self, size: tuple[int, int], size_bytes: int, *, now_s: float) -> None:
        """A frame of `size` (width, height) was coded to so much."""
        self._begun_s = now_s if self._begun_s is None else self._begun_s
        self._frames.append((now_s, size_bytes))
        self._last = now_s, size
        self._forget(now_s)

    def size(self, *, now_s: float) -> tuple[int, int]:
        """Return width and height of the last frame; (0, 0): there was none for long."""
        return (0, 0) if self._last is None or now_s - self._last[0] > FORGOTTEN_S else self._last[1]

    def fps(self, *, now_s: float) -> float:
        """Return frames a second."""
        self._forget(now_s)
        return len(self._frames) / self._span_s(now_s)

    def bps(self, *, now_s: float) -> int:
        """Return coded bits a second, without headers."""
        self._forget(now_s)
        return round(sum(size_bytes for _, size_bytes in self._frames) * 8 / self._span_s(now_s))

    def _forget(self, now_s: float) -> None:
        while self._frames and now_s - self._frames[0][0] >= WINDOW_S:
            self._frames.popleft()

    def _span_s(self, now_s: float) -> float:
        """What has just begun is no slower for it."""
        begun_s = now_s if self._begun_s is None else self._begun_s
        return min(WINDOW_S, max(1.0, now_s - begun_s))
