from edge.video.media import Track
from edge.video.transport.pacer import QUEUE_MAX_S, Pacer


def pacer(target_bps: int = 100_000) -> Pacer[str]:
    return Pacer(target_bps=target_bps, now_s=0.0)


def push_frame(
    pacer: Pacer[str],
    name: str,
    *,
    packets: int = 4,
    now_s: float = 0.0,
    is_key: bool = False,
    track: Track = "low",
) -> bool:
    names = [f"{name}{index}" for index in range(packets)]
    return pacer.push_frame(names, sizes_bytes=[500] * packets, is_key=is_key, now_s=now_s, track=track)


def leave(pacer: Pacer[str], until_s: float, step_s: float = 0.001) -> list[tuple[float, str]]:
    """What leaves from 0 on, with its time."""
    left: list[tuple[float, str]] = []
    now_s = 0.0
    while now_s <= until_s:
        left.extend((round(now_s, 3), name) for name in pacer.pop(now_s=now_s))
        now_s += step_s
    return left


def test_a_frame_is_spread_a_little_above_the_target() -> None:
    paced = pacer()
    push_frame(paced, "f")
    left = leave(paced, 1.0)
    assert [name for _, name in left] == ["f0", "f1", "f2", "f3"]
    assert 0.095 <= left[-1][0] <= 0.11  # 3 × 500 bytes at 115 kbit/s


def test_voice_passes_a_frame_that_waits() -> None:
    paced = pacer()
    push_frame(paced, "f")
    paced.pop(now_s=0.0)
    paced.push_voice("v", size_bytes=100)
    assert paced.next_s == 0.0
    assert paced.pop(now_s=0.001) == ["v"]


def test_voice_takes_its_time_from_the_picture() -> None:
    with_voice, without = pacer(), pacer()
    for paced in (with_voice, without):
        push_frame(paced, "f")
    with_voice.push_voice("v", size_bytes=500)
    assert leave(with_voice, 1.0)[-1][0] > leave(without, 1.0)[-1][0] + 0.025


def test_voice_that_goes_beside_makes_the_queue_longer() -> None:
    with_voice, without = pacer(60_000), pacer(60_000)
    for number in range(50):
        with_voice.push_voice("v", size_bytes=90)  # 18 kbit/s, of 69
        for paced in (with_voice, without):
            paced.pop(now_s=0.04 * number)
    for paced in (with_voice, without):
        push_frame(paced, "f", now_s=2.0)
    assert 1.3 < with_voice.queued_s() / without.queued_s() < 1.4


def test_a_repair_goes_before_the_rest_of_a_frame() -> None:
    paced = pacer()
    push_frame(paced, "f")
    paced.pop(now_s=0.0)
    paced.push_repair("r", size_bytes=500)
    assert [name for _, name in leave(paced, 1.0)] == ["r", "f1", "f2", "f3"]


def test_the_owner_hears_how_long_the_queue_is() -> None:
    paced = pacer()
    assert paced.queued_s() == 0.0
    push_frame(paced, "f")
    assert 0.139 < paced.queued_s() < 0.14
    assert paced.next_s == 0.0


def test_where_too_much_is_on_its_way_all_but_voice_waits() -> None:
    paced = pacer()
    push_frame(paced, "f")
    paced.set_room(900)
    assert [name for _, name in leave(paced, 1.0)] == ["f0", "f1"]
    assert paced.next_s is None
    paced.push_voice("v", size_bytes=100)
    assert paced.pop(now_s=1.0) == ["v"]
    empty_s = paced.queued_s()
    paced.set_room(-1_000)
    assert paced.queued_s() > empty_s + 0.05  # what is too much is waited for first
    paced.set_room(None)
    assert [name for _, name in leave(paced, 2.0)] == ["f2", "f3"]


def test_a_train_leaves_at_its_own_rate_and_the_picture_waits_as_if_it_had_been_its_own() -> None:
    paced = pacer()
    push_frame(paced, "f", packets=1)
    paced.push_train(["t0", "t1", "t2"], size_bytes=250, rate_bps=200_000)
    # 0.053: 3 × 250 bytes at 115 kbit/s
    assert leave(paced, 0.5) == [(0.0, "t0"), (0.01, "t1"), (0.02, "t2"), (0.053, "f0")]


