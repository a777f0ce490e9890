"""By which port a box comes: found, kept, and left again without going to and fro."""

from edge.uplink.doors import HELD_S, LOOK_FIRST_S, LOOK_MAX_S, Doors

ORDINARY, FRONT = 8883, 443


def at_front(*, now_s: float = 0.0) -> Doors:
    doors = Doors(ORDINARY, FRONT)
    doors.on_up(FRONT, now_s=now_s)
    return doors


def test_where_there_is_no_front_there_is_nothing_to_choose() -> None:
    doors = Doors(ORDINARY, None)
    for _ in range(3):
        assert doors.order() == (ORDINARY,)
        doors.on_failed(ORDINARY, was_open=True)
    doors.on_up(ORDINARY, now_s=1.0)
    assert doors.look_in_s(now_s=2.0) is None


def test_a_box_that_knows_nothing_looks_which_opens_and_prefers_the_ordinary_one() -> None:
    assert Doors(ORDINARY, FRONT).order() == (ORDINARY, FRONT)
    assert Doors(ORDINARY, FRONT, last=22).order() == (ORDINARY, FRONT)  # of another hub


def test_the_one_that_worked_last_is_tried_first_and_alone() -> None:
    assert Doors(ORDINARY, FRONT, last=FRONT).order() == (FRONT,)
    assert Doors(ORDINARY, FRONT, last=ORDINARY).order() == (ORDINARY,)
    assert at_front().order() == (FRONT,)
    assert at_front().last == FRONT


def test_after_a_try_that_led_nowhere_it_looks_which_opens_the_same_first() -> None:
    doors = Doors(ORDINARY, FRONT, last=ORDINARY)
    doors.on_failed(ORDINARY, was_open=False)
    assert doors.order() == (ORDINARY, FRONT)
    doors = at_front()
    doors.on_failed(FRONT, was_open=False)
    assert doors.order() == (FRONT, ORDINARY)
    doors.on_up(FRONT, now_s=9.0)
    assert doors.order() == (FRONT,)


def test_one_that_opens_and_leads_nowhere_loses_its_turn() -> None:
    doors = Doors(ORDINARY, FRONT, last=ORDINARY)
    doors.on_failed(ORDINARY, was_open=True)  # a network that answers for everybody, and lets nothing pass
    assert doors.order() == (FRONT, ORDINARY)
    doors.on_failed(FRONT, was_open=True)
    assert doors.order() == (ORDINARY, FRONT)


def test_at_the_front_it_looks_for_the_ordinary_one_ever_more_seldom() -> None:
    doors, now_s, waits = at_front(), 0.0, []
    for _ in range(9):
        wait_s = doors.look_in_s(now_s=now_s)
        assert wait_s is not None
        waits.append(wait_s)
        now_s += wait_s
        doors.on_looked(leads_to_hub=False, now_s=now_s)
    assert waits == [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0, 3600.0]
    assert (LOOK_FIRST_S, LOOK_MAX_S) == (60.0, 3600.0)
    assert doors.order() == (FRONT,)


def test_another_connection_at_the_front_does_not_put_the_look_off() -> None:
    doors = at_front()
    doors.on_up(FRONT, now_s=50.0)
    assert doors.look_in_s(now_s=55.0) == 5.0


def test_it_goes_back_when_the_ordinary_one_leads_to_the_hub_again() -> None:
    doors = at_front()
    doors.on_looked(leads_to_hub=True, now_s=60.0)
    assert doors.order() == (ORDINARY,)
    doors.on_up(ORDINARY, now_s=61.0)
    assert doors.look_in_s(now_s=61.0) is None
    assert doors.last == ORDINARY


def test_who_went_back_too_early_waits_twice_as_long_and_who_did_not_begins_anew() -> None:
    doors, now_s, waits = at_front(), 0.0, []
    for held_s in (10.0, 10.0, HELD_S + 1, 10.0):
        wait_s = doors.look_in_s(now_s=now_s)
        assert wait_s is not None
        waits.append(wait_s)
        now_s += wait_s
        doors.on_looked(leads_to_hub=True, now_s=now_s)
        doors.on_up(ORDINARY, now_s=now_s)
        now_s += held_s
        doors.on_failed(ORDINARY, was_open=True)
        assert doors.order() == (FRONT, ORDINARY)
        doors.on_up(FRONT, now_s=now_s)
    assert waits == [60.0, 120.0, 240.0, 60.0]
    assert doors.look_in_s(now_s=now_s) == 120.0
