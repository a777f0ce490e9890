"""The direct route of one call (core): which page has it, what is relayed to and from it, what is not.

The hub carries descriptions, never media; it holds who the page is, and says again what may have been lost.
After a restart it knows nothing: the page names itself and the leg that it still has, the station confirms
the leg, and nothing of the call is torn down. Source: docs/media.md.
"""

from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from contract.ids import CallId, spool_text
from contract.media import (
    Answer,
    IceServer,
    Join,
    Leave,
    MediaSignal,
    Offer,
    PeerMedia,
    PhotoTaken,
    PictureMode,
    PictureWish,
    Renew,
    StationMedia,
    TakePhoto,
)
from hub.rooms.page_messages import (
    PageAnswer,
    PageFlow,
    PageJoin,
    PageLeave,
    PageMessage,
    PageOffer,
    PagePeer,
    PagePhoto,
    PagePicture,
    PageRefusedError,
    PageRenew,
    ToPage,
)

AGAIN_S: Final = 2.0  # a join, a wish for a photograph: said again while nothing has come of it
STALE_S: Final = 15.0  # without a word of the leg, which is said every 5 s: the station is asked again
RETURN_S: Final = 10.0  # for a page whose socket fell: it may be a lost hub, and media goes on
PHOTO_LIMIT_S: Final = 60.0  # without any answer
PHOTOS_WANTED_MAX: Final = 4  # at once; a camera takes one a second
PHOTOS_MAX: Final = 200  # of one call
PAST_LEGS: Final = 16


