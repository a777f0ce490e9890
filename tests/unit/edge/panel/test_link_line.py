import pytest

from edge.live.link_facts import LinkDiary, LinkFacts
from edge.panel.link_line import clock, link_line
from edge.panel.words import Words
from edge.uplink.answers import KEEP_ALIVE_S

LOST = LinkFacts(
    is_connected=False,
    for_s=7_300.0,
    since_utc_ms=1_795_000_000_000.0,  # 18:06:40 in Vietnam
    kept_s=7_250.0,
    records=240,
    now_utc_ms=1_795_007_300_000.0,
    is_time_sure=True,
)
GOOD = LinkFacts(
    is_connected=True, for_s=60.0, round_trip_ms=40, now_utc_ms=1_795_007_300_000.0, is_time_sure=True
)


@pytest.mark.parametrize(
    ("facts", "text", "mood"),
    [
        (GOOD, "Đường truyền tốt", "good"),
        (GOOD.model_copy(update={"round_trip_ms": 1_501}), "Đường truyền chậm", "weak"),
        (GOOD.model_copy(update={"kept_s": 7_300.0}), "Đường truyền tốt, đang gửi bù 2 giờ số liệu", "good"),
        (GOOD.model_copy(update={"kept_s": 30.0}), "Đường truyền tốt", "good"),
        (LOST, "Mất mạng từ 18:06 – đang giữ 2 giờ số liệu, chưa mất gì", "lost"),
        (
            LOST.model_copy(update={"is_time_sure": False}),
            "Mất mạng đã 2 giờ – đang giữ 2 giờ số liệu, chưa mất gì",
            "lost",
        ),
        (
            LOST.model_copy(update={"given_up": 3}),
            "Mất mạng từ 18:06 – đang giữ 2 giờ số liệu,"
            " thẻ nhớ đầy: đã phải bỏ số liệu cũ nhất, các cuộc gọi vẫn còn",
            "lost",
        ),
        (
            LOST.model_copy(update={"for_s": None, "kept_s": None}),
            "Chưa nối được mạng, chưa mất gì",
            "lost",
        ),
        (
            GOOD.model_copy(update={"is_heard": False, "kept_s": 90.0}),
            "Có mạng nhưng trung tâm chưa trả lời – đang giữ 90 giây số liệu, chưa mất gì",
            "lost",
        ),
        (GOOD.model_copy(update={"heard_ago_s": KEEP_ALIVE_S + 9.9}), "Đường truyền tốt", "good"),
        (
            GOOD.model_copy(update={"heard_ago_s": KEEP_ALIVE_S + 10.0}),
            "Đường truyền tốt lúc 90 giây trước",
            "good",
        ),
        (GOOD.model_copy(update={"heard_ago_s": 81.4, "unanswered_s": 1.4}), "Đường truyền tốt", "good"),
        (
            GOOD.model_copy(update={"heard_ago_s": 81.6, "unanswered_s": 1.6}),
            "Đường truyền tốt lúc 80 giây trước",
            "good",
        ),
        (GOOD.model_copy(update={"heard_ago_s": 19.9, "unanswered_s": 9.9}), "Đường truyền tốt", "good"),
        (
            GOOD.model_copy(update={"heard_ago_s": 79.0, "unanswered_s": 9.9, "round_trip_ms": 1_501}),
            "Đường truyền chậm lúc 70 giây trước",
            "weak",
        ),
        (
            GOOD.model_copy(update={"heard_ago_s": 95.0, "unanswered_s": 29.0, "kept_s": 25.0}),
            "Trung tâm không trả lời đã 20 giây – đang giữ 25 giây số liệu, chưa mất gì",
            "lost",
        ),
        (
            GOOD.model_copy(update={"heard_ago_s": 300.0, "unanswered_s": 10.0}),
            "Trung tâm không trả lời đã 10 giây, chưa mất gì",
            "lost",
        ),
        (
            GOOD.model_copy(update={"has_card_problem": True}),
            "Đường truyền tốt, thẻ nhớ báo lỗi: hãy báo người phụ trách máy",
            "weak",
        ),
    ],
)
def test_the_line_says_what_works_since_when_not_and_what_is_safe(
    facts: LinkFacts, text: str, mood: str
) -> None:
    line = link_line(facts, Words("vi"))
    assert (line.text, line.mood) == (text, mood)


def test_a_card_that_fails_or_gave_something_up_is_never_called_safe() -> None:
    for update in ({"given_up": 1}, {"has_card_problem": True}):
        assert "chưa mất gì" not in link_line(LOST.model_copy(update=update), Words("vi")).text


def test_no_answer_for_20_s_is_said_in_english_too() -> None:
    line = link_line(GOOD.model_copy(update={"heard_ago_s": 21.0, "unanswered_s": 20.0}), Words("en"))
    assert line.text == "No answer from the hub for 20 s, nothing is lost"


def test_the_time_says_whether_it_is_sure() -> None:
    assert clock(GOOD, Words("vi")) == ("20:08", "")
    assert clock(GOOD.model_copy(update={"is_time_sure": False}), Words("en")) == ("20:08", "time not sure")
    assert clock(GOOD.model_copy(update={"now_utc_ms": None}), Words("vi")) == ("", "chưa rõ giờ")


def test_what_was_given_up_before_the_link_was_lost_is_no_loss_of_this_outage() -> None:
    diary = LinkDiary()
    diary.look(is_connected=True, given_up=5, now_s=1.0)
    assert diary.since_s is None
    diary.look(is_connected=False, given_up=7, now_s=9.0)
    diary.look(is_connected=False, given_up=9, now_s=10.0)
    assert [diary.since_s, diary.given_up_since(9)] == [9.0, 2]
