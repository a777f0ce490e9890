"""The profiles that tests and benches name, and those of a folder (shell: it reads files)."""

import json
from pathlib import Path
from typing import Final

from tests.simulators.links.profile import Burst, Profile, ProfileError, Way, profile_of, steady

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
MICROWAVE_OUTAGE: Final = Profile(name="microwave_outage", up=_OUTAGE, down=_OUTAGE)

KNOWN: Final = {
    one.name: one for one in (CLEAN_2M, CLEAN_RTT600, FLOOR_64K, EDGE_100K, VSAT_256_64, MICROWAVE_OUTAGE)
}


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
