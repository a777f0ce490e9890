"""Tries the devices for the self-test, in a process of its own that may be killed at any moment: a call finds
them free.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from typing import Final

from edge.call.video_messages import DevicesTried
from edge.health.self_test import findings_from

log = logging.getLogger(__name__)

LIMIT_S: Final = 30.0  # loading the libraries on a slow board, three pictures and two seconds of tone


class Trial:
    """One at a time, by `command`, which prints its findings as JSON; `on_tried` gets what came of it. All
    methods on the loop.
    """

    def __init__(self, command: Sequence[str], *, on_tried: Callable[[DevicesTried], object]) -> None:
        self._command, self._on_tried = tuple(command), on_tried
        self._running: set[asyncio.Task[None]] = set()  # all but the last are letting go

    def start(self) -> None:
        """Try them, from the beginning."""
        self.stop()
        task = asyncio.create_task(self._run(frozenset(self._running)), name="trial of the devices")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def stop(self) -> None:
        """Let go of them: nobody wants to know any more. Nothing is said then."""
        for task in self._running:
            task.cancel()

    async def end(self) -> None:
        """Stop, and wait until the devices are free."""
        self.stop()
        if self._running:
            await asyncio.wait(self._running)

    async def _run(self, before: frozenset[asyncio.Task[None]]) -> None:
        if before:  # one of them may still have the camera
            await asyncio.wait(before)
        try:
            child = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
            )
        except OSError as error:
            self._on_tried(DevicesTried(text=f"they cannot be tried: {error.strerror}"))
            return
        try:
            async with asyncio.timeout(LIMIT_S):
                said, _ = await child.communicate()
            self._on_tried(DevicesTried(findings=tuple(findings_from(json.loads(said)))))
        except TimeoutError:
            self._on_tried(DevicesTried(text=f"one of them has not answered within {LIMIT_S:.0f} s"))
        except ValueError:
            text = f"the trial ended with {child.returncode}; the log of `edge video` has why"
            self._on_tried(DevicesTried(text=text))
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await asyncio.shield(child.wait())
