"""How much the page should send, in literal times: voice each 60 ms, and what else the test lets come."""

from dataclasses import dataclass, field

from edge.video.media import VOICE_HZ
from edge.video.transport.way_down import FLOOR_BPS, MOST_BPS, START_BPS, WayDown

VOICE_S = 0.06


@dataclass
class Way:
    """Packets of a page as they come: `bps` of them, `queue_s` late, each `lose_nth` lost."""

    up_bps: int = 400_000
    now_s: float = 100.0
    down: WayDown = field(default_factory=lambda: WayDown(now_s=100.0))
    sequence: int = 0xFFF0  # it wraps soon
    stamp: int = 2**32 - 3 * VOICE_HZ
    said: list[int] = field(default_factory=list)

    def come(self, seconds: float, *, bps: int = 20_000, queue_s: float = 0.0, lose_nth: int = 0) -> int:
        """Return what is believed afterwards."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += VOICE_S
            self.sequence, self.stamp = (
                (self.sequence + 1) & 0xFFFF,
                (self.stamp + int(VOICE_S * VOICE_HZ)) % 2**32,
            )
            if lose_nth and self.sequence % lose_nth == 0:
                continue
            at_s = self.now_s + queue_s
            self.down.on_packet(
                self.sequence, size_bytes=int(bps * VOICE_S / 8), up_bps=self.up_bps, now_s=at_s
            )
            self.down.on_voice(self.stamp, now_s=at_s)
            if self.down.take_news():
                self.said.append(self.down.down_bps)
        return self.down.down_bps


def test_a_way_that_nothing_speaks_against_is_soon_believed_to_be_as_wide_as_the_way_up() -> None:
    way = Way(up_bps=400_000)
    assert way.come(0.5) == START_BPS
    assert way.come(8.0) > 200_000
    assert way.come(10.0) == 400_000


def test_beside_a_narrow_way_up_only_what_arrives_proves_more() -> None:
    way = Way(up_bps=30_000)
    assert way.come(20.0) == START_BPS
    assert 150_000 <= way.come(20.0, bps=120_000) <= 180_000


def test_nobody_is_told_to_send_without_end() -> None:
    assert Way(up_bps=10**9).come(60.0) == MOST_BPS


def test_a_queue_that_stands_takes_it_below_what_arrives_within_three_seconds() -> None:
    way = Way()
    way.come(10.0, bps=100_000)
    assert way.come(3.2, bps=40_000, queue_s=0.6) <= 32_000


def test_a_fade_of_a_second_changes_nothing() -> None:
    way = Way()
    before = way.come(10.0)
    way.come(0.9, queue_s=0.6)
    assert way.come(2.0) >= before


def test_losses_of_a_radio_link_change_nothing_and_those_of_a_full_queue_much() -> None:
    way = Way()
    assert way.come(20.0, lose_nth=10) == 400_000
    assert way.come(4.0, lose_nth=3) < 20_000


def test_it_grows_again_after_a_pause_that_doubles_while_growing_fills_the_link() -> None:
    way = Way()
    way.come(10.0, bps=100_000)
    low = way.come(3.2, bps=40_000, queue_s=0.6)
    assert way.come(3.0, bps=30_000) == low
    assert way.come(4.0, bps=30_000) > low
    again = way.come(3.2, bps=40_000, queue_s=0.6)
    assert way.come(8.0, bps=30_000) == again
    assert way.come(5.0, bps=30_000) > again


def test_a_long_good_time_makes_the_pause_short_again() -> None:
    way = Way()
    for _ in range(3):
        way.come(8.0, bps=30_000)
        way.come(3.2, bps=40_000, queue_s=0.6)
    way.come(90.0, bps=30_000)
    low = way.come(3.2, bps=40_000, queue_s=0.6)
    assert way.come(8.0, bps=30_000) > low


def test_it_never_falls_below_the_least_voice() -> None:
    assert Way().come(60.0, bps=4_000, queue_s=0.6, lose_nth=2) == FLOOR_BPS


def test_a_route_that_became_longer_is_no_queue_for_ever() -> None:
    way = Way()
    way.come(20.0)
    low = way.come(40.0, queue_s=0.4)
    assert way.come(60.0, queue_s=0.4) > low


def test_a_page_that_stood_still_is_no_queue() -> None:
    way = Way()
    before = way.come(20.0)
    way.now_s += 5.0  # and its clock of voice did not
    assert way.come(5.0) >= before


def test_it_is_said_at_first_and_when_it_is_another_by_a_quarter() -> None:
    way = Way(up_bps=100_000)
    way.come(30.0)
    assert way.said[0] == START_BPS
    assert len(way.said) == 4
    way.come(3.2, bps=40_000, queue_s=0.6)
    assert way.said[-1] == way.down.down_bps
