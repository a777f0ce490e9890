import pytest

from tests.links_bench.senders.chromium import tuned

ANSWER = "\r\n".join(
    [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "",
    ]
)


def test_the_voice_is_narrow_in_long_packets_and_the_picture_may_fall_to_ten_kilobits() -> None:
    assert tuned(ANSWER).split("\r\n") == [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 maxaveragebitrate=12000;minptime=10;useinbandfec=1",
        "a=ptime:60",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=fmtp:96 x-google-min-bitrate=10",
        "",
    ]


def test_an_answer_without_opus_is_refused() -> None:
    with pytest.raises(ValueError, match="opus"):
        tuned(ANSWER.replace("opus", "PCMU"))
