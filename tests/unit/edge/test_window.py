"""The window in literal times: a link of 8 kB/s that answers after 0.6 s, unless said otherwise."""

import pytest

from contract.limits import PARCEL_LARGE_BYTES, PARCEL_SMALL_BYTES
from edge.uplink.link_estimate import Arrival, Flight
from edge.uplink.window import (
    ALONE_EVERY_S,
    FLOOR_BPS,
    PACE_LEAST,
    PARCEL_IN_CALL_BYTES,
    WINDOW_FIRST_BYTES,
    WINDOW_MAX_BYTES,
    WINDOW_MIN_BYTES,
    Window,
)

RATE = 8_000.0
EMPTY_S = 0.6
SIZE = PARCEL_SMALL_BYTES  # half a second of the link


class Line:
    """Says when the PUBACKs of parcels come; what is sent meanwhile queues."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.rate, self.empty_s = RATE, EMPTY_S
        self.now_s = 0.0
        self._free_s = 0.0
        self._coming: list[tuple[float, int]] = []
        self._messages = 0

    def send(self, size_bytes: int = SIZE) -> None:
        self._messages += 1
        self._free_s = max(self._free_s, self.now_s) + size_bytes / self.rate
        self._coming.append((self._free_s + self.empty_s, self._messages))
        self.window.on_sent(self._messages, size_bytes, now_s=self.now_s)

    def next_puback(self) -> None:
        at_s, message = self._coming.pop(0)
        self.now_s = max(self.now_s, at_s)
        self.window.on_acknowledged(message, now_s=self.now_s)

    def drain(self, seconds: float) -> None:
        """Send whenever there is room."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            while self.window.has_room(now_s=self.now_s):
                self.send()
            self.wait()

    def wait(self) -> None:
        """For room, or for a PUBACK."""
        room_s = self.window.next_room_s(now_s=self.now_s)
        if room_s is not None and (not self._coming or room_s < self._coming[0][0]):
            self.now_s = room_s
        else:
            self.next_puback()

    @property
    def queue_s(self) -> float:
        return max(0.0, self._free_s - self.now_s)


@pytest.fixture
def line() -> Line:
    return Line(Window())


def test_the_first_window_is_one_small_parcel(line: Line) -> None:
    assert line.window.has_room(now_s=0.0)
    line.send(PARCEL_SMALL_BYTES)
    assert not line.window.has_room(now_s=0.0)
    assert line.window.next_room_s(now_s=0.0) is None, "only a PUBACK can tell"
    line.next_puback()
    assert line.window.has_room(now_s=line.now_s)


def test_a_window_that_met_no_queue_is_doubled_once_a_round_trip(line: Line) -> None:
    line.rate = 1e9
    line.drain(0.5)
    assert line.window.limit_bytes == 2 * SIZE
    line.drain(0.7)
    assert 3 * SIZE <= line.window.limit_bytes <= 4 * SIZE
    line.drain(60.0)
    assert line.window.limit_bytes == WINDOW_MAX_BYTES


def test_a_window_that_nothing_waited_for_does_not_grow(line: Line) -> None:
    for _ in range(20):
        line.send(200)
        line.next_puback()
    assert line.window.limit_bytes == WINDOW_FIRST_BYTES


def test_the_window_comes_to_rest_at_a_tenth_of_a_second_of_queue(line: Line) -> None:
    line.drain(30.0)
    assert line.window.limit_bytes == pytest.approx(RATE * (EMPTY_S + 0.1), rel=0.05)
    assert line.window.rate == pytest.approx(RATE, rel=0.01)
    assert line.window.round_trip_s == pytest.approx(EMPTY_S + 0.1, abs=0.03)
    assert line.window.answer_s == pytest.approx(EMPTY_S + 0.1 + SIZE / RATE, abs=0.03)


def test_a_parcel_goes_when_the_one_before_it_is_nearly_through_and_not_at_its_puback(line: Line) -> None:
    line.drain(30.0)
    queues_s = []
    for _ in range(20):
        while not line.window.has_room(now_s=line.now_s):
            line.wait()
        queues_s.append(line.queue_s)
        line.send()
    assert max(queues_s) < 0.15
    assert min(queues_s) > 0.05


def test_parcels_of_all_sizes_meet_the_same_queue(line: Line) -> None:
    line.drain(30.0)
    before = line.window.limit_bytes
    for size_bytes in (500, 4_000, 1_500, 6_000, 300, 3_000) * 10:
        while not line.window.has_room(now_s=line.now_s):
            line.next_puback()
        line.send(size_bytes)
    assert line.window.limit_bytes == pytest.approx(before, rel=0.1)


