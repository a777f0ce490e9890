"""`./run bench drain`: a day's backlog over a poor link, with live capture and presses at random.

A spool is filled by the real capture and spool in a time of its own: sealed, another boot and key each hour.
Then `edge vitals` starts with it behind an emulated link (64 kbit/s both ways, 600 ms unless said otherwise),
beside a simulated board that goes on measuring, and sends over TLS through mosquitto to the hub. The button
is pressed at random; each press is looked for in the file of the hub's store. What the link carried is from
the link's own log. Linux, root.
"""

import argparse
import random
import tempfile
import time
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Final

from tests.bench.report import percentile, progress, tell
from tests.drain.backlog import fill_spool
from tests.drain.held import Backlog, Held
from tests.drain.picture import curves_of, draw
from tests.drain.presses import Presses
from tests.simulators.links import Profile, find_profile, queueing_delays_s, steady, utilisation
from tests.simulators.links.rate import Rate
from tests.village.station import Devices
from tests.village.village import PLACES, Village

QUEUE_BYTES: Final = 8_000  # what the modem has room for: a second of 64 kbit/s, five full packets
SETTLE_S: Final = 10.0  # connected and under way: then the first press
LOOK_EVERY_S: Final = 5.0
PRESS_APART_S: Final = 0.5  # at least
LAST_PRESS_LIMIT_S: Final = 60.0
NO_DEVICES: Final = Devices(camera="none", microphone="none", loudspeaker="none")
CONNECT_LIMIT_S: Final = 120.0
MEANINGS: Final = {
    "drain_utilisation": "share of what the link could carry up that it did carry, while there was a backlog",
    "drain_goodput": "the same, only the records of the backlog as they were stored",
    "press_p50_s": "edge of the button to the hub's committed store",
    "press_p99_s": "the same, 99 of 100",
    "press_max_s": "the slowest",
    "presses": "button edges",
    "presses_lost": "presses that the hub's store did not hold at the end",
    "drained": "1: the hub held the whole backlog at the end",
    "seconds": "from the first packet to the end of the backlog, or of the run",
    "backlog_hours": "of capture when it began",
    "backlog_records": "numerics, events and waveforms when it began",
    "backlog_left": "of them, what the hub did not hold at the end",
    "queue_p50_ms": "wait of a packet before the link",
    "queue_p95_ms": "the same, 95 of 100",
    "gone_pct": "packets up that the link lost or had no room for",
    "connections": "that the box made",
    "profile": "the link",
}
Result = dict[str, float | int | str]


@dataclass(slots=True)
class Run:
    """What was seen of the store, and when. Times are monotonic."""

    held: list[tuple[float, Held]] = field(default_factory=list)
    drained_s: float | None = None
    ended_s: float = 0.0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench drain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key:20} {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="a link profile instead of --rate-kbps and --loss"
    )
    parser.add_argument("--rate-kbps", type=float, default=64.0)
    parser.add_argument("--loss", type=float, default=0.0, help="of packets, each way, 0 … 1")
    parser.add_argument("--hours", type=float, default=24.0, help="of backlog (default: %(default)s)")
    parser.add_argument("--seconds", type=float, help="stop after so long, drained or not")
    parser.add_argument("--press-every", type=float, default=20.0, metavar="SECONDS", help="on average")
    parser.add_argument("--seed", type=int, default=1, help="of the presses")
    parser.add_argument(
        "--png", type=Path, metavar="FILE", help="draw link, queue, lanes and presses over time"
    )
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-drain-") as folder:
        result = measure(Path(folder), options)
    tell(result, meanings=MEANINGS, json_path=options.json)


def profile_of(options: argparse.Namespace) -> Profile:
    """Return the link that was asked for."""
    if options.profile is not None:
        path = Path(options.profile)
        return find_profile(path.stem, path.parent if path.suffix else None)
    bps = options.rate_kbps * 1e3
    up, down = (
        replace(steady(bps, delay_s=0.3, loss=options.loss, seed=seed), queue_bytes=QUEUE_BYTES)
        for seed in (11, 12)
    )
    return Profile(name=f"{options.rate_kbps:g} kbit/s, 600 ms, {options.loss:.0%} loss", up=up, down=down)


