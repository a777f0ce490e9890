"""What a page says over the socket of its call, read and checked (core). Source: docs/media.md, section 3."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from contract.events import WIRE_RULES
from contract.media import LegName, PageName, PeerState, PhotoName, PictureMode, Sdp

TEXT_MAX_CHARS: Final = 32_768  # a description and what stands around it; JSON may escape each line's end


class PageRefusedError(Exception):
    """The page said something that cannot be used; the text goes back to it."""


class _FromPage(BaseModel):
    model_config = WIRE_RULES


class PageJoin(_FromPage):
    """The page is there. `leg`: one that still lives in it, because media goes on while the hub is away."""

    type: Literal["join"]
    page: PageName
    microphone: PeerState
    camera: PeerState
    leg: LegName | None = None


class PageAnswer(_FromPage):
    """To the station's offer."""

    type: Literal["answer"]
    leg: LegName
    sdp: Sdp


class PageOffer(_FromPage):
    """What the page sends."""

    type: Literal["offer"]
    leg: LegName
    sdp: Sdp


class PageRenew(_FromPage):
    """The path of this leg is lost."""

    type: Literal["renew"]
    leg: LegName


class PagePeer(_FromPage):
    """How microphone and camera of the page are now."""

    type: Literal["peer"]
    microphone: PeerState
    camera: PeerState


class PageFlow(_FromPage):
    """What passed in the last second: `heard`, packets of the station's voice came; `said`, packets of ours
    arrived there. Said each second while the connections stand."""

    type: Literal["flow"]
    heard: bool
    said: bool


class PagePicture(_FromPage):
    """What the picture is for. Said again until the station's `media` says the same."""

    type: Literal["picture"]
    mode: PictureMode


class PagePhoto(_FromPage):
    """The operator wants a photograph."""

    type: Literal["photo"]
    photo: PhotoName


class PageLeave(_FromPage):
    """The page goes, and is not coming back."""

    type: Literal["leave"]


PageMessage = (
    PageJoin | PageAnswer | PageOffer | PageRenew | PagePeer | PageFlow | PagePicture | PagePhoto | PageLeave
)
_MESSAGES: Final[TypeAdapter[PageMessage]] = TypeAdapter(Annotated[PageMessage, Field(discriminator="type")])

ToPage = dict[str, Any]  # one JSON text


def parse_page_message(text: str) -> PageMessage:
    """Return what the page said. Raises PageRefusedError."""
    if len(text) > TEXT_MAX_CHARS:
        raise PageRefusedError(f"a message of {len(text)} characters; the limit is {TEXT_MAX_CHARS}")
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise PageRefusedError(f"{where}: {first['msg'][:200]}") from None
    except RecursionError:
        raise PageRefusedError("nested too deep") from None
