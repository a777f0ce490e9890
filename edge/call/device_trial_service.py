"""Camera, sound and printer tried by `edge video`, which alone may open them: asked here, and taken back."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from edge.call.video_messages import DevicesTried, ToVideo, TryDevices
from edge.errors import VideoLinkError
from edge.health.report import Finding

LIMIT_S: Final = 90.0  # it loads its libraries, and the trial the same again, on a slow board


class DeviceTrial:
    """One at a time. All methods on the loop. `tell` says it to the `edge video` that is there; `wake` has
    one be there while `is_on`.
    """

    def __init__(self, *, tell: Callable[[Sequence[ToVideo]], None], wake: Callable[[], None]) -> None:
        self._tell, self._wake = tell, wake
        self._found: asyncio.Future[list[Finding]] | None = None

    @property
    def is_on(self) -> bool:
        """Whether `edge video` is wanted for it."""
        return self._found is not None

    async def run(self) -> list[Finding]:
        """Return what was found. Cancelled, it lets go of the devices. Raises VideoLinkError: why nobody
        could try them.
        """
        found: asyncio.Future[list[Finding]] = asyncio.get_running_loop().create_future()
        self._found = found
        self._tell(self.greeting())
        self._wake()
        try:
            async with asyncio.timeout(LIMIT_S):
                return await found
        except TimeoutError:
            raise VideoLinkError(f"`edge video` has not answered within {LIMIT_S:.0f} s") from None
        finally:
            self._found = None
            self._tell([TryDevices(is_wanted=False)])
            self._wake()

    def greeting(self) -> list[TryDevices]:
        """Return what an `edge video` that has just come is told."""
        return [TryDevices()] if self.is_on else []

    def on_tried(self, said: DevicesTried) -> None:
        """`edge video` has tried them, or says why it could not."""
        if self._found is None or self._found.done():
            return
        if said.text:
            self._found.set_exception(VideoLinkError(said.text))
        else:
            self._found.set_result(list(said.findings))

    def on_ended(self, why: str) -> None:
        """An `edge video` has ended, or cannot be started; `why` empty: nobody wanted it any more."""
        if why:
            self.on_tried(DevicesTried(text=f"`edge video` is not there: {why}"))
