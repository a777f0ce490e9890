"""What waits to be sent to one page (core: sending is the socket's matter)."""

from collections import deque
from collections.abc import Callable
from typing import Final

from contract.ids import CallId
from hub.rooms.direct import PHOTOS_MAX
from hub.rooms.page_messages import ToPage

# A page that does not read for so long has gone; it joins again. All photographs are told at one join.
WAITING_MAX: Final = PHOTOS_MAX + 64
REFUSED_MAX: Final = 20  # messages that cannot be used, of one socket
MESSAGES_PER_S: Final = 20.0
MESSAGES_BURST: Final = 100


class PageLine:
    """One socket. `is_over`: send what waits, then close it."""

    def __init__(self, call_id: CallId, operator: str, *, wake: Callable[[], None], now_s: float) -> None:
        self.call_id, self.operator = call_id, operator
        self.page: str | None = None  # once it has joined
        self.refused_count = 0
        self.is_over = False
        self._waiting: deque[ToPage] = deque()
        self._wake = wake
        self._credit, self._credit_s = float(MESSAGES_BURST), now_s

    def send(self, message: ToPage) -> None:
        """Queue a message."""
        if not self.is_over:
            self._waiting.append(message)
            self.is_over = len(self._waiting) > WAITING_MAX
        self._wake()

    def take(self) -> ToPage | None:
        """Return the next message, None when nothing waits."""
        return self._waiting.popleft() if self._waiting else None

    def end(self, message: ToPage) -> None:
        """Send this, and no more."""
        self.send(message)
        self.is_over = True

    def drop(self) -> None:
        """The page speaks by another socket now: close this one without a word."""
        self._waiting.clear()
        self.is_over = True
        self._wake()

    def refuse(self, why: str) -> None:
        """Tell the page that it said something that cannot be used; one that goes on with it is closed."""
        self.refused_count += 1
        message: ToPage = {"type": "refused", "text": why}
        if self.refused_count >= REFUSED_MAX:
            self.end(message)
        else:
            self.send(message)

    def may_speak(self, *, now_s: float) -> bool:
        """Whether the page says no more than a page has to say."""
        earned = (now_s - self._credit_s) * MESSAGES_PER_S
        self._credit, self._credit_s = min(MESSAGES_BURST, self._credit + earned) - 1.0, now_s
        return self._credit >= 0.0