def test_a_link_that_became_slower_gets_less_and_one_that_became_faster_more(line: Line) -> None:
    line.drain(30.0)
    line.rate = RATE / 2
    line.drain(30.0)
    assert line.window.limit_bytes == pytest.approx(RATE / 2 * (EMPTY_S + 0.1), rel=0.1)
    line.rate = RATE * 2
    line.drain(30.0)
    assert line.window.limit_bytes == pytest.approx(RATE * 2 * (EMPTY_S + 0.1), rel=0.1)


def test_a_route_that_became_longer_is_known_after_three_parcels_that_went_alone(line: Line) -> None:
    line.drain(30.0)
    line.empty_s = 1.2
    line.drain(8.0)
    assert line.window.limit_bytes < RATE * 0.6, "at first its delay looks like a queue"
    line.drain(20.0)
    assert line.window.limit_bytes == pytest.approx(RATE * (1.2 + 0.1), rel=0.3), "and then it is learned"
    line.drain(4 * ALONE_EVERY_S)
    assert line.window.limit_bytes == pytest.approx(RATE * (1.2 + 0.1), rel=0.1)


def test_a_parcel_goes_alone_every_two_minutes(line: Line) -> None:
    line.drain(30.0)
    while line._coming:
        line.next_puback()
    line.send(200)
    alone_s = line.now_s
    assert line.window.has_room(now_s=alone_s + 1.0)
    line.now_s = alone_s + 0.1
    line.send(200)
    assert line.window.has_room(now_s=alone_s + ALONE_EVERY_S - 1.0)
    assert not line.window.has_room(now_s=alone_s + ALONE_EVERY_S + 1.0)
    while line._coming:
        line.next_puback()
    assert line.window.has_room(now_s=alone_s + ALONE_EVERY_S + 1.0)


def test_the_start_goes_hardly_beyond_what_fills_the_link(line: Line) -> None:
    most_bytes = 0.0
    for _ in range(300):
        line.drain(0.1)
        most_bytes = max(most_bytes, line.window.limit_bytes)
    assert most_bytes < 1.5 * RATE * (EMPTY_S + 0.1)


def test_the_start_ends_where_something_had_to_be_repaired(line: Line) -> None:
    line.rate = 64_000.0
    line.drain(0.7)
    line.window.on_tcp(has_repaired=True, beyond_hole_bytes=0, queue_s=0.0, now_s=line.now_s)
    before = line.window.limit_bytes
    line.drain(5.0)
    quick = Line(Window())
    quick.rate = 64_000.0
    quick.drain(5.7)
    assert before < line.window.limit_bytes < quick.window.limit_bytes


def test_pubacks_that_a_busy_machine_hears_together_are_no_fast_link(line: Line) -> None:
    line.drain(30.0)
    for _ in range(10):
        while line.window.has_room(now_s=line.now_s):
            line.send()
        heard_s = line._coming[-1][0]
        line._coming = [(heard_s, message) for _, message in line._coming]
        while line._coming:
            line.next_puback()
    assert line.window.rate == pytest.approx(RATE, rel=0.3)


def test_what_tcp_repaired_is_no_queue(line: Line) -> None:
    line.drain(30.0)
    before = line.window.limit_bytes
    line.send()
    line.now_s += 3.0  # it was lost, and its repair too
    line._free_s = line.now_s
    line.window.on_tcp(has_repaired=True, beyond_hole_bytes=0, queue_s=0.1, now_s=line.now_s)
    while line._coming:
        line.next_puback()
    assert line.window.limit_bytes >= before
    assert line.window.rate == pytest.approx(RATE, rel=0.05)
    assert line.window.round_trip_s == pytest.approx(EMPTY_S + 0.1, abs=0.05)


def test_a_queue_that_tcp_sees_while_it_repairs_is_believed(line: Line) -> None:
    line.drain(30.0)
    before = line.window.limit_bytes
    for _ in range(4):
        line.send()
        line.window.on_tcp(has_repaired=True, beyond_hole_bytes=0, queue_s=1.5, now_s=line.now_s)
        while line._coming:
            line.next_puback()
    assert line.window.limit_bytes < before / 2