def test_too_long_a_queue_is_dropped_whole_and_only_a_key_begins_anew() -> None:
    paced = pacer(20_000)
    push_frame(paced, "a")
    assert paced.pop(now_s=0.0) == ["a0"]
    push_frame(paced, "b")
    assert not push_frame(paced, "c", now_s=0.1)
    assert paced.need_key == {"low"}
    assert not push_frame(paced, "d", packets=1, now_s=0.2)
    assert push_frame(paced, "k", packets=1, now_s=0.3, is_key=True)
    assert not paced.need_key
    # What had begun is finished: the other side would ask for the rest of it.
    assert [name for _, name in leave(paced, 5.0)] == ["a1", "a2", "a3", "k0"]
    assert paced.dropped_frames == 3


def test_a_frame_that_waits_too_long_because_the_rate_fell_is_dropped() -> None:
    paced = pacer(1_000_000)
    push_frame(paced, "a", packets=12)
    paced.pop(now_s=0.0)
    push_frame(paced, "b")
    paced.set_target(12_000)
    paced.pop(now_s=0.01)
    left = [name for _, name in leave(paced, QUEUE_MAX_S + 2.0)]
    assert not any(name.startswith("b") for name in left)
    assert paced.need_key == {"low"}


def test_voice_on_a_link_of_less_than_voice_leaves_no_debt_to_the_picture() -> None:
    paced = pacer(12_000)
    for packet in range(500):  # ten seconds of voice at three times the link
        paced.push_voice("v", size_bytes=180)
        paced.pop(now_s=0.02 * packet)
    push_frame(paced, "k", packets=1, now_s=10.0, is_key=True)
    paced.set_target(100_000)
    assert paced.next_s is not None
    assert paced.next_s < 10.6


def test_a_wake_that_comes_late_does_not_become_a_burst() -> None:
    paced = pacer()
    push_frame(paced, "f", packets=20)
    paced.pop(now_s=0.0)
    assert len(paced.pop(now_s=0.3)) <= 2


def test_the_low_track_waits_for_nothing_of_the_high_one() -> None:
    paced = pacer(100_000)
    push_frame(paced, "h", track="high")
    assert paced.pop(now_s=0.0) == ["h0"]
    assert paced.queued_s("low") < paced.queued_s("high")
    push_frame(paced, "l", packets=2)
    paced.push_repair("again high", size_bytes=300, track="high")
    paced.push_repair("again low", size_bytes=300)
    left = [name for _, name in leave(paced, 5.0)]
    assert left == ["again low", "l0", "l1", "again high", "h1", "h2", "h3"]


def test_too_long_a_queue_of_the_high_track_is_no_loss_of_the_low_one() -> None:
    paced = pacer(20_000)
    push_frame(paced, "a", track="high")
    paced.pop(now_s=0.0)
    push_frame(paced, "b", track="high")
    assert not push_frame(paced, "c", now_s=0.1, track="high")
    assert paced.need_key == {"high"}
    assert push_frame(paced, "l", packets=1, now_s=0.1)
    assert push_frame(paced, "k", packets=1, now_s=0.2, is_key=True)
    assert paced.need_key == {"high"}, "a keyframe of the one is none of the other"
    assert push_frame(paced, "k", packets=1, now_s=0.3, is_key=True, track="high")
    assert not paced.need_key


def test_a_frame_of_the_high_track_that_waits_too_long_behind_the_low_one_is_dropped() -> None:
    paced = pacer(100_000)
    push_frame(paced, "h", packets=1, track="high")
    for number in range(80):  # as much as the pace is
        now_s = 0.0347 * number
        push_frame(paced, "l", packets=1, now_s=now_s)
        paced.pop(now_s=now_s)
    assert paced.need_key == {"high"}


def test_after_an_outage_both_tracks_begin_anew() -> None:
    paced = pacer()
    push_frame(paced, "l")
    push_frame(paced, "h", track="high")
    paced.begin_anew()
    assert paced.need_key == {"low", "high"}
    assert leave(paced, 5.0) == []
