import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.media import SDP_MAX_CHARS
from edge.errors import MediaError
from edge.video.transport.description import CANDIDATES_MAX, accept, finish, repair_types

SESSION = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
PROTECTION = f"a=ice-ufrag:abcd\r\na=ice-pwd:{'x' * 22}\r\na=fingerprint:sha-256 {'AB:' * 31}AB\r\n"
VOICE = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=setup:active\r\n"
    "a=rtpmap:96 opus/48000/2\r\n"
)
PICTURE = (
    "m=video 9 UDP/TLS/RTP/SAVPF 97 98\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtcp-mux\r\na=setup:active\r\n"
    "a=rtpmap:97 VP8/90000\r\na=rtpmap:98 rtx/90000\r\na=fmtp:98 apt=97\r\n"
)
WHOLE = SESSION + VOICE + PROTECTION + PICTURE + PROTECTION


def candidate(host: str, *, transport: str = "udp", port: int = 4_000) -> str:
    return f"a=candidate:1 1 {transport} 2113937151 {host} {port} typ host generation 0 network-cost 999\r\n"


def test_a_good_description_passes_unchanged() -> None:
    assert accept(WHOLE) == (WHOLE, [])


def test_a_description_of_one_voice_alone_passes() -> None:
    text = SESSION.replace(" 0 1", " 0") + VOICE + PROTECTION
    assert accept(text) == (text, [])


def test_candidates_that_cannot_be_used_and_the_end_of_them_are_left_out() -> None:
    kept = candidate("192.0.2.7") + candidate("2001:db8::7", transport="UDP")
    left_out = (
        candidate("192.0.2.7", transport="tcp")
        + candidate("192.0.2.7", port=70_000)
        + "a=candidate:nonsense\r\na=end-of-candidates\r\n"
    )
    text, hidden = accept(WHOLE + kept + left_out)
    assert (text.replace(kept, ""), hidden) == (WHOLE, [])
    assert text.count(kept) == 2  # of voice and of picture


def test_candidates_of_the_first_part_stand_in_each_for_aiortc_keeps_those_of_the_last() -> None:
    voice, picture = WHOLE.split("m=video")
    text, _ = accept(voice + candidate("192.0.2.7") + "m=video" + picture)
    assert [part.count("192.0.2.7 4000") for part in text.split("m=")[1:]] == [1, 1]


def test_hidden_candidates_are_kept_apart() -> None:
    text, hidden = accept(WHOLE + candidate("0f9a1b2c.local"))
    assert text == WHOLE
    assert hidden == [candidate("0f9a1b2c.local").strip().removeprefix("a=")]


def test_a_flood_of_candidates_is_cut() -> None:
    text, _ = accept(WHOLE + "".join(candidate(f"192.0.2.{number}") for number in range(60)))
    assert text.count("a=candidate") == CANDIDATES_MAX * 2  # of voice and of picture


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=0\r\n",
        WHOLE.replace("m=video", "m=audio"),
        WHOLE.replace("m=video", "m=application"),
        WHOLE + 2 * WHOLE[WHOLE.index("m=video") :],
        WHOLE.replace("BUNDLE 0 1", "BUNDLE 0"),
        WHOLE.replace("a=fingerprint", "a=print"),
        WHOLE.replace("a=setup:active", "a=setup:holdconn"),
        WHOLE.replace("a=ice-pwd:xx", "a=ice-pwd:"),
        WHOLE.replace("a=mid:1", "a=mid:"),
        WHOLE.replace("a=rtcp-mux", "a=rtcp-apart"),
        WHOLE + "a=" + "x" * SDP_MAX_CHARS,
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(MediaError, match="a description"):
        accept(text)


def test_two_tracks_of_the_picture_are_taken() -> None:
    picture = WHOLE[WHOLE.index("m=video") :]
    text, _ = accept(WHOLE.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + picture.replace("a=mid:1", "a=mid:2"))
    assert text.count("m=video") == 2


@given(st.text(alphabet="vmao=:- 019\r\nudiptcaze/", max_size=200))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(MediaError):
        accept(text)


REPAIRS = "a=rtpmap:99 red/90000\r\na=rtpmap:100 ulpfec/90000\r\n"
FIRST = "a=fmtp:97 x-google-min-bitrate=10;x-google-start-bitrate=50"


def test_our_offer_says_how_long_a_packet_of_voice_may_be_and_how_little_feedback_may_take() -> None:
    said = WHOLE.replace("opus/48000/2\r\n", "opus/48000/2\r\na=ptime:40\r\na=maxptime:60\r\n")
    said = said.replace("VP8/90000\r\n", f"VP8/90000\r\n{FIRST}\r\n{REPAIRS}")
    video = next(line for line in WHOLE.splitlines() if line.startswith("m=video"))
    assert finish(WHOLE) == said.replace(video, f"{video} 99 100")


def test_our_answer_asks_for_no_repairs_in_advance() -> None:
    assert "ulpfec" not in finish(WHOLE, asks_picture=True)


@pytest.mark.parametrize(
    ("lines", "types"),
    [
        (REPAIRS, (99, 100)),
        ("a=rtpmap:110 RED/90000\r\na=rtpmap:111 ULPFEC/90000\r\n", (110, 111)),
        ("a=rtpmap:99 red/90000\r\n", None),
        ("a=rtpmap:100 ulpfec/90000\r\n", None),
        ("a=rtpmap:63 red/48000/2\r\na=rtpmap:100 ulpfec/90000\r\n", None),
        ("a=rtpmap:99 red/90000\r\na=rtpmap:99 ulpfec/90000\r\n", None),
        ("a=rtpmap:999 red/90000\r\na=rtpmap:100 ulpfec/90000\r\n", None),
        ("", None),
    ],
)
def test_repairs_go_only_to_whoever_takes_both(lines: str, types: tuple[int, int] | None) -> None:
    assert repair_types(WHOLE + lines) == types


def test_our_answer_says_how_little_a_picture_may_begin_with_and_how_much_it_may_be() -> None:
    lines = finish(WHOLE, asks_picture=True).splitlines()
    assert lines[lines.index("a=rtpmap:97 VP8/90000") + 1] == f"{FIRST};x-google-max-bitrate=600"
    assert not any(line.startswith("a=fmtp:98 x-google") for line in lines)
