"""Why the picture is no larger, and what is said of all that is sent (core).

Of several causes the first in this order is said: what a person has wished or can change before what nobody
can. Source: docs/adr/0037-what-picture-and-why.md.
"""

from math import floor, log10
from typing import Final

from contract.media import PictureLimit, SentNow
from edge.video.media import LinkNow, VoiceMode
from edge.video.picture.ladder import rung
from edge.video.picture.plan import PictureNow

ENOUGH_WIDTH: Final = 1_280  # from here on nobody asks why it is no larger
LOSSY_FROM: Final = 0.05  # share of packets lost; less costs repairs, not size


def picture_limit(now: PictureNow, *, lost_share: float) -> PictureLimit:
    """Return why the picture of now is no larger and no smoother. `lost_share`: 0 … 1."""
    by_link: PictureLimit = "loss" if lost_share >= LOSSY_FROM else "link"
    if now.at == 0:
        return by_link
    box = rung(now.at, now.mode)
    if now.at == now.most < now.wanted:
        return "encoder"
    if now.camera_size[0] < box.width and now.camera_size[1] < box.height:
        is_asked = now.camera_box[0] >= box.width and now.camera_box[1] >= box.height
        return "camera" if is_asked else "waiting"
    if now.mode == "detail":
        return "detail"
    if box.width >= ENOUGH_WIDTH:
        return "none"
    return "waiting" if now.at < min(now.wanted, now.most) else by_link


def sent_now(now: PictureNow, *, link: LinkNow, voice: VoiceMode, is_coming: bool) -> SentNow | None:
    """Return what the station says of its sending: numbers of two digits, so that they stand still.

    None while the first picture `is_coming`: there is room for one, and none was sent yet.
    """
    width, height = now.size
    if is_coming and width == 0:
        return None
    return SentNow(
        width=width,
        height=height,
        fps=float(round(now.fps)),
        is_stills=now.at == 0 and width > 0,
        video_bps=two_digits(now.video_bps),
        voice_bps=voice.bitrate_bps,
        round_trip_ms=None if link.round_trip_s is None else two_digits(link.round_trip_s * 1_000),
        lost_pct=round(100 * min(1.0, max(0.0, link.lost_share)), 0 if link.lost_share > 0.01 else 1),
        limit=picture_limit(now, lost_share=link.lost_share),
    )


def two_digits(value: float) -> int:
    """Return a number that is not negative, to two significant digits."""
    return 0 if value < 1 else int(round(value, 1 - floor(log10(value))))