class Why(Enum):
    """Why there is no photograph, where the hub is the one who knows."""

    NO_ANSWER = "the station did not answer in time"
    DAMAGED = "all parts are there and do not make a photograph"
    TOO_MANY = "too many are being taken, or are there"


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be said: signals to the station, messages to a page by its name."""

    to_station: tuple[MediaSignal, ...] = ()
    to_pages: tuple[tuple[str, ToPage], ...] = ()

    def __add__(self, other: "Said") -> "Said":
        return Said((*self.to_station, *other.to_station), (*self.to_pages, *other.to_pages))


NOTHING: Final = Said()


@dataclass(slots=True)
class _Photo:
    """A photograph of this call. `wanted_s`: since when nothing has come of the wish; None: something has."""

    wanted_s: float | None = None
    again_s: float = 0.0
    received: int = 0
    total: int = 0
    size_bytes: int | None = None
    text: str = ""
    why: Why | None = None


class DirectRoom:
    """One call. Every method returns what is to be said; call `tick` twice a second."""

    def __init__(self, call_id: CallId, *, now_s: float) -> None:
        self.page: str | None = None
        self.leg: str | None = None
        self.dropped: Counter[str] = Counter()
        self._call_id = call_id
        self._gone_s: float | None = now_s  # since when the page's socket is away; it may come (back)
        self._peer: tuple[str, str] | None = None
        self._mode: PictureMode | None = None  # of the picture, chosen in this call; None: nobody has
        self._ice: tuple[IceServer, ...] = ()
        self._media: StationMedia | None = None
        self._is_settled = False  # the station has named this page or its leg since it was told
        self._again_s = 0.0
        self._heard_s = now_s
        self._past_legs: deque[str] = deque(maxlen=PAST_LEGS)
        self._photos: dict[str, _Photo] = {}

    # From pages

    def join(self, join: PageJoin, *, ice: tuple[IceServer, ...], now_s: float) -> Said:
        """A page of whoever has the turn is there; the last that comes has the call."""
        before = self.page
        taken = Said(to_pages=((before, {"type": "taken"}),)) if before not in (None, join.page) else NOTHING
        self.page, self._gone_s, self._ice = join.page, None, ice
        self._go_to_leg(join.leg)
        self._peer = (join.microphone, join.camera)
        servers = [server.model_dump(mode="json", exclude_none=True) for server in ice]
        told = taken + Said(to_pages=((join.page, {"type": "ice", "servers": servers}),))
        if self._media is not None and self._media.leg in (None, self.leg):
            told += self._tell(_media_message(self._media))
        for photo in self._photos:
            told += self._tell_photo(photo)
        return told + self._ask(now_s)

    def page_says(self, page: str, message: PageMessage, *, now_s: float) -> Said:
        """The page that has joined says something else. Raises PageRefusedError."""
        if page != self.page:
            self._drop("of a page that has not the call")
            return NOTHING
        match message:
            case PageAnswer(leg=leg, sdp=sdp):
                return self._relay_down(leg, Answer, direction="up", sdp=sdp)
            case PageOffer(leg=leg, sdp=sdp):
                return self._relay_down(leg, Offer, direction="down", sdp=sdp)
            case PageRenew(leg=leg):
                return self._relay_down(leg, Renew)
            case PagePeer() | PagePicture():
                return Said(to_station=self._heed(message))
            case PagePhoto(photo=photo):
                return self._want(photo, now_s)
            case PageLeave():
                return self.page_left(page, is_for_good=True, now_s=now_s)
            case PageFlow():
                return NOTHING
            case PageJoin():
                raise PageRefusedError("the page has joined already")

    def page_left(self, page: str, *, is_for_good: bool, now_s: float) -> Said:
        """The page's socket is gone; unless `is_for_good` it may be back, its leg still alive."""
        if page != self.page:
            return NOTHING
        if not is_for_good:
            self._gone_s = now_s
            return NOTHING
        return self.leave()

    def leave(self) -> Said:
        """The page that has the call has it no more."""
        page, self.page, self._gone_s, self._peer = self.page, None, None, None
        self._go_to_leg(None)
        self._is_settled = False
        return NOTHING if page is None else self._leave_of(page)

    # From the station

    def station_says(self, signal: MediaSignal, *, now_s: float) -> Said:
        """The station says something of this call."""
        match signal:
            case Offer(page=page, leg=leg, direction="up", sdp=sdp):
                return self._on_offer(page, leg, sdp, now_s)
            case Answer(page=page, leg=leg, direction="down", sdp=sdp):
                if (page, leg) != (self.page, self.leg):
                    self._drop("of another page or leg")
                    return NOTHING
                return self._tell({"type": "answer", "leg": leg, "sdp": sdp})
            case StationMedia():
                return self._on_media(signal, now_s)
            case PhotoTaken(photo=photo):
                known = self._photos.get(photo)
                if known is None:
                    self._drop("of a photograph that nobody wants")
                    return NOTHING
                known.wanted_s = None
                known.size_bytes, known.text = signal.size_bytes, signal.text
                return self._tell_photo(photo)
            case _:
                self._drop("not the station's to say")
                return NOTHING

    def station_is_back(self, *, now_s: float) -> Said:
        """The station has connected anew: it may have missed what was said."""
        return self._ask(now_s) if self.is_page_there else NOTHING

    def _on_offer(self, page: str, leg: str, sdp: str, now_s: float) -> Said:
        if page != self.page:
            self._drop("of another page or leg")
            is_empty = self.page is None and self._gone_s is None
            return self._leave_of(page) if is_empty else NOTHING
        if leg != self.leg and leg in self._past_legs:
            self._drop("of another page or leg")
            return NOTHING
        self._go_to_leg(leg)
        self._is_settled, self._heard_s = True, now_s
        return self._tell({"type": "offer", "leg": leg, "sdp": sdp})

    def _on_media(self, media: StationMedia, now_s: float) -> Said:
        if media.leg not in (None, self.leg):
            self._drop("of another page or leg")
            return NOTHING
        self._media = media
        if media.leg is not None:
            self._is_settled, self._heard_s = True, now_s
        elif self._is_settled:  # it had one, and has none now
            self._go_to_leg(None)
            self._is_settled, self._again_s = False, now_s + AGAIN_S
        told = self._tell(_media_message(media))
        is_otherwise = media.leg is not None and media.mode not in (None, self._mode)
        return told + Said(to_station=self._mode_signals()) if is_otherwise else told

    # Photographs

    def _want(self, photo: str, now_s: float) -> Said:
        known = self._photos.get(photo)
        if known is not None and known.wanted_s is None and known.why is None:
            return self._tell_photo(photo)
        if known is None or known.why is not None:
            waiting = sum(one.wanted_s is not None for one in self._photos.values())
            if waiting >= PHOTOS_WANTED_MAX or len(self._photos) >= PHOTOS_MAX:
                return self._tell({**_photo_message(photo, _Photo()), "why": Why.TOO_MANY})
            self._photos[photo] = _Photo(wanted_s=now_s)
        self._photos[photo].again_s = now_s + AGAIN_S
        return Said(to_station=(TakePhoto(**self._of_call(), photo=photo),))

    def photo_is(self, photo: str, *, received: int, total: int, size_bytes: int, is_damaged: bool) -> Said:
        """So much of a photograph of this call is stored at the hub."""
        if photo not in self._photos and len(self._photos) >= PHOTOS_MAX:
            return NOTHING
        known = self._photos.setdefault(photo, _Photo())
        before = (known.received, known.why)
        known.wanted_s = None
        known.received, known.total, known.size_bytes = received, total, size_bytes
        known.why = Why.DAMAGED if is_damaged else None
        return self._tell_photo(photo) if (received, known.why) != before else NOTHING

    def _tell_photo(self, photo: str) -> Said:
        known = self._photos[photo]
        if known.wanted_s is not None:
            return NOTHING
        message = _photo_message(photo, known)
        return self._tell(message if known.why is None else {**message, "why": known.why})

    # Time

    def tick(self, *, now_s: float) -> Said:
        """Say again what may have been lost."""
        if self._gone_s is not None and now_s - self._gone_s >= RETURN_S:
            self._gone_s = None
            return self.leave()
        told = NOTHING
        if self.is_page_there:
            if self._is_settled and now_s - self._heard_s >= STALE_S:
                self._is_settled = False
            if not self._is_settled and now_s >= self._again_s:
                told += self._ask(now_s)
        for photo, known in self._photos.items():
            if known.wanted_s is None:
                continue
            if now_s - known.wanted_s >= PHOTO_LIMIT_S:
                known.wanted_s, known.why = None, Why.NO_ANSWER
                told += self._tell_photo(photo)
            elif now_s >= known.again_s:
                known.again_s = now_s + AGAIN_S
                told += Said(to_station=(TakePhoto(**self._of_call(), photo=photo),))
        return told

    # How it is said

    @property
    def is_page_there(self) -> bool:
        """Whether a page has the call, and its socket stands."""
        return self.page is not None and self._gone_s is None

    def _of_call(self) -> dict[str, Any]:
        return {"spool": spool_text(self._call_id.spool), "call_seq": self._call_id.seq}

    def _ask(self, now_s: float) -> Said:
        """Tell the station who the page is and which leg it has."""
        assert self.page is not None  # noqa: S101 - told to mypy; the callers have looked
        self._is_settled, self._again_s, self._heard_s = False, now_s + AGAIN_S, now_s
        join = Join(**self._of_call(), page=self.page, leg=self.leg, ice=self._ice)
        return Said(to_station=(join, *self._peer_signals()))

    def _heed(self, message: PagePeer | PagePicture) -> tuple[MediaSignal, ...]:
        if isinstance(message, PagePicture):
            self._mode = message.mode
            return self._mode_signals()
        self._peer = (message.microphone, message.camera)
        return self._peer_signals()

    def _peer_signals(self) -> tuple[MediaSignal, ...]:
        if self._peer is None or self.page is None:
            return ()
        microphone, camera = self._peer
        fields = {**self._of_call(), "page": self.page, "microphone": microphone, "camera": camera}
        return (PeerMedia.model_validate(fields),)

    def _mode_signals(self) -> tuple[MediaSignal, ...]:
        if self._mode is None or self.page is None:
            return ()
        return (PictureWish(**self._of_call(), page=self.page, mode=self._mode),)

    def _relay_down(self, leg: str, kind: type[MediaSignal], **fields: Any) -> Said:
        if leg != self.leg:
            self._drop("of another page or leg")
            return NOTHING
        named = {**self._of_call(), "page": self.page, "leg": leg}
        return Said(to_station=(kind.model_validate({**named, **fields}),))

    def _tell(self, message: ToPage) -> Said:
        return Said(to_pages=((self.page, message),)) if self.page is not None else NOTHING

    def _go_to_leg(self, leg: str | None) -> None:
        if self.leg is not None and leg != self.leg:
            self._past_legs.append(self.leg)
        self.leg = leg

    def _leave_of(self, page: str) -> Said:
        return Said(to_station=(Leave(**self._of_call(), page=page),))

    def _drop(self, reason: str) -> None:
        self.dropped[reason] += 1


def _photo_message(photo: str, known: _Photo) -> ToPage:
    return {
        "type": "photo",
        "photo": photo,
        "received": known.received,
        "total": known.total,
        "size_bytes": known.size_bytes,
        "text": known.text,
    }


def _media_message(media: StationMedia) -> ToPage:
    said = media.model_dump(mode="json", exclude_none=True, exclude={"signal", "spool", "call_seq"})
    return {"type": "media", **said}
