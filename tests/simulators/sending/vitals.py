"""What a box sends beside its call (core): parcels of live vitals, feedback on the voice that comes, words.

As counted of a station with one patient on a link of 64 kbit/s: about 12 kbit/s, in packets that the call
meets as queues of a tenth of a second.
"""

import random
from functools import partial
from typing import Final

from tests.simulators.sending.road import Road
from tests.simulators.sending.timeline import Timeline

FLOW: Final = 99
SENT: Final = (  # so many bytes, every so many seconds, give or take such a share of them
    (980, 1.35, 0.3),  # a parcel
    (86, 0.16, 0.1),  # feedback
    (480, 2.5, 0.2),  # how picture and voice are
    (120, 1.0, 0.25),  # checks of the path, acknowledgements
)


def send_vitals(timeline: Timeline, road: Road, *, rng: random.Random, begins_s: float) -> None:
    """From `begins_s` until the end."""

    def send(size_bytes: int, every_s: float, shaken: float) -> None:
        road.send(bytes([FLOW]) + bytes(size_bytes - 1))
        next_s = timeline.now_s + every_s * (1 + shaken * rng.uniform(-1, 1))
        timeline.at(next_s, partial(send, size_bytes, every_s, shaken))

    for one in SENT:
        timeline.at(begins_s + rng.random() * one[1], partial(send, *one))
