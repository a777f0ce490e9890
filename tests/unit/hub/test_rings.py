"""What pages are told of rings: one that no call tells of, and a while what came of one that was in vain."""

from dataclasses import replace

from contract.ids import CallId, SpoolId, StationId
from hub.calls.rings import TOLD_AFTER_US, Ring, Rings

STATION = StationId("con-dao-01")
RING = Ring("a" * 16, STATION, "Lan", False, until_us=45_000_000)
CALL = CallId(STATION, SpoolId(0xB0C5), 7)


def rung() -> tuple[Rings, Ring]:
    rings, ring = Rings(), replace(RING)
    rings.begin(ring)
    return rings, ring


def test_a_ring_without_a_call_is_told_while_it_lasts() -> None:
    rings, ring = rung()
    assert rings.told() == {STATION: ring}
    assert not rings.expire(now_us=ring.until_us - 1)
    rings.end(ring.name)
    assert rings.told() == {}, "accepted, or taken back: nothing is to be said"


def test_a_ring_of_a_call_is_told_by_its_call() -> None:
    rings = Rings()
    rings.begin(replace(RING, call_id=CALL))
    assert rings.told() == {}


def test_a_ring_that_ran_out_is_said_to_be_unanswered_for_a_while() -> None:
    rings, ring = rung()
    assert rings.expire(now_us=ring.until_us)
    assert (rings.of(STATION), rings.told()[STATION].outcome) == (None, "unanswered")
    assert not rings.expire(now_us=ring.until_us + TOLD_AFTER_US - 1)
    assert rings.expire(now_us=ring.until_us + TOLD_AFTER_US), "pages are to be told"
    assert rings.told() == {}


def test_what_came_of_a_ring_is_forgotten_with_the_next_one() -> None:
    rings, ring = rung()
    ring.outcome = "declined"
    rings.end(ring.name)
    assert rings.told()[STATION].outcome == "declined"
    again = replace(RING, name="b" * 16)
    rings.begin(again)
    assert rings.told() == {STATION: again}
    rings.end(again.name)
    assert rings.told() == {}
