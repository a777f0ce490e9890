"""Presses: each told once, none lost, acknowledged only as far as it came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board.buttons import MAX_BEHIND, MAX_BOOTS, MAX_RAISED_AT_ONCE, MAX_UNSTORED, PressBook
from firmware_bridge.board.messages import AckLevel, BoardEvent, EventAck, EventKind, EventSource
from firmware_bridge.events import ButtonPressed, PressIdentity, PressKind

UID = b"HD000001"
BOOT = 0xBEEF
OLD_BOOT = 0x0BAD


def press(count: int, *, boot: int = BOOT, kind: EventKind = EventKind.PRESS) -> BoardEvent:
    return BoardEvent(100 + count, EventSource.CALL_BUTTON, kind, 1, 0, count, boot)


def told(book: PressBook, event: BoardEvent, *, is_current: bool = True) -> list[int]:
    raised, _ = book.on_press(UID, event, is_current=is_current, box_t_us=0)
    return [p.press_count for p in raised]


def test_a_press_is_told_once_and_acknowledged_as_received() -> None:
    book = PressBook({})
    raised, ack = book.on_press(UID, press(1), is_current=True, box_t_us=77)
    assert raised == [ButtonPressed(UID, BOOT, 1, 101, 77, PressKind.PRESS)]
    assert ack == EventAck(101, BOOT, AckLevel.RECEIVED)
    raised, ack = book.on_press(UID, press(1), is_current=True, box_t_us=99)
    assert raised == []
    assert ack == EventAck(101, BOOT, AckLevel.RECEIVED)


def test_level_2_is_said_only_after_the_caller_stored_the_press() -> None:
    book = PressBook({})
    (raised,), _ = book.on_press(UID, press(1), is_current=True, box_t_us=0)
    assert book.advance(raised.identity, AckLevel.STORED) == EventAck(101, BOOT, AckLevel.STORED)
    _, ack = book.on_press(UID, press(1), is_current=True, box_t_us=0)
    assert ack == EventAck(101, BOOT, AckLevel.STORED)
    assert book.advance(raised.identity, AckLevel.SHOWN) == EventAck(101, BOOT, AckLevel.SHOWN)
    assert book.advance(raised.identity, AckLevel.STORED) is None


def test_a_heartbeat_ahead_tells_the_presses_whose_events_were_lost() -> None:
    book = PressBook({})
    raised = book.on_count(UID, BOOT, 2, box_t_us=5)
    assert [(p.press_count, p.event_id) for p in raised] == [(1, None), (2, None)]
    assert book.on_count(UID, BOOT, 2, box_t_us=6) == []


def test_an_event_that_comes_after_its_heartbeat_is_the_same_press() -> None:
    book = PressBook({})
    (raised,) = book.on_count(UID, BOOT, 1, box_t_us=0)
    assert book.advance(raised.identity, AckLevel.STORED) is None  # no event to acknowledge yet
    again, ack = book.on_press(UID, press(1), is_current=True, box_t_us=0)
    assert again == []
    assert ack == EventAck(101, BOOT, AckLevel.STORED)


def test_an_event_tells_the_presses_before_it_that_were_lost() -> None:
    book = PressBook({})
    assert told(book, press(3)) == [1, 2, 3]
    assert told(book, press(2)) == []


def test_what_was_stored_before_a_restart_of_the_box_is_not_told_again() -> None:
    book = PressBook({UID: (BOOT, 3)})
    book.begin_boot(UID, BOOT)
    assert book.on_count(UID, BOOT, 3, box_t_us=0) == []
    raised, ack = book.on_press(UID, press(3), is_current=True, box_t_us=0)
    assert raised == []
    assert ack == EventAck(103, BOOT, AckLevel.STORED)
    assert told(book, press(4)) == [4]


def test_a_new_boot_counts_from_zero() -> None:
    book = PressBook({UID: (OLD_BOOT, 3)})
    book.begin_boot(UID, BOOT)
    assert [p.press_count for p in book.on_count(UID, BOOT, 1, box_t_us=0)] == [1]


def test_a_press_of_the_boot_before_a_reset_comes_late_and_is_told() -> None:
    book = PressBook({UID: (OLD_BOOT, 3)})
    book.begin_boot(UID, BOOT)
    assert told(book, press(4, boot=OLD_BOOT), is_current=False) == [4]
    assert told(book, press(3, boot=OLD_BOOT), is_current=False) == []


def test_of_a_boot_nobody_knows_only_the_presses_that_come_are_told_in_any_order() -> None:
    book = PressBook({})
    book.begin_boot(UID, BOOT)
    assert told(book, press(9, boot=OLD_BOOT), is_current=False) == [9]
    assert told(book, press(7, boot=OLD_BOOT), is_current=False) == [7]
    assert told(book, press(9, boot=OLD_BOOT), is_current=False) == []


def test_a_press_shown_before_the_board_is_back_is_not_told_again() -> None:
    book = PressBook({})
    book.advance(PressIdentity(UID, BOOT, 1), AckLevel.SHOWN)
    book.begin_boot(UID, BOOT)
    assert [p.press_count for p in book.on_count(UID, BOOT, 2, box_t_us=0)] == [2]


def test_a_button_that_is_down_at_boot_is_a_press() -> None:
    book = PressBook({})
    (raised,), _ = book.on_press(UID, press(1, kind=EventKind.PRESSED_AT_BOOT), is_current=True, box_t_us=0)
    assert raised.kind is PressKind.PRESSED_AT_BOOT


def test_of_an_earlier_boot_the_last_stored_press_says_nothing_of_those_before_it() -> None:
    book = PressBook({UID: (OLD_BOOT, 5)})  # 4 was damaged on the wire when the box was killed
    book.begin_boot(UID, BOOT)
    raised, ack = book.on_press(UID, press(4, boot=OLD_BOOT), is_current=False, box_t_us=0)
    assert [p.press_count for p in raised] == [4]
    assert ack == EventAck(104, OLD_BOOT, AckLevel.RECEIVED)


def test_a_boot_that_by_chance_bears_the_name_of_an_earlier_one_has_presses_of_its_own() -> None:
    book = PressBook({})
    for boot in (BOOT, OLD_BOOT, BOOT):
        book.begin_boot(UID, boot)
        assert told(book, press(1, boot=boot)) == [1]
        book.advance(PressIdentity(UID, boot, 1), AckLevel.STORED)


def test_a_count_that_nobody_can_have_pressed_tells_the_latest_and_counts_the_rest() -> None:
    book, told_counts = PressBook({}), list[int]()
    while raised := book.on_count(UID, BOOT, (1 << 32) - 1, box_t_us=0):
        assert len(raised) <= MAX_RAISED_AT_ONCE
        told_counts += [p.press_count for p in raised]
    assert told_counts == list(range((1 << 32) - MAX_BEHIND, 1 << 32))
    assert book.skipped_presses == (1 << 32) - 1 - MAX_BEHIND


def test_more_presses_than_the_ring_holds_while_no_cable_was_in_are_all_told_in_order() -> None:
    book, told_counts = PressBook({}), list[int]()
    for _ in range(4):
        raised, ack = book.on_press(UID, press(40), is_current=True, box_t_us=0)
        told_counts += [p.press_count for p in raised]
    assert told_counts == list(range(1, 41))
    assert ack == EventAck(140, BOOT, AckLevel.RECEIVED)
    assert book.skipped_presses == 0


def test_presses_that_nobody_stores_stay_with_the_board() -> None:
    book = PressBook({})
    for count in range(1, MAX_UNSTORED + 1):
        assert told(book, press(count)) == [count]
    raised, ack = book.on_press(UID, press(MAX_UNSTORED + 1), is_current=True, box_t_us=0)
    assert (raised, ack) == ([], None)
    assert book.on_count(UID, BOOT, MAX_UNSTORED + 1, box_t_us=0) == []
    book.advance(PressIdentity(UID, BOOT, 1), AckLevel.STORED)
    assert told(book, press(MAX_UNSTORED + 1)) == [MAX_UNSTORED + 1]


def test_years_of_presses_and_resets_stay_bounded() -> None:
    book = PressBook({})
    for boot in range(1, 4 * MAX_BOOTS):
        book.begin_boot(UID, boot)
        for count in range(1, 10):
            assert told(book, press(count, boot=boot)) == [count]
            book.advance(PressIdentity(UID, boot, count), AckLevel.STORED)
    assert book.remembered_boots <= MAX_BOOTS


def test_a_stored_press_that_was_forgotten_is_still_known_as_stored() -> None:
    book = PressBook({})
    for count in range(1, 1000):
        told(book, press(count))
        book.advance(PressIdentity(UID, BOOT, count), AckLevel.STORED)
    raised, ack = book.on_press(UID, press(1), is_current=True, box_t_us=0)
    assert raised == []
    assert ack is not None
    assert ack.level == AckLevel.STORED


@given(
    st.lists(st.tuples(st.sampled_from(["event", "beat"]), st.integers(1, 12)), max_size=60),
    st.integers(0, 5),
)
def test_whatever_arrives_every_press_is_told_once(seen: list[tuple[str, int]], stored: int) -> None:
    book = PressBook({UID: (BOOT, stored)})
    book.begin_boot(UID, BOOT)
    counts: list[int] = []
    for what, count in seen:
        if what == "event":
            counts += told(book, press(count))
        else:
            counts += [p.press_count for p in book.on_count(UID, BOOT, count, box_t_us=0)]
    top = max([count for _, count in seen], default=0)
    assert counts == list(range(stored + 1, top + 1))


@pytest.mark.parametrize("level", [AckLevel.STORED, AckLevel.SHOWN])
def test_a_press_nobody_told_of_can_be_marked(level: AckLevel) -> None:
    assert PressBook({}).advance(PressIdentity(UID, BOOT, 1), level) is None
