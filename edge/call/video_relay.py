"""What `edge vitals` passes on between the hub and `edge video` (core), and what it keeps for the next one.

`edge video` may die at any time: whoever comes in its place is told the call, the nurse's wish and the page
that waits. Whatever names another call is late, and dropped.
"""

import json
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from contract.errors import RefusedError
from contract.ids import SpoolId, VisitNo, spool_text
from contract.media import (
    Join,
    Leave,
    MediaSignal,
    PeerMedia,
    PhotoTaken,
    PictureWish,
    StationMedia,
    TakePhoto,
    is_down,
    is_up,
)
from contract.signals import parse_signal
from edge.call.camera_switch import CameraSwitch
from edge.call.station_call import StationCall
from edge.call.station_table import State
from edge.call.video_messages import CallNow, CameraWish, FromHub
from edge.errors import VideoLinkError

PHOTOS_MAX: Final = 100  # of one call, remembered so that none is taken twice under one name

ToVideo = CallNow | FromHub | CameraWish


@dataclass(slots=True)
class _Asked:
    """A photograph that the hub wants: of whom, and what became of it."""

    visit: VisitNo
    answer: PhotoTaken | None = None


class VideoRelay:
    """The media side of the call of now. `dropped` counts what was not passed on, by reason."""

    def __init__(self, spool: SpoolId, *, camera_off_in: int | None = None) -> None:
        """`camera_off_in`: the call in which the nurse had closed the camera, before a restart."""
        self.dropped: Counter[str] = Counter()
        self.switch = CameraSwitch()
        self.call: CallNow | None = None
        self._spool, self._camera_off_in = spool_text(spool), camera_off_in
        self._join: Join | None = None
        self._is_page_waiting = False
        self._resumes: tuple[Join, str | None] | None = None  # the page of a held call, and whose
        self._peer: PeerMedia | None = None
        self._picture: PictureWish | None = None  # holds for the call, whoever's page it was
        self._photos: OrderedDict[str, _Asked] = OrderedDict()

    # How the call stands

    def on_call(self, call: StationCall) -> list[ToVideo]:
        """The station's call is like this now; return what `edge video` is told: nothing when it knows.

        While a call is held, or nobody there is heard of, its page waits: camera and microphone close, and
        open again with its owner.
        """
        before, self.call = self.call, self._call_now(call)
        self._is_page_waiting = call.state in (State.HELD, State.NO_WORD)
        if self.call == before:
            return []
        if self.call is None or before is None or not _is_same(self.call, before):
            self._begin()
            return [] if self.call is None else [self.call, self._wish()]
        told: list[ToVideo] = [self.call]
        is_other_owner = before.by is not None and before.by != self.call.by
        if self._join is not None and before.is_claimed and (not self.call.is_claimed or is_other_owner):
            join, self._join, self._peer = self._join, None, None  # its page is the owner's no more
            self._resumes = (join, before.by) if self._is_page_waiting else None
            told.append(_from_hub(Leave(**self._of_call(), page=join.page)))
        elif self.call.is_claimed and self._resumes is not None:
            told += self._resumed(*self._resumes, by=self.call.by)
        return told

    def _resumed(self, join: Join, owner: str | None, *, by: str | None) -> list[ToVideo]:
        """The call is held no more: its page has let go of the leg, and is met anew if it is still its
        owner's."""
        self._resumes = None
        if owner not in (None, by):
            return []
        self._join = join.model_copy(update={"leg": None})
        return [_from_hub(self._join)]

    @property
    def peer(self) -> PeerMedia | None:
        """What the operator's page has, as it said last; None: no page."""
        return self._peer

    def _call_now(self, call: StationCall) -> CallNow | None:
        if call.state is State.IDLE or call.call_seq is None:
            return None
        is_claimed = call.state is State.CLAIMED
        return CallNow(
            spool=call.spool or self._spool,
            call_seq=call.call_seq,
            is_claimed=is_claimed,
            by=call.claimed_by if is_claimed else None,
        )

    def _begin(self) -> None:
        self._join = self._peer = self._resumes = self._picture = None
        self._photos.clear()
        self.switch.next_call()
        if self.call is not None and self.call.call_seq == self._camera_off_in:
            self.switch.is_allowed = False
        self._camera_off_in = None

    def _of_call(self) -> dict[str, Any]:
        assert self.call is not None  # noqa: S101 - told to mypy; the callers have looked
        return {"spool": self.call.spool, "call_seq": self.call.call_seq}

    def wish(self) -> list[ToVideo]:
        """The nurse's wish has changed: return what `edge video` is told."""
        return [] if self.call is None else [self._wish()]

    @property
    def camera_off_in(self) -> int | None:
        """The call in which the nurse has closed the camera, None for none: to be known after a restart."""
        return None if self.call is None or self.switch.is_allowed else self.call.call_seq

    def _wish(self) -> CameraWish:
        return CameraWish(is_allowed=self.switch.is_allowed)

    def greeting(self, *, is_new: bool) -> list[ToVideo]:
        """Return what an `edge video` is told first.

        `is_new`: another process than the one before, which has no leg: the page that waits is named again.
        """
        if self.call is None:
            return []
        told: list[ToVideo] = [self.call, self._wish()]
        if is_new and self._join is not None:
            told.append(_from_hub(self._join.model_copy(update={"leg": None})))
            told += [_from_hub(self._peer)] if self._peer is not None else []
            told += self._wish_of(self._join)
        return told

    def _wish_of(self, join: Join) -> list[ToVideo]:
        """Return what is told of the mode to who knows of none."""
        wish = self._picture
        return [] if wish is None else [_from_hub(wish.model_copy(update={"page": join.page}))]

    # From the hub

    def from_hub(self, signal: MediaSignal, *, visit: VisitNo) -> tuple[list[ToVideo], list[MediaSignal]]:
        """Return what goes to `edge video` and what is answered at once. `visit`: who is being seen."""
        if not is_down(signal):
            self.dropped["from the hub: not the hub's to say"] += 1
            return [], []
        if not self._is_of_call(signal):
            self.dropped["from the hub: of another call"] += 1
            return [], []
        match signal:
            case Join() if self._is_page_waiting:
                self._resumes = signal, None
                return [], []
            case Join():
                self._join = signal
            case PeerMedia():
                self._peer = signal
            case PictureWish():
                self._picture = signal
            case Leave(page=page) if self._join is not None and self._join.page == page:
                self._join = self._peer = None
            case Leave(page=page) if self._resumes is not None and self._resumes[0].page == page:
                self._resumes = None
            case TakePhoto(photo=photo):
                answer = self._photos.setdefault(photo, _Asked(visit)).answer
                while len(self._photos) > PHOTOS_MAX:
                    self._photos.popitem(last=False)
                if answer is not None:
                    return [], [answer]
        return [_from_hub(signal)], []

    def _is_of_call(self, signal: MediaSignal) -> bool:
        call = self.call
        return call is not None and (signal.spool, signal.call_seq) == (call.spool, call.call_seq)

    # From `edge video`

    def to_hub(self, signal: dict[str, Any]) -> MediaSignal:
        """Return the signal of a ToHub. Raises VideoLinkError: not one that `edge video` may say now."""
        try:
            media = parse_signal(json.dumps(signal).encode())
        except (RefusedError, ValueError, RecursionError) as error:
            raise VideoLinkError(f"not a media signal: {str(error)[:200]}") from None
        if not isinstance(media, MediaSignal) or not is_up(media):
            raise VideoLinkError(f"{media.signal!r} is not the station's to say")
        if isinstance(media, PhotoTaken) and media.size_bytes is not None:
            raise VideoLinkError("what is on the disk `edge vitals` knows better")
        if not self._is_of_call(media):
            raise VideoLinkError(f"{media.signal!r} of another call")
        return media

    def lost(self, text: str) -> MediaSignal | None:
        """Return what the hub is told when `edge video` is gone in the midst of a call."""
        if self.call is None:
            return None
        closed = {"camera": "closed", "microphone": "closed", "loudspeaker": "closed"}
        return StationMedia.model_validate({**self._of_call(), **closed, "text": text})

    # Photographs

    def visit_of(self, photo: str) -> VisitNo | None:
        """Return who was being seen when the photograph was asked for; None: nobody asked, or it is there."""
        asked = self._photos.get(photo)
        return asked.visit if asked is not None and asked.answer is None else None

    def photo_stored(self, photo: str, size_bytes: int) -> MediaSignal | None:
        """The photograph is on the disk. Return what the hub is told."""
        return self._answer(photo, {"size_bytes": size_bytes})

    def photo_failed(self, photo: str, text: str) -> MediaSignal | None:
        """It is not, and there will be none of this name: parts of it may be stored."""
        return self._answer(photo, {"text": text[:200]})

    def _answer(self, photo: str, what: dict[str, Any]) -> MediaSignal | None:
        asked = self._photos.get(photo)
        if asked is None or self.call is None:  # the call in which it was asked for is over
            return None
        if asked.answer is None:
            asked.answer = PhotoTaken(**self._of_call(), photo=photo, **what)
        return asked.answer


def _from_hub(signal: MediaSignal) -> FromHub:
    return FromHub(signal=signal.model_dump(mode="json", exclude_none=True))


def _is_same(one: CallNow, other: CallNow) -> bool:
    return (one.spool, one.call_seq) == (other.spool, other.call_seq)
