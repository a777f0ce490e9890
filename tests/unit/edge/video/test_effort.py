from edge.video.picture.effort import AGAIN_AFTER_S, AGAIN_MAX_S, FRAMES_MIN, Effort

TOP = 10


def frames(effort: Effort, count: int, coding_s: float, *, at: int, fps: int = 25, now_s: float = 0.0) -> int:
    for _ in range(count):
        effort.took(coding_s, at=at, fps=fps, now_s=now_s)
    return effort.look(now_s=now_s)


def test_a_machine_that_keeps_up_may_send_the_largest() -> None:
    assert Effort(TOP).look(now_s=0.0) == TOP
    assert frames(Effort(TOP), 100, 0.023, at=TOP) == TOP


def test_more_than_three_fifths_of_the_time_between_two_pictures_is_too_much() -> None:
    effort = Effort(TOP)
    assert frames(effort, FRAMES_MIN, 0.025, at=TOP) == TOP  # the first one does not count
    assert frames(effort, 1, 0.025, at=TOP) == TOP - 1


def test_half_as_many_pictures_may_take_twice_as_long() -> None:
    assert frames(Effort(TOP), 100, 0.045, at=TOP, fps=13) == TOP


def test_the_first_picture_of_a_size_and_a_single_slow_one_say_nothing() -> None:
    effort = Effort(TOP)
    frames(effort, 1, 3.0, at=TOP)
    assert frames(effort, 60, 0.010, at=TOP) == TOP
    assert frames(effort, 1, 0.090, at=TOP) == TOP


def test_it_goes_down_until_it_keeps_up_and_no_further() -> None:
    effort, at = Effort(TOP), TOP
    for _ in range(5):
        at = frames(effort, 20, 0.004 * at, at=at)  # 0.6 of 40 ms are 24 ms
    assert at == 6


def test_the_rung_above_is_tried_again_ever_more_seldom_where_it_is_too_much() -> None:
    effort, now_s, tried_s = Effort(TOP), 0.0, []
    frames(effort, 20, 0.030, at=TOP)
    while now_s < 3_000:
        now_s += 1.0
        if effort.look(now_s=now_s) == TOP:
            tried_s.append(now_s)
            frames(effort, 2, 0.005, at=TOP - 1, now_s=now_s)
            frames(effort, 20, 0.030, at=TOP, now_s=now_s)
    pauses_s = [after - before for before, after in zip([0.0, *tried_s], tried_s, strict=False)]
    assert pauses_s[:4] == [AGAIN_AFTER_S * 2**number for number in range(4)]
    assert max(pauses_s) == AGAIN_MAX_S


def test_the_smallest_moving_picture_is_never_given_up() -> None:
    assert frames(Effort(TOP), 100, 1.0, at=1) == TOP
