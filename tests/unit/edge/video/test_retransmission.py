import random

from edge.video.transport.retransmission import (
    BURST_S,
    KEPT_MAX,
    SENDS_MAX,
    SHARE,
    RepeatBudget,
    Repeats,
    Wishes,
)


def sent(count: int, *, size_bytes: int = 500, every_s: float = 0.01) -> Repeats[str]:
    repeats: Repeats[str] = Repeats(RepeatBudget(now_s=-10.0))
    for sequence in range(count):
        repeats.on_sent(sequence, f"p{sequence}", size_bytes=size_bytes, now_s=every_s * sequence)
    return repeats


def ask(
    repeats: Repeats[str], *sequences: int, now_s: float, target_bps: int = 400_000, round_trip_s: float = 0.1
) -> list[str]:
    asked = repeats.ask(sequences, target_bps=target_bps, round_trip_s=round_trip_s, now_s=now_s)
    return [packet for _, packet in asked]


def test_a_lost_packet_goes_again_at_once_and_the_next_time_a_round_trip_later() -> None:
    repeats = sent(3)
    assert ask(repeats, 1, now_s=0.15) == ["p1"]
    assert ask(repeats, 1, now_s=0.20) == []
    assert ask(repeats, 1, now_s=0.28) == ["p1"]


def test_no_packet_goes_more_than_twice_again() -> None:
    repeats = sent(1)
    times = sum(len(ask(repeats, 0, now_s=0.1 * moment)) for moment in range(1, 10))
    assert times == SENDS_MAX


def test_what_would_come_too_late_is_left_out() -> None:
    repeats = sent(1)
    assert ask(repeats, 0, now_s=1.2, round_trip_s=0.1) == []
    assert ask(repeats, 0, now_s=1.2, round_trip_s=0.6) == ["p0"]


def test_what_was_never_sent_is_left_out() -> None:
    assert ask(sent(3), 3, 0xFFFF, now_s=0.1) == []


def test_a_flood_of_requests_takes_a_fifth_of_the_link_and_no_more() -> None:
    repeats: Repeats[str] = Repeats(RepeatBudget(now_s=0.0))
    rng, target_bps, seconds = random.Random(1), 100_000, 30
    again_bytes = 0
    for step in range(seconds * 25):
        now_s = step / 25
        repeats.on_sent(step, "p", size_bytes=500, now_s=now_s)
        flood = [rng.randrange(max(0, step - 40), step + 1) for _ in range(7)]
        again = repeats.ask(flood, target_bps=target_bps, round_trip_s=0.1, now_s=now_s)
        again_bytes += 500 * len(again)
    most_bits = SHARE * target_bps * (seconds + BURST_S)
    assert 0.5 * SHARE * target_bps * seconds < again_bytes * 8 <= most_bits


def test_a_burst_that_is_worth_repeating_goes_at_once() -> None:
    repeats = sent(10)
    assert ask(repeats, 2, 3, 4, 5, 6, now_s=0.2, target_bps=100_000) == ["p2", "p3", "p4", "p5", "p6"]
    assert not repeats.is_hopeless


def test_where_much_is_missing_a_keyframe_is_the_repair() -> None:
    repeats = sent(20)
    assert ask(repeats, *range(15), now_s=0.2, target_bps=100_000) == []
    assert repeats.is_hopeless
    assert ask(repeats, 15, now_s=0.2, target_bps=100_000) == ["p15"]
    assert not repeats.is_hopeless


def test_what_was_before_a_keyframe_is_not_sent_again() -> None:
    repeats = sent(3)
    repeats.begin_anew()
    assert ask(repeats, 1, now_s=0.2) == []
    assert not repeats.is_hopeless


def test_what_has_been_repeated_in_vain_is_hopeless() -> None:
    repeats = sent(1)
    for now_s in (0.2, 0.5):
        assert ask(repeats, 0, now_s=now_s) == ["p0"]
        assert not repeats.is_hopeless
    assert ask(repeats, 0, now_s=0.8) == []
    assert repeats.is_hopeless


def test_the_poorest_link_still_repairs_a_packet_now_and_then() -> None:
    repeats = sent(1)
    assert ask(repeats, 0, now_s=0.15, target_bps=20_000) == ["p0"]


def test_sequence_numbers_come_round_without_a_mix_up() -> None:
    repeats: Repeats[str] = Repeats(RepeatBudget(now_s=0.0))
    for count in range(0x10000 + 10):
        repeats.on_sent(count & 0xFFFF, f"p{count}", size_bytes=100, now_s=count / 1_000)
    now_s = (0x10000 + 10) / 1_000
    assert ask(repeats, 5, now_s=now_s) == [f"p{0x10005}"]
    assert ask(repeats, (0x10000 + 9 - KEPT_MAX) & 0xFFFF, now_s=now_s) == []


def test_we_ask_for_a_missing_packet_at_most_three_times_and_spaced() -> None:
    wishes = Wishes()
    asked = [wishes.choose([7], round_trip_s=0.1, now_s=0.05 * moment) for moment in range(20)]
    assert sum(map(len, asked)) == Wishes.ASKS_MAX
    assert asked[0] == [7]
    assert asked[1] == asked[2] == []


def test_a_growing_list_is_asked_for_only_where_it_is_new() -> None:
    wishes = Wishes()
    assert wishes.choose([1, 2], round_trip_s=0.6, now_s=0.0) == [1, 2]
    assert wishes.choose([1, 2, 5], round_trip_s=0.6, now_s=0.1) == [5]


def test_two_tracks_share_one_budget() -> None:
    budget = RepeatBudget(now_s=0.0)
    low: Repeats[str] = Repeats(budget)
    high: Repeats[str] = Repeats(budget)
    for track in (low, high):
        track.on_sent(1, "first", size_bytes=600, now_s=99.9)
        track.on_sent(2, "second", size_bytes=600, now_s=99.9)
    assert len(low.ask([1, 2], target_bps=10_000, round_trip_s=0.1, now_s=100.0)) == 2
    assert high.ask([1, 2], target_bps=10_000, round_trip_s=0.1, now_s=100.0) == []
