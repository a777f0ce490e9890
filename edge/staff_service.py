"""What people at the station say to `edge vitals`, by tool or panel: next person, cancel, sound, time …"""

from collections.abc import Callable, Mapping
from typing import Any

from contract.ids import BootId
from contract.times import Anchor
from edge.call.call_service import CallService
from edge.call.video_service import VideoService
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.errors import ControlError
from edge.health.hub_anchors import anchor_event
from edge.health.own_clocks import staff_anchor


class StaffWords:
    """Their words, by the names of `questions`. `cut_now` brings what was said to the card at once;
    `on_time` is told the time that they say."""

    def __init__(
        self,
        *,
        capture: Capture,
        call: CallService,
        video: VideoService,
        clock: BoxClock,
        boot: BootId,
        cut_now: Callable[[], None],
        on_time: Callable[[Anchor], None],
    ) -> None:
        self._capture, self._call, self._video = capture, call, video
        self._clock, self._boot, self._cut_now, self._on_time = clock, boot, cut_now, on_time

    def questions(self) -> dict[str, Any]:
        """Return who answers what."""
        return {
            "visit": self._visit,
            "next person": self._next,
            "call": self._call_now,
            "cancel call": self._cancel,
            "accept call": self._accept,
            "decline call": self._decline,
            "raise call": self._raise,
            "practice": self._practice,
            "camera": self._camera,
            "sound": self._sound,
            "time": self._time,
        }

    async def _visit(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "visit": self._capture.visit,
            "asks_visit_over": self._capture.asks(now_us=self._clock.now_us()),
            "awaits_sensors_off": self._capture.awaits_sensors_off,
        }

    async def _next(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._capture.next_person(now_us=self._clock.now_us())
        self._cut_now()
        return {}

    async def _cancel(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._call.cancel()
        return {}

    async def _call_now(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        media = self._video.media
        return {
            **self._call.facts(),
            "media": None if media is None else media.model_dump(mode="json"),
            "sound": self._video.sound.model_dump(),
        }

    async def _accept(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._call.accept()
        return {}

    async def _decline(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._call.decline()
        return {}

    async def _raise(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        await self._call.raise_()
        return {}

    async def _practice(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        match request.get("kind"):
            case "drill" | "test" as kind:
                await self._call.practise(kind)
            case "off":
                await self._call.practise_no_more()
            case other:
                raise ControlError(f"practice: expected drill, test or off, found {other!r}")
        return {}

    async def _camera(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._video.allow_camera(is_allowed=request.get("is_allowed") is True)
        return {}

    async def _sound(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._video.turn_sound(str(request.get("word")))
        return {}

    async def _time(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        text, within_s = str(request.get("text")), int(request.get("within_s", 0))
        now_us = self._clock.now_us()
        anchor = staff_anchor(text, within_s=within_s, boot=self._boot, now_us=now_us)
        self._capture.tell(anchor_event(anchor), now_us)
        self._on_time(anchor)
        return {}
