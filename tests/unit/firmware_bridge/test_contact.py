from firmware_bridge.contacts.contact import RELEASE_STABLE_S, STUCK_S, Contact, Edge, uid_of
from firmware_bridge.events import (
    ButtonFault,
    ButtonFaultKind,
    ButtonHeld,
    ButtonHeldOn,
    ButtonPressed,
    ButtonReleased,
    Event,
    PressKind,
)

PLACE = "gpiochip0:17"


def contact(*, boot: int = 3, last: tuple[int, int] | None = None) -> Contact:
    return Contact(PLACE, boot=boot, last_presses={} if last is None else {uid_of(PLACE): last})


def presses(events: list[Event]) -> list[tuple[int, int]]:
    return [(e.origin_boot_id, e.press_count) for e in events if isinstance(e, ButtonPressed)]


def test_the_first_edge_is_the_press_and_its_time_is_the_edges() -> None:
    button = contact()
    assert button.opened(is_down=False, now_s=1.0) == []
    [press] = button.on_edge(Edge(True, 0.25), now_s=10.25)
    assert isinstance(press, ButtonPressed)
    assert (press.identity, press.box_t_us) == ((uid_of(PLACE), 3, 1), 10_000_000)
    assert press.kind is PressKind.PRESS


def test_bouncing_is_one_press_and_one_release() -> None:
    button = contact()
    button.opened(is_down=False, now_s=0.0)
    events: list[Event] = []
    for at_s, is_down in (
        (1.0, True),
        (1.002, False),
        (1.004, True),
        (1.5, False),
        (1.503, True),
        (1.506, False),
    ):
        events += button.on_edge(Edge(is_down, 0.0), now_s=at_s)
    assert presses(events) == [(3, 1)]
    assert button.next_wake_s == 1.506 + RELEASE_STABLE_S
    assert [type(one) for one in button.tick(now_s=1.6)] == [ButtonReleased]


def test_a_second_press_counts_even_when_both_edges_are_read_late() -> None:
    button = contact()
    button.opened(is_down=False, now_s=0.0)
    events = button.on_edge(Edge(True, 0.3), now_s=2.0)
    events += button.on_edge(Edge(False, 0.2), now_s=2.0)
    events += button.on_edge(Edge(True, 0.1), now_s=2.0)
    assert presses(events) == [(3, 1), (3, 2)]
    assert [type(one) for one in events] == [ButtonPressed, ButtonReleased, ButtonPressed]


def test_a_button_that_is_down_at_the_start_is_a_press() -> None:
    [press] = contact().opened(is_down=True, now_s=5.0)
    assert isinstance(press, ButtonPressed)
    assert press.kind is PressKind.PRESSED_AT_BOOT


def test_the_count_goes_on_after_a_restart_and_begins_anew_in_another_boot() -> None:
    for last, expected in (((3, 7), (3, 8)), ((2, 7), (3, 1)), (None, (3, 1))):
        assert presses(contact(last=last).opened(is_down=True, now_s=5.0)) == [expected]


def test_a_button_that_is_held_is_told_after_two_seconds_and_after_ten_once_each() -> None:
    button = contact()
    button.opened(is_down=False, now_s=0.0)
    [press] = button.on_edge(Edge(True, 0.0), now_s=1.0)
    assert isinstance(press, ButtonPressed)
    assert button.next_wake_s == 3.0
    assert button.tick(now_s=2.999) == []
    assert button.tick(now_s=3.0) == [ButtonHeld(*press.identity, 3_000_000)]
    assert button.next_wake_s == 11.0
    assert button.tick(now_s=10.999) == []
    assert button.tick(now_s=11.0) == [ButtonHeldOn(*press.identity, 11_000_000)]
    assert button.next_wake_s == 1.0 + STUCK_S
    button.on_edge(Edge(False, 0.0), now_s=14.0)
    assert [type(one) for one in button.tick(now_s=14.1)] == [ButtonReleased]


def test_a_loop_that_was_late_takes_no_short_press_for_a_held_one() -> None:
    button = contact()
    button.opened(is_down=False, now_s=0.0)
    events = button.on_edge(Edge(True, 5.0), now_s=6.0)
    events += button.on_edge(Edge(False, 4.0), now_s=6.0)
    events += button.tick(now_s=6.0)
    assert [type(one) for one in events] == [ButtonPressed, ButtonReleased]
    long = button.on_edge(Edge(True, 5.0), now_s=16.0)
    long += button.on_edge(Edge(False, 2.0), now_s=16.0)
    long += button.tick(now_s=16.0)
    assert [type(one) for one in long] == [ButtonPressed, ButtonHeld, ButtonReleased]


def test_a_button_that_is_down_at_the_start_is_held_by_nobody() -> None:
    button = contact()
    button.opened(is_down=True, now_s=0.0)
    assert button.next_wake_s == STUCK_S
    assert button.tick(now_s=10.0) == []


def test_a_stuck_button_is_told_once_and_taken_back_when_it_comes_up() -> None:
    button = contact()
    button.opened(is_down=True, now_s=0.0)
    assert button.tick(now_s=STUCK_S - 0.1) == []
    stuck = [*button.tick(now_s=STUCK_S), *button.tick(now_s=STUCK_S + 9)]
    assert stuck == [ButtonFault(button.uid, ButtonFaultKind.STUCK, round(STUCK_S * 1e6))]
    button.on_edge(Edge(False, 0.0), now_s=50.0)
    released, fault = button.tick(now_s=51.0)
    assert isinstance(released, ButtonReleased)
    assert fault == ButtonFault(button.uid, None, 51_000_000)


def test_two_places_are_two_buttons() -> None:
    assert uid_of(PLACE) != uid_of("gpiochip0:18")
