"""What `edge video` says to the hub of the call of now, by way of `edge vitals` (shell)."""

import logging
from typing import Any

from contract.media import Answer, MediaSignal, Offer, PhotoTaken, StationMedia
from edge.call.video_messages import CallNow, ToHub
from edge.errors import VideoLinkError
from edge.video.vitals_link import VitalsLink

log = logging.getLogger(__name__)


class SignalsUp:
    """Names `call` in each signal; without a call nothing is said. What is lost on the way is said again by
    whoever sees that nothing came of it.
    """

    def __init__(self, link: VitalsLink) -> None:
        self._link = link
        self.call: CallNow | None = None

    def is_of_call(self, signal: MediaSignal) -> bool:
        """Whether a signal of the hub speaks of the call of now."""
        call = self.call
        return call is not None and (signal.spool, signal.call_seq) == (call.spool, call.call_seq)

    def offer(self, *, page: str, leg: str, sdp: str) -> None:
        """Say what we send."""
        self._say(Offer, page=page, leg=leg, direction="up", sdp=sdp)

    def answer(self, *, page: str, leg: str, sdp: str) -> None:
        """Answer what the page sends."""
        self._say(Answer, page=page, leg=leg, direction="down", sdp=sdp)

    def media(self, **state: Any) -> None:
        """Say how we are: the fields of a StationMedia."""
        self._say(StationMedia, **state)

    def photo_failed(self, photo: str, why: str) -> None:
        """Say that there is no such photograph. That there is one `edge vitals` says, when it is stored."""
        self._say(PhotoTaken, photo=photo, text=why[:200])

    def _say(self, kind: type[MediaSignal], **fields: Any) -> None:
        if self.call is None:
            return
        try:
            signal = kind(spool=self.call.spool, call_seq=self.call.call_seq, **fields)
            self._link.say(ToHub(signal=signal.model_dump(mode="json", exclude_none=True)))
        except (VideoLinkError, ValueError) as error:  # a description beyond every limit
            log.error("could not be said: %s", error)
