"""The queue before a link, in literal time."""

from dataclasses import replace
from math import inf

import pytest

from tests.simulators.links.bottleneck import Bottleneck, Losses, Passage
from tests.simulators.links.profile import Burst, Spell, Way

KB = bytes(1_000)  # 1 s of an 8 kbit/s link
SLOW = Way(rate=((0.0, 8_000.0),), delay_s=0.1, queue_s=2.0)


def fates(passages: list[Passage]) -> list[str]:
    return [one.fate for one in passages]


def test_a_packet_alone_takes_its_own_time_and_the_delay() -> None:
    link = Bottleneck(SLOW, began_s=0.0)
    assert link.offer(KB, now_s=10.0) is None
    assert link.next_s == 11.0  # its last bit is on the link
    assert link.take(now_s=11.0) == []
    assert link.next_s == pytest.approx(11.1)
    (one,) = link.take(now_s=11.2)
    assert (one.arrived_s, one.started_s, one.left_s) == (10.0, 10.0, 11.0)
    assert one.delivered_s == pytest.approx(11.1)
    assert link.next_s == inf


def test_the_second_waits_for_the_first_however_late_anybody_looks() -> None:
    link = Bottleneck(SLOW, began_s=0.0)
    link.offer(KB, now_s=0.0)
    link.offer(KB, now_s=0.5)
    _, second = link.take(now_s=100.0)
    assert (second.started_s, second.left_s) == (1.0, 2.0)


def test_the_tail_is_dropped_when_the_queue_is_full_and_an_empty_one_takes_any_packet() -> None:
    link = Bottleneck(replace(SLOW, queue_s=0.5), began_s=0.0)
    assert link.offer(KB, now_s=0.0) is None
    refused = link.offer(KB, now_s=0.4)  # 600 bytes are left of the first, 500 may wait
    assert refused is not None
    assert refused.fate == "full"
    assert link.offer(bytes(300), now_s=0.9) is None


def test_a_limit_in_bytes_beats_one_in_time() -> None:
    link = Bottleneck(replace(SLOW, queue_bytes=3_000), began_s=0.0)
    taken = [link.offer(KB, now_s=0.0) is None for _ in range(4)]
    assert taken == [True, True, True, False]


def test_in_an_outage_packets_wait_and_none_is_lost() -> None:
    link = Bottleneck(replace(SLOW, rate=((0.0, 8_000.0), (1.5, 0.0), (11.5, 8_000.0))), began_s=100.0)
    link.offer(KB, now_s=100.0)
    link.offer(KB, now_s=100.0)
    assert [one.left_s for one in link.take(now_s=112.2)] == [101.0, 112.0]


def test_jitter_delays_but_never_reorders() -> None:
    link = Bottleneck(replace(SLOW, rate=((0.0, 8e6),), jitter_s=0.5), began_s=0.0)
    for number in range(200):
        link.offer(bytes([number]) + bytes(99), now_s=number * 0.001)
    passages = link.take(now_s=10.0)
    times = [one.delivered_s or inf for one in passages]
    assert [one.data[0] for one in passages] == list(range(200))
    assert times == sorted(times)
    extra_s = [one.delivered_s - one.left_s - 0.1 for one in passages if one.delivered_s and one.left_s]
    assert max(extra_s) > 0.3
    assert min(extra_s) >= 0.0


@pytest.mark.parametrize(
    ("loss", "burst", "share"),
    [
        (0.01, None, 0.01),
        (0.0, Burst(to_bad=0.005, to_good=0.245), 0.02),
        (0.0, Burst(to_bad=0.1, to_good=0.1, lost_in_bad=0.5, lost_in_good=0.1), 0.3),
    ],
)
def test_so_many_are_lost_in_the_long_run(loss: float, burst: Burst | None, share: float) -> None:
    losses = Losses(loss, burst, seed=3)
    lost = sum(losses.next_is_lost() for _ in range(100_000))
    assert lost / 100_000 == pytest.approx(share, rel=0.1)


def test_bursts_are_as_long_as_they_should_be() -> None:
    losses = Losses(0.0, Burst(to_bad=0.005, to_good=0.25), seed=3)
    story = "".join("x" if losses.next_is_lost() else "." for _ in range(100_000))
    bursts = [burst for burst in story.split(".") if burst]
    assert sum(map(len, bursts)) / len(bursts) == pytest.approx(4.0, rel=0.1)


def test_a_lost_packet_takes_its_time_on_the_link_like_any_other() -> None:
    link = Bottleneck(replace(SLOW, loss=1.0), began_s=0.0)
    link.offer(KB, now_s=0.0)
    (one,) = link.take(now_s=1.0)
    assert (one.fate, one.left_s, one.delivered_s) == ("lost", 1.0, None)


def test_a_spell_is_for_what_leaves_the_queue_while_it_lasts() -> None:
    spells = (Spell(from_s=1.5, delay_s=3.0), Spell(from_s=2.5, loss=1.0), Spell(from_s=3.5, delay_s=0.1))
    link = Bottleneck(replace(SLOW, queue_s=9.0, spells=spells), began_s=100.0)
    for _ in range(4):
        link.offer(KB, now_s=100.0)
    lost, *delivered = sorted(link.take(now_s=200.0), key=lambda one: one.fate != "lost")
    assert (lost.left_s, lost.fate) == (103.0, "lost")
    times_s = [one.delivered_s for one in delivered]
    assert times_s == pytest.approx([101.1, 105.0, 105.0])  # the last does not overtake


def test_another_rate_holds_for_what_is_left_of_a_packet_under_way() -> None:
    link = Bottleneck(SLOW, began_s=0.0)
    link.offer(KB, now_s=0.0)
    link.offer(KB, now_s=0.0)
    link.change(replace(SLOW, rate=((0.0, 16_000.0),)), now_s=0.5)  # 500 bytes are left of the first
    assert [one.left_s for one in link.take(now_s=10.0)] == [0.75, 1.25]


def test_a_cut_loses_what_is_under_way_and_all_that_comes_until_it_is_mended() -> None:
    link = Bottleneck(SLOW, began_s=0.0)
    for _ in range(3):
        link.offer(bytes(500), now_s=0.0)
    assert fates(link.cut(now_s=0.6)) == ["delivered", "cut", "cut"]
    refused = link.offer(KB, now_s=1.0)
    assert refused is not None
    assert refused.fate == "cut"
    link.restore()
    assert link.offer(KB, now_s=2.0) is None
    assert fates(link.take(now_s=4.0)) == ["delivered"]
