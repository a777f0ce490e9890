"""What passes between the station and the doctor, in one line for the nurse (core).

Simpler than the console's: which picture and whether voice goes, what the link is like, why the picture is
small. What she cannot change in bits she is not told in bits.
"""

from contract.media import SentNow, StationMedia
from edge.panel.words import Words


def media_line(media: StationMedia | None, words: Words, *, is_muted: bool = False) -> str:
    """Return the line; "" where there is nothing to say: no page of a doctor is there."""
    if media is None or media.leg is None:
        return ""
    if not media.is_connected or media.sent is None:
        return words("media connecting")
    sent = media.sent
    voice = words("sent voice" if media.microphone == "open" and not is_muted else "sent no voice")
    parts = [words("sending", picture=_picture(media, sent, words), voice=voice), _link(media, sent, words)]
    if sent.limit != "none" and media.camera == "open":
        parts.append(words(f"limit {sent.limit}", width=sent.width, height=sent.height))
    return " · ".join(part for part in parts if part)


def media_faults(media: StationMedia | None, words: Words) -> tuple[str, ...]:
    """Return what is wrong with camera, microphone and loudspeaker, and what to do."""
    if media is None:
        return ()
    states = {"camera": media.camera, "microphone": media.microphone, "loudspeaker": media.loudspeaker}
    keys = (f"{device} {state}" for device, state in states.items() if state not in ("open", "closed"))
    return tuple(words(key) for key in keys)


def _picture(media: StationMedia, sent: SentNow, words: Words) -> str:
    if media.camera != "open" or not sent.width:
        return words("sent no picture")
    if sent.is_stills:
        return words("sent stills")
    return words("sent picture", width=sent.width, height=sent.height)


def _link(media: StationMedia, sent: SentNow, words: Words) -> str:
    """Return what the link gives, as far as it is known."""
    if media.target_bps is None or sent.round_trip_ms is None:
        return ""
    return words(
        "link gives",
        rate=rate_text(media.target_bps, words),
        trip=f"{sent.round_trip_ms} ms",
        lost=f"{sent.lost_pct:.0f}",
    )


def rate_text(bps: int, words: Words) -> str:
    """Return a rate to two digits, with its unit: 70 kbit/s, 1,2 Mbit/s."""
    if bps < 995_000:
        kilobits = bps / 1_000
        return f"{float(f'{kilobits:.2g}'):.0f} kbit/s"
    text = f"{bps / 1_000_000:.1f} Mbit/s"
    return text.replace(".", ",") if words.language == "vi" else text
