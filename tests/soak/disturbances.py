"""What befalls a station or its hub, and how often: it does harm, heals it, and returns once all works."""

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.soak.hub_side import HubSide
from tests.soak.unit import Unit

DAY_S: Final = 86_400.0
REFILL_S: Final = 0.3
Disturb = Callable[[Unit, HubSide, random.Random], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `weight`: how often beside the others."""

    name: str
    weight: int
    disturb: Disturb
    needs_hub: bool = False  # it changes the hub: one at a time
    needs_partition: bool = False


@dataclass(frozen=True, slots=True)
class Cycle:
    """One disturbance to come: its number from 1, its kind, the station by index, and its own seed."""

    number: int
    kind: Kind
    unit: int
    seed: int


def _box_killed(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    with unit.killed("kill -9 of the box"):
        time.sleep(rng.choice((0.0, rng.uniform(0.0, 3.0))))  # it is away for so long
    hub.reaches(unit)


def _box_killed_in_outage(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    unit.station.cable.pull()
    try:
        for _ in range(rng.randint(1, 3)):
            time.sleep(rng.uniform(0.2, 3.0))  # of the outage
            if rng.random() < 0.5:
                unit.press(rng)
            with unit.killed("kill -9 of the box without a link"):
                pass
    finally:
        unit.station.cable.replug()
    hub.reaches(unit)


def _power_cut(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    with unit.killed("power cut", with_board=True):
        time.sleep(rng.uniform(0.0, 3.0))  # it is dark for so long
    hub.reaches(unit)


def _another_boot(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    """The box boots anew, its clock begins at zero; the board has kept its power and goes on."""
    with unit.killed("another boot of the box alone"):
        unit.station.new_boot()
        unit.note_clock()
    hub.reaches(unit)


def _asleep(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    """The same boot, hours later: the clock counts the time asleep."""
    with unit.killed("the box's clock jumped ahead"):
        unit.station.sleep_s(rng.uniform(60.0, DAY_S))
        unit.note_clock()
    hub.reaches(unit)


def _cable_cut(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    """Nothing passes and nothing is refused, for half a second to a quarter of a minute."""
    unit.station.cable.pull()
    try:
        until_s = time.monotonic() + math.exp(rng.uniform(math.log(0.5), math.log(15.0)))
        if rng.random() < 0.5:
            unit.press(rng)
        time.sleep(max(0.0, until_s - time.monotonic()))  # of the outage
    finally:
        unit.station.cable.replug()
    unit.press(rng)
    unit.wait_stored_presses()
    hub.reaches(unit)


def _half_open(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    """The established flow carries nothing any more, and nobody is told."""
    unit.station.cable.drop_flows()
    time.sleep(rng.uniform(0.0, 2.0))  # until somebody presses
    unit.press(rng)
    unit.wait_stored_presses()
    hub.reaches(unit)


def _disk_full(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    """Not a byte is free on the box's partition for a while; a press still registers. Now and then the box
    dies before there is room again.
    """
    assert unit.partition is not None
    full_s, is_killed = time.monotonic(), rng.random() < 0.3
    until_s = full_s + rng.uniform(2.0, 12.0)
    try:
        while time.monotonic() < until_s:
            unit.partition.fill()
            unit.reader.look()  # before it is given up
            if rng.random() < 0.1:
                unit.press(rng)
            time.sleep(REFILL_S)  # of a disk that stays full
        unit.press(rng)
        unit.wait_stored_presses()
        if is_killed:
            with unit.killed("kill -9 of the box with a full disk", full_s=full_s):
                unit.partition.free()
    finally:
        unit.partition.free()
    unit.wait_works()
    hub.reaches(unit)


def _broker_killed(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    hub.kill_broker(down_s=rng.choice((0.0, rng.uniform(0.0, 5.0))))
    _press_reaches(unit, hub, rng)


def _hub_killed(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    hub.kill(down_s=rng.choice((0.0, rng.uniform(0.0, 5.0))))
    _press_reaches(unit, hub, rng)


def _hub_killed_committing(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    unit.press(rng)
    hub.kill_committing(down_s=rng.uniform(0.0, 1.0))
    _press_reaches(unit, hub, rng)


def _hub_restored(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    hub.restore(rng, down_s=rng.uniform(0.0, 2.0))
    _press_reaches(unit, hub, rng)
    hub.back_up()


def _hub_clock(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    """The hub's wall clock is set by up to ten days either way, under it or before it starts."""
    hub.step_clock(rng.choice((0.0, rng.uniform(-10.0, 10.0) * DAY_S, rng.uniform(-5.0, 5.0))))
    if rng.random() < 0.5:
        hub.kill(down_s=0.0)
    _press_reaches(unit, hub, rng)
    hub.back_up()


def _press_reaches(unit: Unit, hub: HubSide, rng: random.Random) -> None:
    unit.press(rng)
    unit.wait_stored_presses()
    hub.reaches(unit)


KINDS: Final = (
    Kind("box_killed", 20, _box_killed),
    Kind("box_killed_in_outage", 8, _box_killed_in_outage),
    Kind("power_cut", 14, _power_cut),
    Kind("another_boot", 5, _another_boot),
    Kind("asleep", 5, _asleep),
    Kind("cable_cut", 12, _cable_cut),
    Kind("half_open", 8, _half_open),
    Kind("disk_full", 8, _disk_full, needs_partition=True),
    Kind("broker_killed", 8, _broker_killed, needs_hub=True),
    Kind("hub_killed", 8, _hub_killed, needs_hub=True),
    Kind("hub_killed_committing", 8, _hub_killed_committing, needs_hub=True),
    Kind("hub_restored", 6, _hub_restored, needs_hub=True),
    Kind("hub_clock", 6, _hub_clock, needs_hub=True),
)


def plan(
    count: int, *, seed: int, first: int, units: int, with_partition: Sequence[int], each_once: bool = False
) -> list[Cycle]:
    """Return `count` cycles numbered from `first`, the same for the same arguments. `with_partition`: the
    indexes of the stations whose disk can be filled; without any, disks stay as they are. `each_once`: no
    kind comes again before all others have come.
    """
    rng = random.Random(seed)
    kinds = [kind for kind in KINDS if with_partition or not kind.needs_partition]
    chosen = rng.choices(kinds, weights=[kind.weight for kind in kinds], k=count)
    if each_once:
        chosen = [kind for _ in range(-(-count // len(kinds))) for kind in rng.sample(kinds, len(kinds))][
            :count
        ]
    return [
        Cycle(
            number,
            kind,
            rng.choice(with_partition) if kind.needs_partition else rng.randrange(units),
            rng.getrandbits(32),
        )
        for number, kind in enumerate(chosen, start=first)
    ]
