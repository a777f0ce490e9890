"""What hub and station say of picture and voice (core): how two connections of a call come to stand.

A **leg** is one generation of both connections between the station and one page: `up` carries what the
station sends (the station offers), `down` what it receives (the page offers). The station names each leg; a
path that is lost makes another leg, never a repair of the old one. Descriptions carry all their candidates.
The newest leg wins, and whatever names another one is ignored. Source: docs/media.md.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from contract import codes
from contract.events import WIRE_RULES, Count, Number, Text

SDP_MAX_CHARS: Final = 12_000  # a description with its candidates; with the rest it fits a signal
ICE_SERVERS_MAX: Final = 4

LegName = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]  # random, made by the station
PageName = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]  # random, made by the page each time it joins
PhotoName = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]  # the object id of its parts
Sdp = Annotated[str, Field(min_length=1, max_length=SDP_MAX_CHARS)]
Direction = Literal["up", "down"]
DownBps = Annotated[int, Field(ge=8_000, le=10_000_000)]  # the most that the page should send, with headers

CameraState = codes.CameraState
SoundState = codes.SoundState
# Of a device at the operator's. "off" is a person's wish, the rest are facts.
PeerState = Literal["on", "off", "missing", "refused"]
# What the picture is for: how the patient moves, or how something looks (half as often, one size up).
PictureMode = Literal["motion", "detail"]
# Why the picture is no larger and no smoother: the box codes no more in time; the camera gives no more; it is
# how the doctor wants it; there is room for more since some seconds; much is lost; the link has no room.
PictureLimit = Literal["none", "encoder", "camera", "detail", "waiting", "loss", "link"]


class IceServer(BaseModel):
    """A STUN or TURN server, as in RTCIceServer."""

    model_config = WIRE_RULES

    urls: Annotated[tuple[Text, ...], Field(min_length=1, max_length=4, strict=False)]
    username: Text | None = None
    credential: Text | None = None


class MediaSignal(BaseModel):
    """What all of them share: of which call they speak."""

    model_config = WIRE_RULES

    spool: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    call_seq: Number


class Join(MediaSignal):
    """Down: this page of the call's owner is there; begin a leg with it. Said again until an offer names the
    page. A page that still has a leg (the hub was away, media went on) names it, and that leg is kept."""

    signal: Literal["join"] = "join"
    page: PageName
    leg: LegName | None = None
    ice: Annotated[tuple[IceServer, ...], Field(max_length=ICE_SERVERS_MAX, strict=False)] = ()


class Leave(MediaSignal):
    """Down: the page has gone, and no other has come."""

    signal: Literal["leave"] = "leave"
    page: PageName


class Renew(MediaSignal):
    """Down: the page has lost the path of this leg; begin another."""

    signal: Literal["renew"] = "renew"
    page: PageName
    leg: LegName


class Offer(MediaSignal):
    """Up with direction "up", down with direction "down"."""

    signal: Literal["offer"] = "offer"
    page: PageName
    leg: LegName
    direction: Direction
    sdp: Sdp


class Answer(MediaSignal):
    """The other way: down with direction "up", up with direction "down"."""

    signal: Literal["answer"] = "answer"
    page: PageName
    leg: LegName
    direction: Direction
    sdp: Sdp


class SentNow(BaseModel):
    """What a station sends, and the way it goes, of the last seconds; numbers of two significant digits, so
    that a line of them stands still. `width` 0: no picture was sent lately."""

    model_config = WIRE_RULES

    width: Annotated[int, Field(ge=0, le=8_192)] = 0
    height: Annotated[int, Field(ge=0, le=8_192)] = 0
    fps: Annotated[float, Field(ge=0, le=240)] = 0.0
    is_stills: bool = False  # one picture every few seconds; `fps` says nothing then
    video_bps: Count = 0  # coded, without headers
    voice_bps: Count
    round_trip_ms: Count | None = None
    lost_pct: Annotated[float, Field(ge=0, le=100)]
    limit: PictureLimit


class StationMedia(MediaSignal):
    """Up: how camera, microphone and loudspeaker are, and how the leg goes. At each change and every 5 s of a
    leg."""

    signal: Literal["media"] = "media"
    leg: LegName | None = None  # None: no leg stands or is being made
    is_connected: bool = False
    camera: CameraState
    microphone: SoundState
    loudspeaker: SoundState
    is_picture_sent: bool = False  # false while the link has no room for it: voice alone
    has_screen: bool = False  # false: nobody there would see the operator's picture, do not send it
    target_bps: Count | None = None  # what the station believes the link carries
    down_bps: DownBps | None = None
    mode: PictureMode | None = None  # which holds; None: a station that knows of none
    sent: SentNow | None = None  # while the leg stands
    text: Text = ""  # which device, and what to do, when something is not well


class PeerMedia(MediaSignal):
    """Down: what the operator's side has, so that the nurse knows why she does not hear or see."""

    signal: Literal["peer"] = "peer"
    page: PageName
    microphone: PeerState
    camera: PeerState


class PictureWish(MediaSignal):
    """Down: what this page's user looks for. It holds for the call; said again while the station's `media`
    says otherwise."""

    signal: Literal["picture"] = "picture"
    page: PageName
    mode: PictureMode


class TakePhoto(MediaSignal):
    """Down: take a still at full camera size; its parts will bear this name. Said again, it is taken once."""

    signal: Literal["photo"] = "photo"
    photo: PhotoName


class PhotoTaken(MediaSignal):
    """Up: the still is on the box's disk as parts (`size_bytes`), or could not be taken, and why."""

    signal: Literal["photo taken"] = "photo taken"
    photo: PhotoName
    size_bytes: Count | None = None
    text: Text = ""


AnyMediaSignal = (
    Join | Leave | Renew | Offer | Answer | StationMedia | PeerMedia | PictureWish | TakePhoto | PhotoTaken
)

_DOWN: Final = (Join, Leave, Renew, PeerMedia, PictureWish, TakePhoto)
_UP: Final = (StationMedia, PhotoTaken)


def is_down(signal: MediaSignal) -> bool:
    """Whether the hub says this to a station, and never a station to the hub."""
    match signal:
        case Offer(direction=direction):
            return direction == "down"
        case Answer(direction=direction):
            return direction == "up"  # to what the station has offered
    return isinstance(signal, _DOWN)


def is_up(signal: MediaSignal) -> bool:
    """Whether a station says this to the hub."""
    return isinstance(signal, (*_UP, Offer, Answer)) and not is_down(signal)
