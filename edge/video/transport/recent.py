"""The least and the rate of the last seconds (core)."""

from collections import deque


class LeastOf:
    """The least of the samples of the last `window_s`, kept by the second."""

    def __init__(self, *, window_s: float) -> None:
        self._window_s = window_s
        self._seconds: deque[tuple[int, float]] = deque()

    def above(self, sample: float, now_s: float) -> float:
        """Take a sample in; return how far it lies above the least."""
        second = int(now_s)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, min(self._seconds[-1][1], sample))
        else:
            self._seconds.append((second, sample))
        while self._seconds[0][0] < now_s - self._window_s:
            self._seconds.popleft()
        return sample - min(least for _, least in self._seconds)

    @property
    def least(self) -> float | None:
        """Of the samples of the window, as of the last one."""
        return min((least for _, least in self._seconds), default=None)

    def spread(self, seconds: int, *, now_s: float) -> float | None:
        """How far the least of each of the last whole seconds differ; None: one of them had no sample."""
        begins, ends = int(now_s) - seconds, int(now_s)
        leasts = [least for second, least in self._seconds if begins <= second < ends]
        return max(leasts) - min(leasts) if len(leasts) == seconds else None

    def forget_before(self, at_s: float) -> None:
        """Forget the samples of the seconds before."""
        while self._seconds and self._seconds[0][0] < int(at_s):
            self._seconds.popleft()

    def clear(self) -> None:
        """Forget all."""
        self._seconds.clear()


class RateOf:
    """Bits a second over the last `window_s`, by the times at which the bytes passed one point."""

    def __init__(self, *, window_s: float) -> None:
        self._window_s = window_s
        self._passed: deque[tuple[float, int]] = deque()
        self._bytes = 0

    def add(self, at_s: float, size_bytes: int) -> None:
        """So many bytes passed. Times may step back a little."""
        if self._passed and not -1.0 < at_s - self._passed[-1][0] < 60.0:
            self.clear()  # another clock
        self._passed.append((at_s, size_bytes))
        self._bytes += size_bytes
        self._forget(at_s)

    def bps(self, now_s: float | None = None) -> float | None:
        """Return the rate up to `now_s`, or up to the last byte; None while there is too little to say."""
        if now_s is not None:
            self._forget(now_s)
        if len(self._passed) < 3:
            return None
        (first_s, first_bytes), (last_s, _) = self._passed[0], self._passed[-1]
        span_s = (last_s if now_s is None else now_s) - first_s
        if span_s < self._window_s / 4:
            return None
        return (self._bytes - first_bytes) * 8 / span_s

    def clear(self) -> None:
        """Forget all."""
        self._passed.clear()
        self._bytes = 0

    def _forget(self, now_s: float) -> None:
        while self._passed and self._passed[0][0] < now_s - self._window_s:
            self._bytes -= self._passed.popleft()[1]
