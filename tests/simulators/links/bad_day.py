"""A bad day of a link in one hour (core): fades, steps, outages, loss, gusts, a satellite, uploads.

The first five minutes have something of everything. Outages are 45 s in all, 1.25 % of the hour, so that a
voice that comes back at once stays within 2 % made up.
"""

from dataclasses import replace
from itertools import accumulate
from typing import Final, NamedTuple

from tests.simulators.links.profile import Burst, Profile, Spell, TcpFlow, Way

DOWN_BPS_MAX: Final = 128e3
QUEUE_S: Final = 1.0
_STILL: Final = Spell(from_s=0.0, delay_s=0.06, jitter_s=0.005, loss=0.002)
_RAIN: Final = Spell(from_s=0.0, delay_s=0.06, jitter_s=0.02, loss=0.03)
_BURSTS: Final = Spell(from_s=0.0, delay_s=0.06, jitter_s=0.01, burst=Burst(to_bad=0.008, to_good=0.25))
_GUSTS: Final = Spell(from_s=0.0, delay_s=0.06, jitter_s=0.08, loss=0.005)
_SATELLITE: Final = Spell(from_s=0.0, delay_s=0.3, jitter_s=0.005, loss=0.01)


class Stretch(NamedTuple):
    """So long, in this air; the rates, kbit/s, share the time evenly."""

    seconds: float
    air: Spell
    kbps: tuple[float, ...]


# fmt: off
HOUR: Final = (
    Stretch(40, _STILL, (256,)),
    Stretch(30, _STILL, (200, 150, 100, 64, 40, 32, 24, 24, 32, 48, 80, 120)),
    Stretch(30, _STILL, (256,)),
    Stretch(1, _STILL, (0,)),
    Stretch(29, _BURSTS, (180,)),
    Stretch(30, _RAIN, (128,)),
    Stretch(30, _SATELLITE, (256,)),
    Stretch(3, _SATELLITE, (0,)),
    Stretch(22, _STILL, (200,)),
    Stretch(35, _STILL, (220,)),  # UPLOADS
    Stretch(30, _GUSTS, (140, 60, 200, 90, 160, 40)),
    Stretch(20, _STILL, (256,)),  # 300 s
    Stretch(120, _STILL, (384,)),
    Stretch(60, _STILL, (300, 220, 160, 100, 64, 40, 32, 28, 24, 24, 24, 28, 40, 64, 100)),
    Stretch(90, _STILL, (256,)),
    Stretch(60, _BURSTS, (256, 180)),
    Stretch(8, _STILL, (0,)),
    Stretch(112, _STILL, (200,)),
    Stretch(150, _RAIN, (160, 128, 96, 128, 160)),
    Stretch(45, _RAIN, (64, 48, 40, 36, 32, 32, 36, 48, 64)),
    Stretch(105, _STILL, (256,)),
    Stretch(300, _SATELLITE, (256,)),
    Stretch(2, _SATELLITE, (0,)),
    Stretch(98, _SATELLITE, (128,)),
    Stretch(100, _STILL, (320,)),
    Stretch(120, _GUSTS, (90, 140, 70, 200, 110, 50, 160, 80, 130, 60)),
    Stretch(30, _GUSTS, (40,)),
    Stretch(100, _STILL, (256,)),  # 1,800 s
    Stretch(120, _STILL, (256,)),  # UPLOADS
    Stretch(80, _STILL, (200,)),
    Stretch(25, _STILL, (0,)),
    Stretch(175, _STILL, (200, 256, 128, 256, 200)),
    Stretch(150, _BURSTS, (128, 100, 150)),
    Stretch(50, _STILL, (40, 36, 32, 28, 24, 24, 28, 32, 36, 40)),
    Stretch(60, _STILL, (512,)),
    Stretch(240, _RAIN, (180, 150, 120, 150)),
    Stretch(1, _RAIN, (0,)),
    Stretch(99, _STILL, (256,)),
    Stretch(200, _SATELLITE, (192,)),
    Stretch(5, _SATELLITE, (0,)),
    Stretch(115, _STILL, (64,)),
    Stretch(60, _STILL, (256, 180, 120, 80, 50, 36, 28, 24, 40, 90)),
    Stretch(120, _GUSTS, (100, 60, 140, 80, 180, 120)),
    Stretch(300, _STILL, (256, 200, 300)),
)
# fmt: on
UPLOADS: Final = (
    TcpFlow(begins_s=215.0, ends_s=250.0, control="cubic"),
    TcpFlow(begins_s=1_800.0, ends_s=1_920.0, control="cubic"),
)


def _way(bps_max: float, *, seed: int) -> Way:
    begins_s = [0.0, *accumulate(one.seconds for one in HOUR)]
    rate = tuple(
        (begin_s + one.seconds * number / len(one.kbps), min(bps_max, kbps * 1e3))
        for begin_s, one in zip(begins_s, HOUR, strict=False)
        for number, kbps in enumerate(one.kbps)
    )
    spells = tuple(replace(one.air, from_s=begin_s) for begin_s, one in zip(begins_s, HOUR, strict=False))
    return Way(rate=rate, queue_s=QUEUE_S, seed=seed, spells=spells)


BAD_DAY: Final = Profile(
    name="bad_day",
    up=_way(float("inf"), seed=11),
    down=_way(DOWN_BPS_MAX, seed=12),
    seconds=sum(one.seconds for one in HOUR),
    tcp=UPLOADS,
)
