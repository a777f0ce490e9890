"""Runs a button of the box itself: opened, read, opened again when it went."""

import asyncio
import contextlib
import logging
import select
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from firmware_bridge.contacts.contact import NEVER_S, Contact, Edge
from firmware_bridge.errors import PortError
from firmware_bridge.events import ButtonFault, Event, PortMissing, PortProblem
from firmware_bridge.port import explain, problem_of

log = logging.getLogger(__name__)

REOPEN_EVERY_S: Final = 0.5


class OpenContact(Protocol):
    """A contact that is open: GpioContact, InputContact."""

    def __enter__(self) -> "OpenContact": ...
    def __exit__(self, *_: object) -> None: ...
    def fileno(self) -> int: ...
    @property
    def is_down(self) -> bool: ...
    def edges(self) -> list[Edge]: ...


class BoxButton:
    """The button at `place`, opened by `opener(place)`. `on_event` is called in the loop's thread for
    presses, releases, a stuck button, and how the place is; it must not block."""

    def __init__(
        self,
        place: str,
        opener: Callable[[str], OpenContact],
        on_event: Callable[[Event], None],
        *,
        boot: int,
        last_presses: Mapping[bytes, tuple[int, int]],
        boottime_s: Callable[[], float],
    ) -> None:
        self.place = place
        self._opener, self._on_event, self._boottime_s = opener, on_event, boottime_s
        self._contact = Contact(place, boot=boot, last_presses=last_presses)
        self._problem: PortProblem | None = None

    async def run(self) -> None:
        """Serve until cancelled. Raises nothing for what the button or its wire does."""
        while True:
            try:
                with self._opener(self.place) as opened:
                    self._problem = None
                    await self._serve(opened)
            except OSError as error:  # it may go at any moment, also while its level is read
                self._tell_missing(error if isinstance(error, PortError) else explain(self.place, error))
            await asyncio.sleep(REOPEN_EVERY_S)

    async def _serve(self, opened: OpenContact) -> None:
        readable = asyncio.Event()
        loop, fd = asyncio.get_running_loop(), opened.fileno()
        loop.add_reader(fd, readable.set)
        try:
            now_s = self._boottime_s()
            self._on_event(ButtonFault(self._contact.uid, None, round(now_s * 1e6)))  # it can be read
            self._tell(self._contact.opened(is_down=opened.is_down, now_s=now_s))
            while True:
                wait_s = self._contact.next_wake_s - self._boottime_s()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(None if wait_s == NEVER_S else max(wait_s, 0.0)):
                        await readable.wait()
                readable.clear()
                now_s = self._boottime_s()
                if select.select([fd], [], [], 0)[0]:  # else reading would wait for the next edge
                    for edge in opened.edges():
                        self._tell(self._contact.on_edge(edge, now_s=self._boottime_s()))
                self._tell(self._contact.tick(now_s=now_s))  # a loop that was late first reads what it missed
        finally:
            loop.remove_reader(fd)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self._on_event(event)

    def _tell_missing(self, error: PortError) -> None:
        problem = problem_of(error)
        if problem is self._problem:
            return
        self._problem = problem
        log.warning("call button: %s", error)
        now_us = round(self._boottime_s() * 1_000_000)
        self._on_event(PortMissing(self.place, problem, error.problem, error.remedy, now_us))
