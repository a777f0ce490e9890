"""JSON lines between `edge vitals` and `edge video`, over the socket at which `edge video` is called (core).

`edge vitals` connects when a call begins; `edge video` says `Here`, and from then on the connection carries
one message a line both ways, until `End`. `edge vitals` holds the connection to the hub, the spool and the
board; `edge video` holds camera, sound and the media connections.
"""

import hashlib
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contract.events import Bytes
from contract.media import CameraState, PhotoName, SoundState
from edge.errors import VideoLinkError
from edge.health.report import Finding

LINE_MAX_BYTES: Final = 65_536  # as the control socket's
FINDINGS_MAX: Final = 8  # camera, sound, printer
PHOTO_SLICE_BYTES: Final = 24_000  # in base64 it fits a line with room to spare


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CallNow(_Message):
    """To video: how the station's call stands; said at each change. `spool` is 16 hexadecimal digits."""

    tell: Literal["call"] = "call"
    spool: str
    call_seq: int
    is_claimed: bool
    by: str | None = None


class FromHub(_Message):
    """To video: a media signal of the hub (`contract.media`), as JSON object."""

    tell: Literal["from hub"] = "from hub"
    signal: dict[str, Any]


class CameraWish(_Message):
    """To video: the nurse allows the camera, or does not."""

    tell: Literal["camera"] = "camera"
    is_allowed: bool


class CallOver(_Message):
    """To video: no call is open; camera and microphone close. It lives on for as long as it has to speak."""

    tell: Literal["call over"] = "call over"


class MediaLimits(_Message):
    """To video: what the hub wants of loudspeaker and picture from now on. None: as the link allows."""

    tell: Literal["limits"] = "limits"
    volume_pct: Annotated[int, Field(ge=0, le=100)] = 100
    video_max_bps: Annotated[int, Field(ge=1)] | None = None
    video_max_height: Annotated[int, Field(ge=16)] | None = None


class Say(_Message):
    """To video: say a prompt, a WAV file of ours, and cut the one before. `file` None: only cut.

    `number` grows with each, and a Spoke of the same number answers.
    """

    tell: Literal["say"] = "say"
    number: Annotated[int, Field(ge=1)]
    prompt: str
    file: str | None = None


class TryDevices(_Message):
    """To video: try camera, sound and printer for the self-test, and say DevicesTried; or stop trying, for a
    press comes first. It never comes during a call.
    """

    tell: Literal["try devices"] = "try devices"
    is_wanted: bool = True


class End(_Message):
    """To video: nobody wants picture or voice any more; the process ends."""

    tell: Literal["end"] = "end"


class Here(_Message):
    """From video, before all else on a connection: which process it is."""

    tell: Literal["here"] = "here"
    pid: Annotated[int, Field(ge=1)]


class ToHub(_Message):
    """From video: send this media signal to the hub."""

    tell: Literal["to hub"] = "to hub"
    signal: dict[str, Any]


class DevicesNow(_Message):
    """From video: how the devices are; the light is on while camera or microphone is open. At each change."""

    tell: Literal["devices"] = "devices"
    camera: CameraState
    microphone: SoundState
    loudspeaker: SoundState
    text: str = ""


class MediaRate(_Message):
    """From video: what the link carries of voice and picture, headers included; None: no leg stands. Said
    when it is another by a fifth, and five times a second at most.
    """

    tell: Literal["rate"] = "rate"
    media_bps: Annotated[int, Field(ge=0, le=100_000_000)] | None = None


class Spoke(_Message):
    """From video: prompt `number` is over; `text` says why it was not heard, and is empty when it was."""

    tell: Literal["spoke"] = "spoke"
    number: Annotated[int, Field(ge=1)]
    text: Annotated[str, Field(max_length=300)] = ""


class DevicesTried(_Message):
    """From video: what a trial has found; or `text`: why nothing."""

    tell: Literal["devices tried"] = "devices tried"
    findings: Annotated[tuple[Finding, ...], Field(max_length=FINDINGS_MAX, strict=False)] = ()
    text: Annotated[str, Field(max_length=300)] = ""


class PhotoSlice(_Message):
    """From video: slice `index` of `total` of a JPEG of `size_bytes` with that SHA-256 (hexadecimal)."""

    tell: Literal["photo"] = "photo"
    photo: PhotoName
    size_bytes: Annotated[int, Field(ge=1)]
    sha256: str
    index: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=1)]
    data: Bytes


ToVideo = CallNow | CallOver | FromHub | CameraWish | MediaLimits | Say | TryDevices | End
FromVideo = Here | ToHub | DevicesNow | MediaRate | Spoke | DevicesTried | PhotoSlice
_TO_VIDEO: Final[TypeAdapter[ToVideo]] = TypeAdapter(Annotated[ToVideo, Field(discriminator="tell")])
_FROM_VIDEO: Final[TypeAdapter[FromVideo]] = TypeAdapter(Annotated[FromVideo, Field(discriminator="tell")])


def encode_line(message: _Message) -> bytes:
    """Return the message's line. Raises VideoLinkError when it is longer than LINE_MAX_BYTES."""
    line = message.model_dump_json(exclude_none=True).encode() + b"\n"
    if len(line) > LINE_MAX_BYTES:
        raise VideoLinkError(f"a line of {len(line)} bytes; the limit is {LINE_MAX_BYTES}")
    return line


def parse_to_video(line: bytes) -> ToVideo:
    """Return what `edge vitals` said. Raises VideoLinkError."""
    try:
        return _TO_VIDEO.validate_json(line)
    except ValidationError as error:
        raise VideoLinkError(f"not a message of `edge vitals`: {_first(error)}") from None


def parse_from_video(line: bytes) -> FromVideo:
    """Return what `edge video` said. Raises VideoLinkError."""
    try:
        return _FROM_VIDEO.validate_json(line)
    except ValidationError as error:
        raise VideoLinkError(f"not a message of `edge video`: {_first(error)}") from None


def photo_slices(photo: str, data: bytes) -> list[PhotoSlice]:
    """Return the lines that carry a JPEG to `edge vitals`."""
    total, digest = -(-len(data) // PHOTO_SLICE_BYTES), hashlib.sha256(data).hexdigest()
    return [
        PhotoSlice(
            photo=photo,
            size_bytes=len(data),
            sha256=digest,
            index=index,
            total=total,
            data=data[index * PHOTO_SLICE_BYTES : (index + 1) * PHOTO_SLICE_BYTES],
        )
        for index in range(total)
    ]


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, found['loc']))[:80]}: {found['msg'][:200]}"