def measure(folder: Path, options: argparse.Namespace) -> Result:
    """Fill a spool, drain it."""
    profile = profile_of(options)
    village = Village(folder, [replace(PLACES[0], link=profile, devices=NO_DEVICES)])
    station = village.stations[0]
    backlog = fill_spool(village, station, hours=options.hours)
    with village:
        link = station.link
        assert link is not None, "made with one"
        station.vitals.wait_for("connected to", limit_s=CONNECT_LIMIT_S)
        with Presses(station, folder / "store") as presses:
            run = drain(presses, backlog, options)
        packets, set_s = link.packets(), link.began_s
    began_s = min(one.arrived_s for one in packets)
    ended_s = run.drained_s or run.ended_s
    if options.png is not None:
        curves = curves_of(packets, from_s=began_s, to_s=run.ended_s)
        lanes = [one.lanes(at_s - began_s) for at_s, one in run.held]
        times = [(at_s - began_s, took_s) for at_s, took_s in presses.took_s]
        rate_bps = Rate(profile.up.rate).at(0.0)
        draw(options.png, curves, lanes, times, title=profile.name, rate_bps=rate_bps)
    up = [one for one in packets if one.direction == "up" and began_s <= one.arrived_s <= ended_s]
    rate = Rate(profile.up.rate, profile.up.repeat_s)
    could_bits = rate.bits(began_s - set_s, ended_s - set_s)
    queues_s = queueing_delays_s(up)
    took_s = [one for _, one in presses.took_s]
    last = run.held[-1][1]
    return {
        "drain_utilisation": round(utilisation(up, rate, began_s=set_s, from_s=began_s, to_s=ended_s), 4),
        "drain_goodput": round(last.backlog_bytes * 8 / could_bits, 4),
        "press_p50_s": round(percentile(took_s, 0.5), 2) if took_s else "none",
        "press_p99_s": round(percentile(took_s, 0.99), 2) if took_s else "none",
        "press_max_s": round(max(took_s), 2) if took_s else "none",
        "presses": len(took_s) + presses.waiting,
        "presses_lost": presses.waiting,
        "drained": int(run.drained_s is not None),
        "seconds": round(ended_s - began_s),
        "backlog_hours": options.hours,
        "backlog_records": backlog.records,
        "backlog_left": backlog.records - last.backlog,
        "queue_p50_ms": round(percentile(queues_s, 0.5) * 1e3),
        "queue_p95_ms": round(percentile(queues_s, 0.95) * 1e3),
        "gone_pct": round(sum(one.fate != "delivered" for one in up) / len(up) * 100, 2),
        "connections": len({one.packet.ports for one in up if one.packet.content == "tcp"}),
        "profile": profile.name,
    }


def drain(presses: Presses, backlog: Backlog, options: argparse.Namespace) -> Run:
    """Press at random until the backlog is gone, or the time is over, and then until no press waits."""
    chance, began_s = random.Random(options.seed), time.monotonic()
    run = Run()
    press_s, look_s = began_s + SETTLE_S, began_s
    limit_s = began_s + options.seconds if options.seconds is not None else inf
    while run.drained_s is None and time.monotonic() < limit_s:
        if time.monotonic() >= look_s:
            held = presses.held(backlog)
            run.held.append((time.monotonic(), held))
            if held.backlog == backlog.records:
                run.drained_s = time.monotonic()
            look_s += LOOK_EVERY_S
            progress(f"{held.backlog} of {backlog.records} records, {time.monotonic() - began_s:.0f} s ")
        if time.monotonic() >= press_s:
            presses.press()
            press_s = time.monotonic() + max(PRESS_APART_S, chance.expovariate(1 / options.press_every))
        presses.watch(PRESS_APART_S / 10)
    run.ended_s = time.monotonic()
    presses.wait(limit_s=LAST_PRESS_LIMIT_S)
    progress("\n")
    return run


if __name__ == "__main__":
    main()
