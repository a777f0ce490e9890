"""The profiles that tests and benches name, and those of a folder (shell: it reads files)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.simulators.links.bad_day import BAD_DAY
from tests.simulators.links.profile import Burst, Profile, ProfileError, TcpFlow, Way, profile_of, steady

_EDGE_BURSTS: Final = Burst(to_bad=0.005, to_good=0.245)  # 2 % lost, four in a row on average
_OUTAGE: Final = Way(
    rate=((0.0, 512_000.0), (25.0, 0.0), (35.0, 512_000.0)),
    delay_s=0.02,
    queue_bytes=32_000,
    loss=0.01,
    seed=11,
)

CLEAN_2M: Final = Profile(  # nothing is wrong with it
    name="clean_2M", up=steady(2e6, delay_s=0.02, seed=11), down=steady(2e6, delay_s=0.02, seed=12)
)
CLEAN_RTT600: Final = Profile(  # geostationary satellite, with room
    name="clean_rtt600", up=steady(2e6, delay_s=0.3, seed=11), down=steady(2e6, delay_s=0.3, seed=12)
)
FLOOR_64K: Final = Profile(  # the least that we promise to work on
    name="floor_64k",
    up=steady(64e3, delay_s=0.1, queue_s=1.0, seed=11),
    down=steady(64e3, delay_s=0.1, queue_s=1.0, seed=12),
)
EDGE_100K: Final = Profile(  # a commune's mobile network of the second generation
    name="edge_100k",
    up=Way(rate=((0.0, 100e3),), delay_s=0.15, jitter_s=0.02, burst=_EDGE_BURSTS, queue_s=1.5, seed=11),
    down=Way(rate=((0.0, 100e3),), delay_s=0.15, burst=_EDGE_BURSTS, queue_s=1.5, seed=12),
)
VSAT_256_64: Final = Profile(  # satellite, shared
    name="vsat_256_64",
    up=steady(256e3, delay_s=0.3, jitter_s=0.005, queue_s=0.8, loss=0.01, seed=11),
    down=steady(64e3, delay_s=0.3, queue_s=0.8, loss=0.01, seed=12),
)
MICROWAVE_OUTAGE: Final = Profile(name="microwave_outage", up=_OUTAGE, down=replace(_OUTAGE, seed=12))

_WIDE_BACK: Final = steady(1e6, delay_s=0.05, seed=12)


def _steps(*kilobits: float) -> Way:
    """A rate that changes after 24, 36 and 48 s (RFC 8867, 5.1, in less time)."""
    rate = tuple(zip((0.0, 24.0, 36.0, 48.0), (bps * 1e3 for bps in kilobits), strict=True))
    return Way(rate=rate, delay_s=0.05, jitter_s=0.015, seed=11)


RFC51_1M: Final = Profile(name="rfc51_1M", up=_steps(400, 1000, 240, 400), down=_WIDE_BACK)
RFC51_300K: Final = Profile(name="rfc51_300k", up=_steps(120, 300, 72, 120), down=_WIDE_BACK)
RFC52_2FLOWS_1M: Final = Profile(  # RFC 8867, 5.2: the rate changes below two calls
    name="rfc52_2flows_1M",
    up=Way(
        rate=((0.0, 1e6), (12.0, 500e3), (24.0, 875e3), (36.0, 250e3), (48.0, 500e3)),
        delay_s=0.05,
        jitter_s=0.015,
        seed=11,
    ),
    down=_WIDE_BACK,
    flows=2,
)
RFC54_2FLOWS_700K: Final = Profile(  # RFC 8867, 5.4: a second call joins
    name="rfc54_2flows_700k",
    up=steady(700e3, delay_s=0.05, jitter_s=0.015, seed=11),
    down=_WIDE_BACK,
    flows=2,
    stagger_s=15.0,
)
RFC56_TCP_1M: Final = Profile(  # RFC 8867, 5.6: a long upload of somebody else
    name="rfc56_tcp_1M",
    up=steady(1e6, delay_s=0.05, jitter_s=0.015, seed=11),
    down=_WIDE_BACK,
    tcp=(TcpFlow(begins_s=15.0, ends_s=45.0, control="cubic"),),
)
BUFFERBLOAT_TCP_512K: Final = Profile(  # the same, and a second of queue for it to fill
    name="bufferbloat_tcp_512k",
    up=steady(512e3, delay_s=0.05, queue_s=1.0, seed=11),
    down=_WIDE_BACK,
    tcp=(TcpFlow(begins_s=15.0, ends_s=45.0, control="cubic"),),
)
# fmt: off
_FADES: Final = (  # kbit/s, one each half second: a mobile link of the third generation, and two fades to 50
    206, 151, 207, 105, 117, 66, 117, 144, 248, 217, 259, 242, 197, 220, 154, 152, 210, 226, 207, 441,
    424, 333, 345, 286, 255, 233, 463, 437, 437, 513, 900, 712, 512, 900, 542, 441, 50, 50, 50, 50,
    50, 50, 50, 50, 312, 340, 291, 441, 674, 603, 470, 556, 590, 382, 318, 441, 404, 348, 364, 350,
    342, 181, 341, 357, 262, 366, 393, 379, 512, 900, 900, 900, 900, 900, 800, 885, 436, 378, 552, 704,
    745, 355, 734, 765, 850, 852, 421, 253, 50, 50, 50, 50, 50, 50, 345, 368, 239, 90, 114, 144,
    238, 238, 203, 245, 154, 122, 101, 130, 289, 371, 517, 515, 519, 414, 360, 161, 120, 91, 143, 197,
)
# fmt: on
FADING_3G: Final = Profile(
    name="3g_fading",
    up=Way(
        rate=tuple((0.5 * index, kilobits * 1e3) for index, kilobits in enumerate(_FADES)),
        delay_s=0.06,
        jitter_s=0.01,
        loss=0.005,
        queue_s=1.0,
        seed=11,
    ),
    down=steady(128e3, delay_s=0.06, queue_s=1.0, seed=12),
)

POOR: Final = (  # the links that picture and voice are measured on
    RFC51_1M,
    RFC51_300K,
    VSAT_256_64,
    EDGE_100K,
    FADING_3G,
    MICROWAVE_OUTAGE,
    FLOOR_64K,
    RFC56_TCP_1M,
    BUFFERBLOAT_TCP_512K,
    RFC54_2FLOWS_700K,
)
KNOWN: Final = {one.name: one for one in (CLEAN_2M, CLEAN_RTT600, *POOR, RFC52_2FLOWS_1M, BAD_DAY)}


def find_profile(name: str, folder: Path | None = None) -> Profile:
    """Return the profile `name`: NAME.json of `folder`, or one of KNOWN. Raises ProfileError."""
    path = folder and folder / f"{name}.json"
    if path and path.is_file():
        try:
            return profile_of(json.loads(path.read_text(encoding="utf-8")))
        except json.JSONDecodeError as error:
            raise ProfileError(f"{path}: is not JSON: {error}") from error
    if name in KNOWN:
        return KNOWN[name]
    others = sorted(one.stem for one in folder.glob("*.json")) if folder else []
    raise ProfileError(f"no link profile {name!r}; there are {', '.join([*KNOWN, *others])}")
