from contract.limits import PARCEL_LARGE_BYTES, PARCEL_SMALL_BYTES
from edge.uplink.window import PARCEL_IN_CALL_BYTES, WINDOW_MAX_BYTES, WINDOW_MIN_BYTES, Window


def acknowledge(window: Window, *delays_s: float, size_bytes: int = 4_096, now_s: float = 0.0) -> float:
    """Send and acknowledge one parcel after the other; return the time after the last."""
    for delay_s in delays_s:
        window.on_sent(size_bytes)
        sent_s, now_s = now_s, now_s + delay_s
        window.on_acknowledged(size_bytes, sent_s=sent_s, now_s=now_s)
    return now_s


def test_a_full_window_has_no_room_until_a_puback() -> None:
    window = Window()
    for _ in range(4):
        assert window.has_room()
        window.on_sent(PARCEL_SMALL_BYTES)
    assert not window.has_room()
    window.on_acknowledged(PARCEL_SMALL_BYTES, sent_s=0.0, now_s=0.1)
    assert window.has_room()


def test_a_link_that_answers_evenly_gets_more_up_to_a_limit() -> None:
    window = Window()
    acknowledge(window, *[0.05] * 10)
    assert window.limit_bytes == 4 * PARCEL_SMALL_BYTES + 10 * 2_048
    acknowledge(window, *[0.05] * 1_000)
    assert window.limit_bytes == WINDOW_MAX_BYTES


def test_a_queue_of_a_tenth_of_a_second_halves_the_window_once_a_round_trip() -> None:
    window = Window()
    now_s = acknowledge(window, 0.05, now_s=10.0)
    before = window.limit_bytes
    window.on_acknowledged(100, sent_s=now_s, now_s=now_s + 0.16)
    assert window.limit_bytes == before // 2
    window.on_acknowledged(100, sent_s=now_s + 0.01, now_s=now_s + 0.17)
    assert window.limit_bytes == before // 2


def test_the_window_never_falls_below_one_small_parcel() -> None:
    window = Window()
    now_s = acknowledge(window, 0.05, now_s=10.0)
    for _ in range(20):
        now_s = acknowledge(window, 2.0, now_s=now_s)
    assert window.limit_bytes == WINDOW_MIN_BYTES
    assert window.has_room()


def test_parcels_are_small_until_the_link_is_known_to_be_fast() -> None:
    window = Window()
    assert window.parcel_bytes == PARCEL_SMALL_BYTES
    acknowledge(window, *[0.6] * 5)
    assert window.parcel_bytes == PARCEL_LARGE_BYTES  # 26 kB in 0.6 s: 350 kbit/s
    slow = Window()
    acknowledge(slow, *[1.5] * 5, size_bytes=500)
    assert slow.parcel_bytes == PARCEL_SMALL_BYTES  # 16 kB in 1.5 s: 90 kbit/s


def test_in_a_call_parcels_are_a_step_smaller() -> None:
    window = Window()
    window.is_in_call = True
    assert window.parcel_bytes == PARCEL_IN_CALL_BYTES
    acknowledge(window, *[0.05] * 10)
    assert window.parcel_bytes == PARCEL_SMALL_BYTES  # the link is wide
    window.is_in_call = False
    assert window.parcel_bytes == PARCEL_LARGE_BYTES


def test_in_a_call_a_queue_of_thirty_milliseconds_halves_the_window_down_to_one_parcel() -> None:
    window = Window()
    window.is_in_call = True
    now_s = acknowledge(window, 0.05, now_s=10.0)
    before = window.limit_bytes
    now_s = acknowledge(window, 0.08, now_s=now_s)
    assert window.limit_bytes == before // 2
    for _ in range(20):
        now_s = acknowledge(window, 0.5, now_s=now_s)
    assert window.limit_bytes == PARCEL_IN_CALL_BYTES


def test_a_new_connection_starts_carefully_and_with_nothing_in_flight() -> None:
    window = Window()
    acknowledge(window, *[0.05] * 100)
    window.on_sent(5_000)
    window.on_connected()
    assert (window.in_flight_bytes, window.limit_bytes) == (0, 4 * PARCEL_SMALL_BYTES)


def test_a_new_route_s_delay_is_taken_for_normal_after_ten_minutes() -> None:
    window = Window()
    now_s = acknowledge(window, 0.05, now_s=0.0)
    now_s = acknowledge(window, 0.6, now_s=now_s)
    shrunk = window.limit_bytes
    acknowledge(window, 0.6, now_s=now_s + 601.0)
    assert window.limit_bytes > shrunk