def test_what_arrived_behind_a_hole_makes_room(line: Line) -> None:
    line.drain(30.0)
    while line.window.has_room(now_s=line.now_s):
        line.send()
    line.window.on_tcp(has_repaired=True, beyond_hole_bytes=8_000, queue_s=0.1, now_s=line.now_s)
    assert line.window.has_room(now_s=line.now_s)


def test_a_puback_that_nobody_waits_for_changes_nothing(line: Line) -> None:
    line.drain(30.0)
    before = (line.window.limit_bytes, line.window.round_trip_s, line.window.rate)
    line.window.on_acknowledged(-7, now_s=line.now_s)
    assert (line.window.limit_bytes, line.window.round_trip_s, line.window.rate) == before


def test_parcels_are_small_until_the_link_is_known_to_be_fast(line: Line) -> None:
    assert line.window.parcel_bytes == PARCEL_SMALL_BYTES
    line.drain(10.0)
    assert line.window.parcel_bytes == PARCEL_SMALL_BYTES  # 64 kbit/s
    fast = Line(Window())
    fast.rate = 64_000.0
    fast.drain(10.0)
    assert fast.window.parcel_bytes == PARCEL_LARGE_BYTES  # 512 kbit/s


def test_a_call_over_a_path_that_takes_seconds_does_not_starve_what_is_live(line: Line) -> None:
    line.empty_s = 4.0
    for _ in range(3):
        line.send()
        line.next_puback()
    line.window.share(is_in_call=True)
    line.send()
    sent_s = line.now_s
    line.next_puback()
    room_s = line.window.next_room_s(now_s=line.now_s)
    assert (room_s or line.now_s) - sent_s < max(line.empty_s + 1.0, SIZE * 8 / FLOOR_BPS + 0.1)


@pytest.mark.parametrize(
    ("rate", "parcel_bytes"), [(64_000.0, PARCEL_IN_CALL_BYTES), (140_000.0, PARCEL_SMALL_BYTES)]
)
def test_in_a_call_a_parcel_is_one_segment_below_a_megabit_a_second(
    line: Line, rate: float, parcel_bytes: int
) -> None:
    line.rate = rate
    line.drain(10.0)
    assert line.window.parcel_bytes == PARCEL_LARGE_BYTES
    line.window.share(is_in_call=True)
    assert line.window.parcel_bytes == parcel_bytes


def test_in_a_call_a_parcel_is_small_before_anything_is_known(line: Line) -> None:
    line.window.share(is_in_call=True)
    assert line.window.parcel_bytes == PARCEL_IN_CALL_BYTES


def test_a_call_has_the_link_at_once_and_gives_it_back(line: Line) -> None:
    line.drain(30.0)
    before = line.window.limit_bytes
    line.window.share(is_in_call=True)
    assert line.window.limit_bytes == WINDOW_MIN_BYTES
    line.window.share(is_in_call=False)
    line.drain(15.0)
    assert line.window.limit_bytes == pytest.approx(before, rel=0.1)


def test_in_a_call_the_least_lets_the_floor_through_in_a_round_trip(line: Line) -> None:
    line.drain(30.0)
    line.window.share(is_in_call=True, media_bps=40_000)
    round_trip_s = line.window.round_trip_s
    assert round_trip_s == pytest.approx(EMPTY_S, rel=0.3)
    assert line.window.limit_bytes == pytest.approx(750 * (round_trip_s or 0.0))  # 6 kbit/s
    line.window.share(is_in_call=True, media_bps=400_000)
    assert line.window.limit_bytes == pytest.approx(5_000 * (round_trip_s or 0.0))  # a tenth
    line.window.share(is_in_call=True, media_bps=40_000)
    assert line.window.limit_bytes == pytest.approx(750 * (round_trip_s or 0.0))


def test_over_a_long_round_trip_the_floor_is_more_than_the_least_window(line: Line) -> None:
    line.empty_s = 2.0
    line.drain(60.0)
    line.window.share(is_in_call=True, media_bps=30_000)
    assert line.window.limit_bytes == pytest.approx(750 * (line.window.round_trip_s or 0.0))
    assert line.window.limit_bytes > 1_200


def test_what_the_link_gives_voice_and_picture_less_the_backlog_gives_at_once(line: Line) -> None:
    line.drain(30.0)
    line.window.share(is_in_call=True, media_bps=60_000)
    line.drain(120.0)
    before = line.window.limit_bytes
    line.window.share(is_in_call=True, media_bps=54_000)
    assert line.window.limit_bytes == before, "that is no fall"
    line.window.share(is_in_call=True, media_bps=27_000)
    assert line.window.limit_bytes == pytest.approx(before / 2)
    line.window.share(is_in_call=True, media_bps=1_000)
    assert line.window.limit_bytes < WINDOW_MIN_BYTES * 1.1
    line.window.share(is_in_call=False)
    line.drain(15.0)
    assert line.window.limit_bytes == pytest.approx(RATE * (EMPTY_S + 0.1), rel=0.1)


