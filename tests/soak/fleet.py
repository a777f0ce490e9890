"""Hub, broker and stations of one round, with people who press at random all the time."""

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulators.board.recordings import NAMES
from tests.soak.hub_side import HubSide
from tests.soak.partition import Partition, may_mount
from tests.soak.unit import Unit
from tests.village.village import Place, Village

PRESS_EVERY_S: Final = 8.0  # a station's presses, on average
TOLERANCE_S: Final = 1.0  # on a machine that does little else
CANCEL_SHARE: Final = 0.25  # of the presses: soon after it the nurse cancels
WITH_PARTITION: Final = 2  # stations whose disk can be filled


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything that runs."""

    village: Village
    units: list[Unit]
    hub: HubSide


def partitions(stations: int) -> list[int]:
    """Return the indexes of the stations that get a partition of their own: none for who may not mount."""
    return list(range(min(WITH_PARTITION, stations))) if may_mount() else []


@contextmanager
def fleet(
    folder: Path, *, stations: int, speed: float = 1.0, tolerance_s: float = TOLERANCE_S
) -> Iterator[Fleet]:
    """Start broker, hub and stations in `folder`; end them."""
    places = [
        Place(f"soak-{number:02}", f"Trạm {number}", NAMES[number % len(NAMES)])
        for number in range(1, stations + 1)
    ]
    with ExitStack() as stack:
        village = Village(folder, places, speed=speed)
        with_partition = partitions(stations)
        units = []
        for index, station in enumerate(village.stations):
            partition = None
            if index in with_partition:
                partition = stack.enter_context(Partition(station.folder / "data"))
            units.append(Unit(station, speed=speed, partition=partition, tolerance_s=tolerance_s))
        hub = HubSide(village, units)
        stack.enter_context(village)
        for unit in units:
            unit.note_clock()
        for unit in units:
            unit.wait_works()
            hub.reaches(unit)
        yield Fleet(village, units, hub)


@contextmanager
def pressing(units: list[Unit], rng: random.Random) -> Iterator[None]:
    """Somebody presses at each station at random, until the end of the context."""
    is_over = threading.Event()

    def press_on(unit: Unit, own: random.Random) -> None:
        while not is_over.wait(own.expovariate(1.0 / PRESS_EVERY_S)):
            unit.press(own)
            if own.random() < CANCEL_SHARE and not is_over.wait(own.uniform(0.0, 5.0)):
                unit.cancel_call()

    people = [
        threading.Thread(target=press_on, args=(unit, random.Random(rng.getrandbits(32))), name=unit.name)
        for unit in units
    ]
    for person in people:
        person.start()
    try:
        yield
    finally:
        is_over.set()
        for person in people:
            person.join()
