"""When a track's next frame is a keyframe, and which of the camera's frames it takes at all (core)."""

from typing import Final

KEY_PAUSE_S: Final = 1.0  # between two keyframes, and at least two round trips


class Keys:
    """Keyframes of one track. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._asked_s: float | None = None

    def want(self, *, round_trip_s: float, now_s: float) -> None:
        """The other side cannot go on without one. It gets one when the pause is over.

        Who asked within a round trip of the last keyframe cannot have seen it yet, and asks again if it is
        lost; so that asks for nothing.
        """
        if self._last_s is None or now_s - self._last_s > round_trip_s:
            self._asked_s = now_s

    def is_due(self, *, round_trip_s: float, now_s: float) -> bool:
        """Whether the frame of now should be one."""
        if self._asked_s is None:
            return False
        return self._last_s is None or now_s - self._last_s >= max(KEY_PAUSE_S, 2 * round_trip_s)

    def sent(self, *, now_s: float) -> None:
        """One was sent."""
        self._last_s, self._asked_s = now_s, None


class Beat:
    """Which frames of the camera are taken. Its frames come when they come: one that is nearly due is taken,
    lest a slower rate come out."""

    def __init__(self) -> None:
        self._due_s = 0.0

    def is_due(self, *, now_s: float) -> bool:
        """Whether a still is due, of those that `rest` spaces."""
        return now_s >= self._due_s

    def rest(self, until_s: float) -> None:
        """Take none until then; a moving picture goes on sooner."""
        self._due_s = until_s

    def takes(self, fps: int, *, now_s: float) -> bool:
        """Whether the frame of now is taken, of `fps` a second."""
        due_s = min(self._due_s, now_s + 1.25 / fps)  # that of a still is seconds away
        is_taken = now_s >= due_s - 0.25 / fps
        self._due_s = max(due_s, now_s - 0.5 / fps) + 1 / fps if is_taken else due_s
        return is_taken
