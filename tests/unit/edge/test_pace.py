from edge.call.pace import Pace


def test_a_burst_goes_at_once_and_then_so_many_a_second() -> None:
    pace = Pace(per_s=2.0, burst=3)
    assert [pace.may(now_s=10.0) for _ in range(4)] == [True, True, True, False]
    assert pace.wait_s(now_s=10.0) == 0.5
    assert [pace.may(now_s=10.5), pace.may(now_s=10.5)] == [True, False]


def test_a_rest_gives_no_more_than_a_burst() -> None:
    pace = Pace(per_s=100.0, burst=2)
    assert pace.may(now_s=0.0)
    assert [pace.may(now_s=1e6) for _ in range(3)] == [True, True, False]


def test_what_rounding_leaves_of_a_wait_is_no_wait() -> None:
    pace, now_s = Pace(per_s=3.0, burst=1), 0.1
    for _ in range(1_000):
        assert pace.may(now_s=now_s)
        now_s += pace.wait_s(now_s=now_s)
