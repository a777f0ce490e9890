"""A simulated instrument as a process, commanded by words on stdin, until stdin ends or it is stopped.

    python -m tests.simulators.devices berry-bm1000 --link PATH

Words: `contact off`, `contact on`, `unplug`, `plug`, `switch off`, `switch on`; each is answered by a line.
"""

import argparse
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.simulators.devices.catalogue import all_simulators
from tests.simulators.devices.sim import DeviceSim


def main() -> None:
    """Run until stopped."""
    simulators = all_simulators()
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("driver", choices=sorted(simulators))
    parser.add_argument("--link", type=Path, required=True, help="where the port appears")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    device = simulators[options.driver](random.Random(options.seed), now_s=time.monotonic())
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: is_over.set())
    with DeviceSim(options.link, device) as sim:
        print(f"{options.driver} on {options.link}; words: {', '.join(verbs(sim))}", flush=True)
        threading.Thread(target=obey, args=(sim,), daemon=True).start()
        is_over.wait()


def verbs(sim: DeviceSim) -> dict[str, Callable[[], object]]:
    """Return what each word does."""
    return {
        "contact off": lambda: setattr(sim.device, "has_contact", False),
        "contact on": lambda: setattr(sim.device, "has_contact", True),
        "unplug": sim.unplug,
        "plug": sim.plug,
        "switch off": lambda: sim.switch(is_on=False),
        "switch on": lambda: sim.switch(is_on=True),
    }


def obey(sim: DeviceSim) -> None:
    """Do one line after the other."""
    known = verbs(sim)
    for line in sys.stdin:
        word = line.strip()
        if word in known:
            known[word]()
            print(f"did: {word}", flush=True)
        elif word:
            print(f"no such word: {word}; there are {', '.join(known)}", flush=True)


if __name__ == "__main__":
    main()
