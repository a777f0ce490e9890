"""JSON lines between `edge vitals` and `edge video`, over the socket of `edge vitals` (core).

`edge video` connects, sends {"ask": "video"}, is answered {"ok": true}, and from then on the connection
carries one message a line both ways. `edge vitals` holds the connection to the hub, the spool and the board;
`edge video` holds camera, sound and the media connections.
"""

import hashlib
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contract.events import Bytes
from contract.media import CameraState, PhotoName, SoundState
from edge.errors import VideoLinkError

LINE_MAX_BYTES: Final = 65_536  # as the control socket's
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


class PhotoSlice(_Message):
    """From video: slice `index` of `total` of a JPEG of `size_bytes` with that SHA-256 (hexadecimal)."""

    tell: Literal["photo"] = "photo"
    photo: PhotoName
    size_bytes: Annotated[int, Field(ge=1)]
    sha256: str
    index: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=1)]
    data: Bytes


ToVideo = Annotated[CallNow | FromHub | CameraWish, Field(discriminator="tell")]
FromVideo = Annotated[ToHub | DevicesNow | PhotoSlice, Field(discriminator="tell")]
_TO_VIDEO: Final[TypeAdapter[CallNow | FromHub | CameraWish]] = TypeAdapter(ToVideo)
_FROM_VIDEO: Final[TypeAdapter[ToHub | DevicesNow | PhotoSlice]] = TypeAdapter(FromVideo)


def encode_line(message: _Message) -> bytes:
    """Return the message's line. Raises VideoLinkError when it is longer than LINE_MAX_BYTES."""
    line = message.model_dump_json(exclude_none=True).encode() + b"\n"
    if len(line) > LINE_MAX_BYTES:
        raise VideoLinkError(f"a line of {len(line)} bytes; the limit is {LINE_MAX_BYTES}")
    return line


def parse_to_video(line: bytes) -> CallNow | FromHub | CameraWish:
    """Return what `edge vitals` said. Raises VideoLinkError."""
    try:
        return _TO_VIDEO.validate_json(line)
    except ValidationError as error:
        raise VideoLinkError(f"not a message of `edge vitals`: {_first(error)}") from None


def parse_from_video(line: bytes) -> ToHub | DevicesNow | PhotoSlice:
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
