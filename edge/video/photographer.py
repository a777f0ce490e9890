"""Photographs: asked for, taken, handed to `edge vitals` (shell: tasks)."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from edge.call.video_messages import photo_slices
from edge.errors import MediaError
from edge.video.vitals_link import VitalsLink

log = logging.getLogger(__name__)

PHOTOS_KEPT: Final = 100  # photographs that are not taken twice


class Photographer:
    """`still` returns a JPEG and blocks, `on_failed` is told of a photograph and why there is none."""

    def __init__(
        self, link: VitalsLink, *, still: Callable[[], bytes], on_failed: Callable[[str, str], None]
    ) -> None:
        self._link, self._still, self._on_failed = link, still, on_failed
        self._photos: OrderedDict[str, asyncio.Task[None]] = OrderedDict()
        self._turn = asyncio.Lock()

    def take(self, photo: str) -> None:
        """Take one under this name. Asked again while it is taken, or afterwards, does nothing."""
        if photo in self._photos:
            return
        self._photos[photo] = asyncio.create_task(self._take(photo), name="photograph")
        while len(self._photos) > PHOTOS_KEPT:
            self._photos.popitem(last=False)

    def forget_sent(self) -> None:
        """Another life of `edge vitals` listens: what was handed to the one before may not be on the disk."""
        for photo in [photo for photo, task in self._photos.items() if task.done()]:
            del self._photos[photo]

    async def _take(self, photo: str) -> None:
        """Take it and hand it to `edge vitals`, which says when it is on its disk."""
        try:
            jpeg = await asyncio.to_thread(self._still)
        except MediaError as error:
            self._on_failed(photo, str(error))
            self._photos.pop(photo, None)  # it may be asked for again
            return
        async with self._turn:  # there they are put together one at a time
            for one in photo_slices(photo, jpeg):
                if not await self._link.say_and_wait(one):
                    log.warning("photograph %s did not reach `edge vitals`", photo[:8])
                    self._photos.pop(photo, None)  # taken when it is asked for again
                    return
