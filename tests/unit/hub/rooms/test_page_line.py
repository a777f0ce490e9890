import json

import pytest

from contract.ids import CallId, SpoolId, StationId
from hub.rooms.page_line import MESSAGES_BURST, REFUSED_MAX, WAITING_MAX, PageLine
from hub.rooms.page_messages import (
    TEXT_MAX_CHARS,
    PageAnswer,
    PageJoin,
    PageRefusedError,
    parse_page_message,
)

CALL = CallId(StationId("con-dao-01"), SpoolId(1), 6)


def line() -> PageLine:
    return PageLine(CALL, "Lan", wake=lambda: None, now_s=0.0)


def test_messages_are_taken_in_their_order() -> None:
    page = line()
    page.send({"type": "ice"})
    page.end({"type": "ended"})
    page.send({"type": "media"})
    assert [page.take(), page.take(), page.take()] == [{"type": "ice"}, {"type": "ended"}, None]
    assert page.is_over


def test_a_page_that_does_not_read_is_let_go() -> None:
    page = line()
    for _ in range(WAITING_MAX):
        page.send({"type": "media"})
    assert not page.is_over
    page.send({"type": "media"})
    assert page.is_over


def test_nonsense_is_refused_and_nonsense_without_end_ends_the_line() -> None:
    page = line()
    for _ in range(REFUSED_MAX - 1):
        page.refuse("nonsense")
        assert page.take() == {"type": "refused", "text": "nonsense"}
    assert not page.is_over
    page.refuse("nonsense")
    assert page.is_over


def test_a_page_may_say_as_much_as_a_page_has_to_say() -> None:
    page = line()
    assert all(page.may_speak(now_s=1.0) for _ in range(MESSAGES_BURST))
    assert not page.may_speak(now_s=1.0)
    assert page.may_speak(now_s=3.0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"type": "dance"}', "does not match any of the expected tags"),
        ('{"page": "aaaaaaaaaaaaaaaa"}', "Unable to extract tag"),
        ('{"type": "join", "page": "x", "microphone": "on", "camera": "on"}', "join.page"),
        (
            '{"type": "join", "page": "aaaaaaaaaaaaaaaa", "microphone": "loud", "camera": "on"}',
            "join.microphone",
        ),
        ('{"type": "answer", "leg": "aaaaaaaaaaaaaaaa", "sdp": ""}', "answer.sdp"),
        ('{"type": "photo", "photo": "../../etc/passwd"}', "photo.photo"),
        ('{"type": "peer", "microphone": "on"}', "peer.camera"),
        ("[" * 10_000, "Invalid JSON"),
        (" " * (TEXT_MAX_CHARS + 1), "the limit is"),
    ],
)
def test_what_a_page_cannot_say_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(PageRefusedError, match=why):
        parse_page_message(text)


def test_what_a_page_says_is_read_and_what_a_newer_one_adds_is_ignored() -> None:
    join = {"type": "join", "page": "a" * 16, "microphone": "on", "camera": "off", "mood": "good"}
    assert parse_page_message(json.dumps(join)) == PageJoin(
        type="join", page="a" * 16, microphone="on", camera="off"
    )
    answer = parse_page_message(json.dumps({"type": "answer", "leg": "b" * 16, "sdp": "v=0\r\n" * 2_000}))
    assert isinstance(answer, PageAnswer)
