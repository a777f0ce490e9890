"""Handovers as a journal tells them: literal lines."""

import json

from hub.calls.handovers import HandedOver, Offer, handed_over, standing_offer
from hub.store.interface import JournalLine


def line(at_us: int, by: str | None, input_: str, **said: object) -> JournalLine:
    return JournalLine(
        utc_us=at_us,
        by=by,
        input=input_,
        from_state="CALLBACK",
        to_state="CALLBACK",
        detail=json.dumps(said, ensure_ascii=False) if said else None,
    )


JOURNAL = (
    line(1, "Lan", "ASK", kind="transfer", to="Minh", note="no handover"),
    line(2, "Lan", "ASK", kind="handover", to="Minh", note="gọi lại lúc 15 giờ"),
    line(3, None, "ASK_OVER", to="Minh"),
    line(4, "Lan", "ASK", kind="handover", to="*"),
    line(5, "Hoa", "HANDED_OVER", owner="Hoa"),
    line(6, "Hoa", "ASK", kind="handover", to="Minh", note="đã gọi hai lần"),
    line(7, "Minh", "HANDED_OVER", owner="Minh"),
)


def test_the_newest_offer_stands_with_its_words() -> None:
    assert standing_offer(JOURNAL[:3]) == Offer(by="Lan", to="Minh", note="gọi lại lúc 15 giờ", utc_us=2)
    assert standing_offer(JOURNAL[:1]) is None


def test_each_change_of_hands_names_who_gave_who_took_and_what_was_written() -> None:
    assert handed_over(JOURNAL) == [
        HandedOver(to="Hoa", utc_us=5, state="CALLBACK", offer=Offer(by="Lan", to="*", note="", utc_us=4)),
        HandedOver(
            to="Minh",
            utc_us=7,
            state="CALLBACK",
            offer=Offer(by="Hoa", to="Minh", note="đã gọi hai lần", utc_us=6),
        ),
    ]
    assert handed_over(JOURNAL[:4]) == []
