import pytest

from edge.factory.request import Request, Unsent, parse_request, refusal_of

ALL_SENT = Unsent()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("con-dao-01\n", Request("con-dao-01")),
        ("\ufeff con-dao-01 \r\n\r\nLOSE 123\r\n", Request("con-dao-01", "123")),
        ("con-dao-01\nlose all", Request("con-dao-01", "all")),
        ("con-dao-01\nlose\nlose some\nlose -1", Request("con-dao-01")),
        ("lose 5", Request("lose 5")),
        ("", Request("")),
    ],
)
def test_a_request_is_a_station_and_what_may_be_lost(text: str, expected: Request) -> None:
    assert parse_request(text) == expected


def test_another_station_s_request_does_nothing() -> None:
    refusal = refusal_of(Request("con-dao-02"), station="con-dao-01", unsent=ALL_SENT)
    assert "this box is con-dao-01, the file names con-dao-02" in refusal
    assert "names none" in refusal_of(Request(""), station="con-dao-01", unsent=ALL_SENT)


def test_what_the_hub_has_asks_no_second_time() -> None:
    assert refusal_of(Request("con-dao-01"), station="con-dao-01", unsent=ALL_SENT) == ""


@pytest.mark.parametrize(
    ("lose", "is_done"), [("", False), ("122", False), ("123", True), ("9999", True), ("all", True)]
)
def test_records_that_the_hub_lacks_are_lost_only_by_a_word_that_says_how_many(
    lose: str, is_done: bool
) -> None:
    refusal = refusal_of(Request("a-1", lose), station="a-1", unsent=Unsent(records=123))
    assert (refusal == "") is is_done
    assert is_done or "123 records that the hub does not have" in refusal
    assert is_done or "lose 123" in refusal


@pytest.mark.parametrize(("lose", "is_done"), [("", False), ("123", False), ("99999", False), ("all", True)])
def test_where_nobody_can_say_how_many_only_all_is_enough(lose: str, is_done: bool) -> None:
    refusal = refusal_of(Request("a-1", lose), station="a-1", unsent=Unsent(records=123, unread=1))
    assert (refusal == "") is is_done
    assert is_done or "1 damaged files" in refusal
