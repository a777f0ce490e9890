from collections.abc import Iterator

import pytest

from tests.links_bench.figures import drain_s, jain, of_ports, step_up_s, steps
from tests.simulators.links.known import FADING_3G, FLOOR_64K, MICROWAVE_OUTAGE, RFC51_1M, RFC51_300K
from tests.simulators.links.log import Logged
from tests.simulators.links.packets import Packet

BEGAN_S = 1_000.0
PACKET_BYTES = 1_000


def packet(at_s: float, *, waited_s: float = 0.0, port: int = 5_000) -> Logged:
    """One that began its way at this second of the profile."""
    started_s = BEGAN_S + at_s
    took_s = 0.001
    return Logged(
        "up",
        "delivered",
        PACKET_BYTES,
        started_s - waited_s,
        started_s,
        started_s + took_s,
        started_s + took_s + 0.05,
        Packet("rtp", (port, 6_000)),
    )


def stream(*, from_s: float, to_s: float, bps: float) -> Iterator[Logged]:
    gap_s = PACKET_BYTES * 8 / bps
    for number in range(int((to_s - from_s) / gap_s)):
        yield packet(from_s + number * gap_s)


def test_stairs_are_steps_and_fades_and_outages_are_not() -> None:
    found = steps(RFC51_1M.up, seconds=60)
    assert [(one.at_s, one.after_bps, one.until_s) for one in found] == [
        (24, 1e6, 36),
        (36, 240e3, 48),
        (48, 400e3, 60),
    ]
    for profile in (FADING_3G, FLOOR_64K, MICROWAVE_OUTAGE):
        assert steps(profile.up, seconds=60) == []


def test_a_run_that_ends_before_a_step_has_none() -> None:
    assert steps(RFC51_1M.up, seconds=20) == []
    assert [one.at_s for one in steps(RFC51_1M.up, seconds=40)] == [24]


def test_a_step_up_is_found_when_four_fifths_were_carried_over_a_second() -> None:
    slow = stream(from_s=20, to_s=30, bps=400e3)
    fast = stream(from_s=30, to_s=36, bps=900e3)
    found = step_up_s([*slow, *fast], RFC51_1M, began_s=BEGAN_S, seconds=60)
    # 0.8 Mbit in a second: x at 900 and 1 - x at 400 kbit/s
    assert found == pytest.approx(6.0 + 0.8, abs=0.05)


def test_who_never_follows_a_step_up_is_told_so() -> None:
    slow = list(stream(from_s=20, to_s=60, bps=700e3))  # enough for the other steps, not for the largest
    assert step_up_s(slow, RFC51_1M, began_s=BEGAN_S, seconds=60) == "never"


def test_a_queue_is_drained_with_the_last_long_wait_before_two_quiet_seconds() -> None:
    waits = [(36.1, 0.3), (37.0, 0.25), (38.4, 0.12), (38.6, 0.05), (41.5, 0.2)]
    sent = [packet(at_s, waited_s=waited_s) for at_s, waited_s in waits]
    assert drain_s(sent, RFC51_1M, began_s=BEGAN_S, seconds=60) == pytest.approx(2.4)


def test_a_queue_that_stands_until_the_next_step_never_drains() -> None:
    sent = [packet(36 + 0.5 * number, waited_s=0.3) for number in range(24)]
    assert drain_s(sent, RFC51_1M, began_s=BEGAN_S, seconds=60) == "never"


def test_a_queue_that_was_never_long_is_drained_at_once() -> None:
    assert drain_s([packet(37.0)], RFC51_300K, began_s=BEGAN_S, seconds=60) == 0.0


def test_a_link_without_steps_has_no_reaction() -> None:
    sent = [packet(1.0)]
    assert step_up_s(sent, FLOOR_64K, began_s=BEGAN_S, seconds=60) is None
    assert drain_s(sent, FLOOR_64K, began_s=BEGAN_S, seconds=60) is None


def test_flows_are_told_apart_by_the_port_they_come_from() -> None:
    sent = [packet(1.0, port=1), packet(2.0, port=2), packet(3.0, port=1)]
    assert len(of_ports(sent, {1})) == 2


def test_even_shares_are_fair_and_one_for_all_is_not() -> None:
    assert jain([3.0, 3.0]) == 1.0
    assert jain([6.0, 0.0]) == 0.5
    assert jain([2.0, 1.0]) == pytest.approx(0.9)
    assert jain([0.0, 0.0]) == 0.0
