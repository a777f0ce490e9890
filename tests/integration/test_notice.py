"""NOTICE names what the installed wheel of `av` carries: a moved pin may bring another library or licence."""

import re
from importlib.metadata import files, version
from pathlib import Path

import av

NOTICE = (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")
SPELLED = {
    "asound": "alsa-lib (asound)",
    "SvtAv1Enc": "SVT-AV1",
    "mp3lame": "LAME",
    "vpl": "libvpl",
    "gmp": "GMP",
}


def test_notice_names_the_version_that_is_installed() -> None:
    assert f"{version('av')} with FFmpeg {av.ffmpeg_version_info}" in NOTICE


def test_notice_names_every_library_in_the_wheel() -> None:
    carried = {path.name for path in files("av") or [] if path.parts[0] == "av.libs"}
    names = {re.sub(r"^lib|-[0-9a-f]{8}\.so.*$", "", name) for name in carried}
    assert {
        "avcodec",
        "x264",
        "x265",
    } <= names  # else the words about the GPL in NOTICE are due for a new reading
    families = {re.sub(r"^xcb-.*", "xcb", name) for name in names}
    listed = NOTICE.replace("opencore-amrnb, -amrwb", "opencore-amrnb, opencore-amrwb")
    assert {name for name in families if SPELLED.get(name, name).lower() not in listed.lower()} == set()
