"""`edge video` as a child of `edge vitals` (shell): starts with a call, again when it dies, ends after it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

log = logging.getLogger(__name__)

PAUSE_FIRST_S: Final = 0.5  # before it is started again; twice as long after each that died young
PAUSE_MAX_S: Final = 5.0  # the call is back within that
YOUNG_S: Final = 30.0  # one that lived so long has not died of how the box is
FIND_AGAIN_S: Final = 2.0  # for one that outlived an earlier `edge vitals` to come to us
TERM_S: Final = 3.0  # from SIGTERM to SIGKILL


def pause_s(deaths: int) -> float:
    """Return how long to wait after so many young deaths in a row, from 1 on."""
    return min(PAUSE_MAX_S, PAUSE_FIRST_S * 2.0 ** min(deaths - 1, 16))


class VideoProcess:
    """One child at most. `run` until cancelled, which ends the child too.

    `is_wanted`: a call is open. `has_other`: one that is not our child serves it. Say `wake` when either may
    have changed. `on_ended` is called after each end of a child, with why.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        is_wanted: Callable[[], bool],
        has_other: Callable[[], bool],
        on_ended: Callable[[str], None],
    ) -> None:
        self._command = command
        self._is_wanted, self._has_other, self._on_ended = is_wanted, has_other, on_ended
        self._process: asyncio.subprocess.Process | None = None
        self._changed = asyncio.Event()
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return None if self._process is None else self._process.pid

    def wake(self) -> None:
        """What `is_wanted` or `has_other` say may have changed."""
        self._changed.set()

    def kill(self) -> None:
        """End the child at once; it is started again if it is wanted."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def run(self) -> None:
        """Keep the child as it should be."""
        if self._is_wanted():  # `edge vitals` began anew in the midst of a call
            await self._until(lambda: self._has_other() or not self._is_wanted(), timeout_s=FIND_AGAIN_S)
        deaths = 0
        while True:
            await self._until(lambda: self._is_wanted() and not self._has_other())
            lived_s = await self._live()
            if lived_s is None:  # its call was over
                deaths = 0
                continue
            deaths = 1 if lived_s >= YOUNG_S else deaths + 1
            await self._until(lambda: not self._is_wanted(), timeout_s=pause_s(deaths))

    async def _until(self, is_so: Callable[[], bool], *, timeout_s: float | None = None) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass

    async def _live(self) -> float | None:
        """Start the child and return when it has ended: how long it lived, None when we ended it."""
        began_s = time.monotonic()
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            log.error("`edge video` cannot be started: %s", error)
            self._on_ended("picture and voice cannot be started at the station")
            return 0.0
        self.starts += 1
        ended = asyncio.create_task(process.wait(), name="edge video ends")
        unwanted = asyncio.create_task(self._until(lambda: not self._is_wanted()), name="no call is open")
        try:
            await asyncio.wait({ended, unwanted}, return_when=asyncio.FIRST_COMPLETED)
            was_wanted = self._is_wanted()
        finally:
            unwanted.cancel()
            await _end(process, ended)
            self._process = None
        lived_s = time.monotonic() - began_s
        if was_wanted:
            log.warning(
                "`edge video` ended after %.1f s (%d); starting it again", lived_s, process.returncode
            )
        self._on_ended("picture and voice ended at the station; they start again" if was_wanted else "")
        return lived_s if was_wanted else None


async def _end(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    if process.returncode is None and not ended.done():
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait({ended}, timeout=TERM_S)
        if not ended.done():
            log.warning("`edge video` does not end; killing it")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    await ended
