"""Descriptions (SDP) as text: what we add to ours, and what we accept of theirs (core).

aiortc's parser believes what it reads and fails in many ways; a hub or a page that says nonsense must cost a
message and nothing more. Sources: RFC 8866, RFC 8839 (candidates), RFC 7587 (Opus).
"""

import re
from typing import Final

from contract.media import SDP_MAX_CHARS
from edge.errors import MediaError
from edge.video.media import TRACKS
from edge.video.transport.way_down import START_BPS

OPUS: Final = {  # what we want to be sent: mono, with its own repair, silent in silence
    "minptime": "10",
    "useinbandfec": "1",
    "usedtx": "1",
    "stereo": "0",
    "maxaveragebitrate": "16000",
}
PTIME_MS: Final = 40  # the page's packets; at 20 ms headers would cost more than the voice
MAXPTIME_MS: Final = 60
# kbit/s. What a Chromium believes at first of the way that it sends on; where it only receives it sends its
# feedback by that: 68 bytes at 5 % of it, each 50 to 250 ms (libwebrtc's own rule).
_FIRST: Final = f"x-google-min-bitrate=10;x-google-start-bitrate={START_BPS // 1_000}"
PICTURE: Final = f"{_FIRST};x-google-max-bitrate=600"
RED_TYPE: Final = 99  # what we offer for repairs in advance; aiortc knows neither
ULPFEC_TYPE: Final = 100
CANDIDATES_MAX: Final = 32
MOST: Final = {"audio": 1, "video": len(TRACKS)}  # of each, in one description

_CANDIDATE: Final = re.compile(
    r"a=candidate:\S{1,64} 1 (?i:udp) \d{1,10} (?P<host>\S{1,80}) (?P<port>\d{1,5})"
    r" typ (host|srflx|relay)( \S+)*"
)

_NEEDED: Final = (
    r"a=fingerprint:[\w-]{1,16} [0-9A-Fa-f:]{32,255}",
    r"a=setup:(active|passive|actpass)",
    r"a=ice-ufrag:[A-Za-z0-9+/]{4,256}",
    r"a=ice-pwd:[A-Za-z0-9+/]{22,256}",
    r"a=mid:[A-Za-z0-9_.-]{1,16}",
    r"a=rtcp-mux",
)


def finish(sdp: str, *, asks_picture: bool = False) -> str:
    """Return our own description with what aiortc cannot write: the length of voice packets, and how much a
    Chromium is to expect of the way back, for its feedback and, `asks_picture`, for its own picture.

    In an offer, that repairs may come in advance.
    """
    lines: list[str] = []
    picture_type = None
    for line in sdp.splitlines():
        offers_picture = line.startswith("m=video ") and not asks_picture
        lines.append(f"{line} {RED_TYPE} {ULPFEC_TYPE}" if offers_picture else line)
        if found := re.fullmatch(r"a=rtpmap:(\d+) (?i:VP8)/90000", line):
            picture_type = found[1]
            lines.append(f"a=fmtp:{picture_type} {PICTURE if asks_picture else _FIRST}")
            if not asks_picture:
                lines += [f"a=rtpmap:{RED_TYPE} red/90000", f"a=rtpmap:{ULPFEC_TYPE} ulpfec/90000"]
        elif re.fullmatch(r"a=rtpmap:\d+ (?i:opus)/48000/2", line):
            lines += [f"a=ptime:{PTIME_MS}", f"a=maxptime:{MAXPTIME_MS}"]
    return "\r\n".join(lines) + "\r\n"


def repair_types(answer: str) -> tuple[int, int] | None:
    """Return the payload types of RED and ULPFEC that an answer has for the picture; None unless of both."""
    found = {}
    for name in ("red", "ulpfec"):
        line = re.search(rf"^a=rtpmap:(\d{{1,3}}) (?i:{name})/90000\s*$", answer, re.MULTILINE)
        if line is None or not 96 <= int(line[1]) <= 127:
            return None
        found[name] = int(line[1])
    return (found["red"], found["ulpfec"]) if found["red"] != found["ulpfec"] else None


def accept(sdp: str) -> tuple[str, list[str]]:
    """Return the other side's description as aiortc may read it, and its hidden candidates.

    Left out are candidates that aioice cannot use and the word that no more will come: a browser also
    reaches us from addresses that it does not name. Hidden candidates (names that end in .local) take up to a
    second to resolve; nothing should wait for them. They are lines without `a=`.

    Raises:
        MediaError: it is no description of at most one voice and two pictures over one encrypted transport.
    """
    if len(sdp) > SDP_MAX_CHARS:
        raise MediaError(f"a description of {len(sdp)} characters; the limit is {SDP_MAX_CHARS}")
    kept: list[str] = []
    hidden: list[str] = []
    candidates = 0
    for line in sdp.splitlines():
        if line.startswith("a=candidate:"):
            found = _CANDIDATE.fullmatch(line.strip())
            candidates += 1
            if not found or candidates > CANDIDATES_MAX or not 0 < int(found["port"]) < 65_536:
                continue
            if found["host"].endswith(".local"):
                hidden.append(line.strip().removeprefix("a="))
                continue
        if line.strip() != "a=end-of-candidates":
            kept.append(line)
    _check(kept)
    return "\r\n".join(_candidates_in_each_part(kept)) + "\r\n", hidden


def _candidates_in_each_part(lines: list[str]) -> list[str]:
    """Browsers name them in the first part only; aiortc, asked for one transport, keeps those of the last."""
    candidates = list(dict.fromkeys(line for line in lines if line.startswith("a=candidate:")))
    told: list[str] = []
    for line in lines:
        if line in candidates:
            continue
        told.append(line)
        if line.startswith("m="):
            told += candidates
    return told


def _check(lines: list[str]) -> None:
    begins = [index for index, line in enumerate(lines) if line.startswith("m=")]
    kinds = [lines[index][2:].split(" ")[0] for index in begins]
    if not kinds or any(kinds.count(kind) > MOST.get(kind, 0) for kind in kinds):
        raise MediaError(
            f"a description of {', '.join(kinds)[:80] or 'nothing'}; expected one voice, two pictures at most"
        )
    session = lines[: begins[0]]
    bundle = next((line.split(" ")[1:] for line in session if line.startswith("a=group:BUNDLE")), [])
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        section = [*session, *lines[begin:end]]
        for needed in _NEEDED:
            if not any(re.fullmatch(needed, line.rstrip()) for line in section):
                raise MediaError(f"a description without a usable {needed.split(':')[0]}")
        mid = next(line for line in section if line.startswith("a=mid:")).removeprefix("a=mid:").strip()
        if len(begins) > 1 and mid not in bundle:
            raise MediaError(f"a description whose parts do not share one transport: {mid[:40]} is apart")
