import json
from typing import Any

import pytest

from contract.media import PictureLimit, StationMedia
from edge.call.call_facts import CallFacts, call_facts
from edge.call.station_call import StationCall
from edge.panel.media_line import media_line, rate_text
from edge.panel.pages import StationNow, VisitNow, station_page
from edge.panel.station_devices import StationDevices
from edge.panel.words import LANGUAGES, Words

OPEN: dict[str, Any] = {
    **{"spool": "0" * 16, "call_seq": 5, "leg": "1" * 16, "is_connected": True},
    **{"camera": "open", "microphone": "open", "loudspeaker": "open", "is_picture_sent": True},
    **{"target_bps": 70_400, "mode": "motion"},
}
SENT: dict[str, Any] = {
    **{"width": 320, "height": 180, "fps": 8.0, "video_bps": 38_000, "voice_bps": 12_000},
    **{"round_trip_ms": 640, "lost_pct": 2.0, "limit": "link"},
}
LIMITS: tuple[PictureLimit, ...] = ("encoder", "camera", "detail", "waiting", "loss", "link")


def line(language: str = "vi", sent: dict[str, Any] | None = None, **state: Any) -> str:
    media = StationMedia.model_validate_json(json.dumps({**OPEN, "sent": {**SENT, **(sent or {})}, **state}))
    return media_line(media, Words(language))


def test_what_goes_what_the_link_gives_and_why_the_picture_is_small_in_one_line() -> None:
    assert line() == (
        "Đang gửi: hình 320×180, tiếng · đường truyền 70 kbit/s, trễ 640 ms, mất 2 %"
        " · đường truyền yếu: hình nhỏ để tiếng rõ"
    )
    assert line("en") == (
        "Sending: a picture of 320×180, voice · link 70 kbit/s, round trip 640 ms, 2 % lost"
        " · a poor link: the picture is small for a clear voice"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_words_and_a_full_picture_needs_none(language: str) -> None:
    full = line(language, {"limit": "none"})
    said = [line(language, {"limit": limit}) for limit in LIMITS]
    assert all(one.startswith(f"{full} · ") for one in said)
    assert len(set(said)) == len(LIMITS)


def test_no_picture_and_no_voice_are_not_said_to_go() -> None:
    assert line(sent={"is_stills": True}).startswith("Đang gửi: ảnh tĩnh, vài giây một tấm, tiếng")
    assert line(sent={"width": 0}).startswith("Đang gửi: không có hình, tiếng")
    off = line(camera="off", microphone="missing")
    assert off.startswith("Đang gửi: không có hình, không có tiếng")
    assert "hình nhỏ" not in off
    assert "trễ" not in line(sent={"round_trip_ms": None})


def test_nothing_is_said_of_a_leg_that_does_not_stand() -> None:
    assert line(is_connected=False) == "Hình và tiếng đang nối"
    assert line(leg=None, is_connected=False) == ""
    assert media_line(None, Words("vi")) == ""


@pytest.mark.parametrize(
    ("bps", "vi", "en"),
    [
        (8_400, "8 kbit/s", "8 kbit/s"),
        (70_400, "70 kbit/s", "70 kbit/s"),
        (264_000, "260 kbit/s", "260 kbit/s"),
        (994_000, "990 kbit/s", "990 kbit/s"),
        (1_240_000, "1,2 Mbit/s", "1.2 Mbit/s"),
    ],
)
def test_a_rate_has_two_digits(bps: int, vi: str, en: str) -> None:
    assert (rate_text(bps, Words("vi")), rate_text(bps, Words("en"))) == (vi, en)


def test_the_page_of_the_station_shows_it_as_it_comes_over_the_socket() -> None:
    facts = call_facts(StationCall(), hotline=None, now_s=0.0)
    media = StationMedia.model_validate({**OPEN, "sent": None}).model_dump(mode="json")
    call = CallFacts.model_validate(json.loads(json.dumps({**facts, "media": {**media, "sent": SENT}})))
    now = StationNow(VisitNow(0, False, False), StationDevices(questions=(), devices=()), call)
    html = station_page(now, station="con-dao-01", notice=None, is_settling=False, words=Words("vi"))
    assert line() in html
