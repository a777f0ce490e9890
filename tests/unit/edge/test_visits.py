import pytest

from contract.ids import NO_VISIT, BootId, VisitNo
from edge.capture.visits import Closed, Opened, Visits

BOOT = BootId(4)
ECG, FINGER = "board leads", "oximeter probe"


def seen(*, now_s: float = 100.0) -> Visits:
    """Somebody is being seen, with sensors on."""
    visits = Visits()
    assert visits.signal(ECG, now_s=now_s) == [Opened(VisitNo(1), "signal")]
    return visits


def test_the_first_signal_opens_a_visit_and_the_next_one_belongs_to_it() -> None:
    visits = seen()
    assert visits.signal(ECG, now_s=101.0) == []
    assert visits.current == visits.measured() == 1


def test_a_press_opens_a_visit_and_a_press_during_one_does_not() -> None:
    visits = Visits()
    assert visits.press(now_s=5.0) == [Opened(VisitNo(1), "button")]
    assert visits.press(now_s=6.0) == []
    assert visits.signal(ECG, now_s=7.0) == []


def test_after_next_person_a_signal_counts_only_when_the_sensors_were_off_once() -> None:
    visits = seen()
    assert visits.next_person(now_s=20.0) == [Closed(VisitNo(1), "next person")]
    assert visits.signal(ECG, now_s=102.0) == []
    assert visits.current == NO_VISIT
    visits.sensor_off(ECG)
    assert visits.signal(ECG, now_s=103.0) == [Opened(VisitNo(2), "signal")]


def test_after_next_person_a_visit_opened_by_the_button_measures_nobody_until_the_sensors_were_off() -> None:
    visits = seen()
    visits.next_person(now_s=20.0)
    assert visits.press(now_s=101.0) == [Opened(VisitNo(2), "button")]
    assert (visits.current, visits.measured()) == (2, NO_VISIT)
    visits.sensor_off(ECG)
    assert visits.measured() == 2


def test_a_board_that_went_does_not_count_as_sensors_taken_off() -> None:
    visits = seen()
    visits.next_person(now_s=20.0)
    visits.lost_sight(ECG)
    assert visits.signal(ECG, now_s=110.0) == []


def test_next_person_with_the_sensors_off_takes_the_next_signal() -> None:
    visits = seen()
    visits.sensor_off(ECG)
    visits.next_person(now_s=20.0)
    assert visits.signal(ECG, now_s=200.0) == [Opened(VisitNo(2), "signal")]


def test_next_person_when_nobody_is_seen_closes_nothing() -> None:
    assert Visits().next_person(now_s=20.0) == []


def test_all_sensors_off_for_two_minutes_asks_and_for_thirty_closes() -> None:
    visits = seen(now_s=100.0)
    visits.sensor_off(ECG)
    assert not visits.asks(now_s=219.9)
    assert visits.asks(now_s=220.0)
    assert visits.tick(now_s=1899.9) == []
    assert visits.tick(now_s=1900.0) == [Closed(VisitNo(1), "sensors off 30 min")]
    assert not visits.asks(now_s=1900.0)


def test_a_visit_with_sensors_on_lasts_as_long_as_they_are() -> None:
    visits = seen(now_s=100.0)
    assert visits.tick(now_s=1e6) == []
    assert not visits.asks(now_s=1e6)


def test_a_press_starts_the_thirty_minutes_again() -> None:
    visits = seen(now_s=100.0)
    visits.sensor_off(ECG)
    visits.press(now_s=1800.0)
    assert visits.tick(now_s=1900.0) == []


def test_a_restart_in_the_same_boot_goes_on_with_the_visit() -> None:
    visits = Visits.restored(seen().saved(boot=BOOT))
    assert visits.current == 1
    assert visits.signal(ECG, now_s=130.0) == []


def test_a_restart_in_the_same_boot_still_waits_for_the_sensors_to_come_off() -> None:
    before = seen()
    before.next_person(now_s=20.0)
    visits = Visits.restored(before.saved(boot=BOOT))
    assert visits.signal(ECG, now_s=130.0) == []
    visits.sensor_off(ECG)
    assert visits.signal(ECG, now_s=131.0) == [Opened(VisitNo(2), "signal")]


def test_a_restart_of_the_box_closes_the_visit_and_its_number_is_not_given_again() -> None:
    visits = Visits.restored(seen().saved(boot=BOOT))
    assert visits.box_restarted() == [Closed(VisitNo(1), "box restarted")]
    assert visits.signal(ECG, now_s=1.0) == [Opened(VisitNo(2), "signal")]


def test_a_restart_of_the_box_with_nobody_there_closes_nothing() -> None:
    assert Visits().box_restarted() == []


@pytest.mark.parametrize("how", ["signal", "button"])
def test_how_a_visit_was_opened_is_known_after_a_restart(how: str) -> None:
    visits = Visits()
    visits.press(now_s=1.0) if how == "button" else visits.signal(ECG, now_s=1.0)
    assert Visits.restored(visits.saved(boot=BootId(1))).how == how
