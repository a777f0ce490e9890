"""What `edge vitals` tells its supervisor: ready when it works, alive while work is done.

The one clock of it is the work: a turn of the loop that cuts and stores, and behind it a turn of the uplink.
Nothing here sends on a timer, but for `during`, which has an end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from edge.capture.cuts import Cut
from edge.spool.spool_service import SpoolThread
from edge.uplink.uplink_service import Uplink
from supervisor.notify import Supervisor

T = TypeVar("T")

LONG_MAX_S: Final = 900.0  # opening a spool: a card that takes longer gives nothing any more
MORE_S: Final = 30.0  # asked for at a time
ASK_EVERY_S: Final = 5.0
UPLINK_MAX_S: Final = 20.0  # between two turns that were asked for; each waits for the card at most


class LifeSigns:
    """All methods on the loop. `now_s` is monotonic."""

    def __init__(self, supervisor: Supervisor, *, now_s: Callable[[], float]) -> None:
        self._supervisor, self._now_s = supervisor, now_s
        self._is_ready = False
        self._uplink_turns, self._uplink_s = -1, now_s()

    async def during(self, work: Awaitable[T], *, limit_s: float = LONG_MAX_S) -> T:
        """Return what `work` returns: something that may take long, such as a big spool that is opened. For
        `limit_s` it may; then the supervisor's patience counts again.
        """
        task = asyncio.ensure_future(work)
        began_s = self._now_s()
        try:
            while not task.done():
                if self._now_s() - began_s < limit_s:
                    self._supervisor.ask_for_time(MORE_S)
                    self._supervisor.say_alive()
                await asyncio.wait({task}, timeout=ASK_EVERY_S)
            return await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def on_cuts(self, cuts: Sequence[Cut], uplink: Uplink, spool: SpoolThread) -> None:
        """What was cut is stored, or waits for a card that is full."""
        status = status_line(
            has_samples=any(cut.chunks for cut in cuts),
            is_connected=uplink.link.connected_since_s is not None,
            trouble=spool.problem,
        )
        self.on_turn(status, uplink_turns=uplink.turns)
        uplink.add(())  # asks for a turn, whether there is anything to send or not

    def on_turn(self, status: str, *, uplink_turns: int) -> None:
        """A turn of capture is over: what there was is cut, coded and stored. `uplink_turns`: so far; the
        uplink was asked for one more.
        """
        if uplink_turns != self._uplink_turns:
            self._uplink_turns, self._uplink_s = uplink_turns, self._now_s()
        if not self._is_ready:
            self._is_ready = self._supervisor.say_ready(status)
        self._supervisor.say_status(status)
        if self._now_s() - self._uplink_s < UPLINK_MAX_S:
            self._supervisor.say_alive()

    def on_end(self) -> None:
        """The process ends, and not only this spool."""
        self._supervisor.say_stopping()


def status_line(*, has_samples: bool, is_connected: bool, trouble: str | None) -> str:
    """Return how the box is in a line, for `systemctl status`. `trouble`: why nothing can be stored."""
    capture = "samples come" if has_samples else "no device sends samples"
    link = "the hub has us" if is_connected else "the hub is away, all is kept"
    return f"{capture}; {link}" if trouble is None else f"nothing can be stored: {trouble}; {link}"
