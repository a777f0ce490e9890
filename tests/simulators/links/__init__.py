"""The link laboratory: a station behind a poor link, with every packet accounted for.

A `Link` gives the station a network namespace of its own, joined to this one by two TUN devices and one
process that forwards between them: piecewise rate, drop-tail queue, delay, jitter, loss, each way
(`bottleneck.py`). Its log says of each packet when it came, when it went and whether it was dropped, so
utilisation and queueing delay do not depend on what the software under test believes. Needs root.

The hub's end of the link is in the test's own namespace, where broker, hub and a browser run as they do
without a link: one namespace less, and nothing of theirs to move.
"""

from tests.simulators.links.known import (
    CLEAN_2M,
    CLEAN_RTT600,
    EDGE_100K,
    FLOOR_64K,
    MICROWAVE_OUTAGE,
    VSAT_256_64,
    find_profile,
)
from tests.simulators.links.link import Link, LinkError
from tests.simulators.links.log import Logged, queueing_delays_s, utilisation
from tests.simulators.links.profile import Profile, ProfileError, Way, steady

__all__ = [
    "CLEAN_2M",
    "CLEAN_RTT600",
    "EDGE_100K",
    "FLOOR_64K",
    "MICROWAVE_OUTAGE",
    "VSAT_256_64",
    "Link",
    "LinkError",
    "Logged",
    "Profile",
    "ProfileError",
    "Way",
    "find_profile",
    "queueing_delays_s",
    "steady",
    "utilisation",
]
