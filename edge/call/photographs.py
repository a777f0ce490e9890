"""A photograph on its way from `edge video` to the card (core): put together, checked, cut into parts.

It is whole in memory only, and sealed when it is stored: nothing of it is ever in clear on the card.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from contract.parts import Content, Part, slice_object
from edge.call.video_messages import PHOTO_SLICE_BYTES, PhotoSlice
from edge.errors import VideoLinkError
from edge.spool.part_entries import slice_bytes_of

PHOTO_MAX_BYTES: Final = (
    16 * 2**20
)  # no camera of ours makes more; well below OBJECT_MAX_BYTES, for our memory
SLICES_MAX: Final = 2 * -(-PHOTO_MAX_BYTES // PHOTO_SLICE_BYTES)  # smaller slices are taken too


@dataclass(frozen=True, slots=True)
class Photograph:
    """A whole one, not yet checked."""

    photo: str
    data: bytes
    sha256: str


class PhotoIntake:
    """The one under way. Another name begins another, and what was there of the one before is gone."""

    def __init__(self) -> None:
        self.given_up = 0
        self._first: PhotoSlice | None = None
        self._slices: dict[int, bytes] = {}

    def take(self, one: PhotoSlice) -> Photograph | None:
        """Take a slice; return the photograph when it was the last one missing.

        Raises:
            VideoLinkError: it is none; what came before of the same photograph is forgotten.
        """
        if self._first is None or self._first.photo != one.photo:
            self.given_up += self._first is not None
            self._first, self._slices = one, {}
        try:
            self._check(one, self._first)
        except VideoLinkError:
            self._first, self._slices = None, {}
            raise
        self._slices[one.index] = one.data
        if len(self._slices) < one.total:
            return None
        data = b"".join(self._slices[index] for index in range(one.total))
        self._first, self._slices = None, {}
        return Photograph(one.photo, data, one.sha256)

    def _check(self, one: PhotoSlice, first: PhotoSlice) -> None:
        if one.size_bytes > PHOTO_MAX_BYTES or one.total > SLICES_MAX:
            raise VideoLinkError(f"a photograph of {one.size_bytes} bytes; the limit is {PHOTO_MAX_BYTES}")
        same = (first.size_bytes, first.total, first.sha256)
        if (one.size_bytes, one.total, one.sha256) != same or one.index >= one.total or not one.data:
            raise VideoLinkError(
                f"slice {one.index} of {one.total} does not belong to photograph {one.photo}"
            )
        have = sum(map(len, self._slices.values()))
        if one.index not in self._slices and have + len(one.data) > one.size_bytes:
            raise VideoLinkError(f"photograph {one.photo} has more than its {one.size_bytes} bytes")


def cut(whole: Photograph, *, parcel_bytes: int) -> list[Part]:
    """Return the parts of a photograph, each to fit a parcel of the link of now.

    Raises:
        VideoLinkError: it is not what `edge video` took.
    """
    if hashlib.sha256(whole.data).hexdigest() != whole.sha256:
        raise VideoLinkError(f"photograph {whole.photo} was damaged between two processes; take another")
    slice_bytes, object_id = slice_bytes_of(parcel_bytes), bytes.fromhex(whole.photo)
    return slice_object(whole.data, Content.PHOTOGRAPH, object_id=object_id, slice_bytes=slice_bytes)
