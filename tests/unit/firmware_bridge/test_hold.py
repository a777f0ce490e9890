from firmware_bridge.events import ButtonHeld, ButtonHeldOn, PressIdentity
from firmware_bridge.hold import Hold

S = 1_000_000
FIRST, SECOND = PressIdentity(b"board", 7, 1), PressIdentity(b"board", 7, 2)


def pressed() -> Hold:
    hold = Hold()
    hold.pressed(FIRST, at_us=10 * S, is_known_since=True)
    return hold


def test_a_button_seen_down_two_seconds_after_its_press_is_held_once() -> None:
    hold = pressed()
    assert hold.due_us == 12 * S
    assert hold.seen_down(FIRST, at_us=12 * S - 1) == []
    assert hold.seen_down(FIRST, at_us=12 * S) == [ButtonHeld(b"board", 7, 1, 12 * S)]
    assert hold.seen_down(FIRST, at_us=13 * S) == []
    assert hold.released(FIRST, at_us=14 * S) == []


def test_a_release_says_itself_whether_the_button_was_held() -> None:
    assert pressed().released(FIRST, at_us=12 * S - 1) == []
    assert pressed().released(FIRST, at_us=12 * S) == [ButtonHeld(b"board", 7, 1, 12 * S)]
    assert pressed().released(SECOND, at_us=20 * S) == []


def test_a_button_that_is_held_on_is_told_again_after_ten_seconds_and_no_more() -> None:
    hold = pressed()
    assert hold.seen_down(FIRST, at_us=12 * S) == [ButtonHeld(b"board", 7, 1, 12 * S)]
    assert hold.due_us == 20 * S
    assert hold.seen_down(FIRST, at_us=20 * S - 1) == []
    assert hold.seen_down(FIRST, at_us=20 * S) == [ButtonHeldOn(b"board", 7, 1, 20 * S)]
    assert hold.due_us is None
    assert hold.seen_down(FIRST, at_us=60 * S) == []


def test_the_emergency_is_told_before_the_self_test_also_where_both_are_learned_at_once() -> None:
    both = [ButtonHeld(b"board", 7, 1, 21 * S), ButtonHeldOn(b"board", 7, 1, 21 * S)]
    assert pressed().released(FIRST, at_us=21 * S) == both
    assert pressed().seen_down(FIRST, at_us=21 * S) == both


def test_the_next_press_begins_its_own_hold() -> None:
    hold = pressed()
    hold.pressed(SECOND, at_us=11 * S, is_known_since=True)
    assert hold.seen_down(SECOND, at_us=12 * S) == []
    assert hold.seen_down(SECOND, at_us=13 * S) != []


def test_a_press_that_only_a_level_tells_of_counts_from_then_on_and_a_later_word_makes_it_earlier() -> None:
    hold = Hold()
    assert hold.seen_down(FIRST, at_us=11 * S) == []
    hold.pressed(FIRST, at_us=10 * S, is_known_since=True)
    assert hold.seen_down(FIRST, at_us=12 * S) != []


def test_a_button_that_was_found_down_is_held_by_nobody() -> None:
    hold = Hold()
    hold.pressed(FIRST, at_us=0, is_known_since=False)
    assert hold.due_us is None
    assert hold.seen_down(FIRST, at_us=60 * S) == []