def test_in_a_call_what_is_free_is_taken_by_and_by_up_to_a_fortieth_of_a_second(line: Line) -> None:
    line.drain(30.0)
    line.window.share(is_in_call=True)
    line.drain(5.0)
    assert line.window.limit_bytes < RATE * EMPTY_S
    line.drain(120.0)
    assert line.window.limit_bytes == pytest.approx(RATE * (EMPTY_S + 0.025), rel=0.1)


def test_in_a_call_the_voice_s_queue_is_never_taken_for_a_longer_route(line: Line) -> None:
    line.drain(30.0)
    line.window.share(is_in_call=True)
    line.empty_s = EMPTY_S + 0.5  # the voice's
    line.drain(120.0)
    assert line.window.limit_bytes == WINDOW_MIN_BYTES
    line.empty_s = EMPTY_S
    line.window.share(is_in_call=False)
    line.drain(30.0)
    assert line.window.limit_bytes == pytest.approx(RATE * (EMPTY_S + 0.1), rel=0.1)


def test_a_parcel_s_own_length_is_that_of_the_faster_of_two_rates() -> None:
    flight = Flight(size_bytes=4_000, sent_s=0.0, ahead_bytes=0.0, was_alone=True)
    assert Arrival(flight, took_s=1.1, rate=8_000.0).delay_s(4_000.0) == pytest.approx(0.6)
    assert Arrival(flight, took_s=1.1, rate=4_000.0).delay_s(8_000.0) == pytest.approx(0.6)
    assert Arrival(flight, took_s=1.1, rate=0.0).delay_s(None) == 1.1


def test_in_a_call_a_parcel_longer_than_the_window_takes_the_time_of_so_many(line: Line) -> None:
    line.drain(30.0)
    while line._coming:
        line.next_puback()
    line.window.share(is_in_call=True)
    sent_s = line.now_s
    line.send(4 * WINDOW_MIN_BYTES)
    line.next_puback()
    assert not line.window.has_room(now_s=line.now_s)
    room_s = line.window.next_room_s(now_s=line.now_s)
    assert room_s is not None
    assert room_s - sent_s == pytest.approx(3 * (line.window.round_trip_s or 0.0), rel=0.01)


def test_segments_follow_each_other_little_faster_than_the_link_is_and_in_a_call_slower(line: Line) -> None:
    assert line.window.pace() == pytest.approx(2 * WINDOW_FIRST_BYTES / 0.6), "before the link is known"
    line.drain(10.0)
    assert line.window.pace() == pytest.approx(1.25 * RATE, rel=0.05)
    line.window.share(is_in_call=True)
    assert line.window.pace() == PACE_LEAST
    assert line.window.pace(is_urgent=True) == pytest.approx(1.25 * RATE, rel=0.05)
    wide = Line(Window())
    wide.rate = 10 * RATE
    wide.drain(10.0)
    wide.window.share(is_in_call=True)
    assert wide.window.pace() == pytest.approx(5 * RATE, rel=0.05)
    wide.window.share(is_in_call=True, media_bps=round(4 * RATE * 8))
    assert wide.window.pace() == pytest.approx(0.75 * 6 * RATE, rel=0.05), "of what they leave"
    wide.window.share(is_in_call=True, media_bps=round(11 * RATE * 8))
    assert wide.window.pace() == PACE_LEAST


def test_the_oldest_parcel_on_the_way_is_known(line: Line) -> None:
    assert line.window.oldest_sent_s is None
    line.send()
    line.now_s = 0.1
    line.send()
    assert line.window.oldest_sent_s == 0.0
    line.next_puback()
    assert line.window.oldest_sent_s == 0.1


def test_a_new_connection_starts_carefully_and_with_nothing_on_the_way(line: Line) -> None:
    line.rate = 1e6
    line.drain(30.0)
    line.window.connection_lost()
    assert line.window.limit_bytes == WINDOW_FIRST_BYTES
    assert line.window.oldest_sent_s is None
    assert line.window.rate is None
    assert line.window.has_room(now_s=line.now_s)
