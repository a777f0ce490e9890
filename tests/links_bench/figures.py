"""What a link's log says of those who sent over it (core).

`sent` are the packets of one direction in order of their stories' ends, the uploads of others left out.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from tests.simulators.links.log import Logged
from tests.simulators.links.profile import Profile, Way

CHANGE_MIN: Final = 1.3  # a step of less is none
LASTS_S: Final = 5.0  # before and after; what changes more often is no stair
UP_SHARE: Final = 0.8
UP_WITHIN_S: Final = 1.0
QUEUE_LONG_S: Final = 0.1
STAYS_S: Final = 2.0

Reaction = float | Literal["never"] | None  # s; None: there was no such step


class Step(NamedTuple):
    """A change of the rate, in seconds of the profile, and when the next one comes or all ends."""

    at_s: float
    before_bps: float
    after_bps: float
    until_s: float


def steps(way: Way, *, seconds: float) -> list[Step]:
    """Return the changes after which the rate stays so long that a sender can follow."""
    if way.repeat_s is not None:
        return []
    edges = [*(at_s for at_s, _ in way.rate if at_s < seconds), seconds]
    rates = [bps for at_s, bps in way.rate if at_s < seconds]
    lasts_s = [after - before for before, after in pairwise(edges)]
    return [
        Step(edges[number], rates[number - 1], rates[number], edges[number + 1])
        for number in range(1, len(rates))
        if min(lasts_s[number - 1], lasts_s[number]) >= LASTS_S
        and min(rates[number - 1 : number + 1]) > 0
        and max(rates[number - 1 : number + 1]) >= CHANGE_MIN * min(rates[number - 1 : number + 1])
    ]


def step_up_s(sent: Sequence[Logged], profile: Profile, *, began_s: float, seconds: float) -> Reaction:
    """Return how long after the largest step up four fifths of the new rate were carried over a second."""
    ups = [one for one in steps(profile.up, seconds=seconds) if one.after_bps > one.before_bps]
    if not ups:
        return None
    step = max(ups, key=lambda one: one.after_bps - one.before_bps)
    left = sorted(
        (one.left_s - began_s, one.size_bytes * 8)
        for one in sent
        if one.left_s is not None and step.at_s < one.left_s - began_s <= step.until_s
    )
    first, bits = 0, 0
    for at_s, size_bits in left:
        bits += size_bits
        while left[first][0] <= at_s - UP_WITHIN_S:
            bits -= left[first][1]
            first += 1
        if bits >= UP_SHARE * step.after_bps * UP_WITHIN_S:
            return round(at_s - step.at_s, 2)
    return "never"


def drain_s(sent: Sequence[Logged], profile: Profile, *, began_s: float, seconds: float) -> Reaction:
    """Return how long after the largest step down the last packet began that had waited QUEUE_LONG_S or more,
    before STAYS_S without one.
    """
    downs = [one for one in steps(profile.up, seconds=seconds) if one.after_bps < one.before_bps]
    if not downs:
        return None
    step = max(downs, key=lambda one: one.before_bps - one.after_bps)
    drained_s = step.at_s
    waited = sorted(
        one.started_s - began_s
        for one in sent
        if one.started_s is not None and one.started_s - one.arrived_s >= QUEUE_LONG_S
    )
    for at_s in waited:
        if step.at_s < at_s <= min(drained_s + STAYS_S, step.until_s):
            drained_s = at_s
    return "never" if drained_s > step.until_s - STAYS_S else round(drained_s - step.at_s, 2)


def of_ports(sent: Sequence[Logged], ports: Collection[int]) -> list[Logged]:
    """Return the packets that come from these ports of the station."""
    return [one for one in sent if one.packet.ports[0] in ports]


def carried_bits(sent: Sequence[Logged], *, from_s: float, to_s: float) -> int:
    """Return how much went over the link between two moments."""
    return sum(one.size_bytes * 8 for one in sent if one.left_s is not None and from_s < one.left_s <= to_s)


def jain(amounts: Sequence[float]) -> float:
    """Return how even shares are: 1 all alike, 1/n one has everything.

    Source: Jain, Chiu, Hawe: DEC research report TR-301 (1984).
    """
    squares = sum(one**2 for one in amounts)
    return sum(amounts) ** 2 / (len(amounts) * squares) if squares else 0.0
