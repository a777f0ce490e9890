"""`./run bench wire`: what a station costs on the wire, beside JSON and CBOR of the same samples.

One ECG lead at 250 Hz, pleth at 75 Hz of 7 bits, SpO2 and pulse at 1 Hz go from a simulated board through
`edge vitals`, sealed, over TLS, mosquitto and the hub; JSON and CBOR (tests/wire/publisher.py) go once a
second over TLS to the same broker. All at once, each over an emulated link of its own, whose log counts every
IP packet of both directions with all headers. Connecting is counted apart (TLS, hello, key, streams, visit,
status) and added once an hour, or once a day. The parts go to standard error. Linux, root.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.bench.report import progress, tell
from tests.simulators.cable import Cable
from tests.simulators.links import Link, Profile
from tests.simulators.links.log import Logged
from tests.simulators.links.profile import steady
from tests.village.process import Process
from tests.village.village import Place, Village
from tests.wire.contents import RECORDS, bytes_by_part, names_of
from tests.wire.signal import Signal, make
from tests.wire.tap import Tap
from tests.wire.traffic import HEADERS_BYTES, TLS_RECORD_BYTES, Way, of_port, way_of
from tests.wire.viewer import watching

NEAR: Final = Profile(name="near", up=steady(10e6, delay_s=0.01), down=steady(10e6, delay_s=0.01))
FAR: Final = Profile(name="far", up=steady(512e3, delay_s=0.3), down=steady(512e3, delay_s=0.3))
CONNECT_LIMIT_S: Final = 120.0
DAY_S: Final = 86_400.0
CONNECT_S: Final = 10.0  # from the first packet: all that is said on connecting is said and received
SETTLE_S: Final = 40.0  # connected, and the first records of 30 s are gone
OURS: Final = ("quiet", "live", "live-near", "idle")
THEIRS: Final = ("json", "cbor")
MEANINGS: Final = {
    "mb_per_hour_quiet": "nobody watches: 10^6 bytes both ways, with its share of connecting once a day",
    "mb_per_hour_live": "a page watches over a link of 600 ms",
    "mb_per_hour_live_near": "a page watches over a link of 20 ms, where live goes twice a second",
    "mb_per_day_idle": "sensors off, nobody there: a day and one connecting",
    "mb_per_hour_json": "the same samples as JSON once a second on three topics",
    "mb_per_hour_cbor": "the same as one CBOR message a second",
    "times_below_json": "JSON over quiet",
    "connect_kb": "connecting: the first 10 s, without what their samples cost, 10^3 bytes",
    "ecg_bits_per_sample": "of the ECG as the product codes 30 s: the noise of the signal sets it",
    "pleth_bits_per_sample": "of the pleth",
    "minutes": "measured",
    "tap_over_log": "bytes of the kernel's own packets over those of the links' logs: 1 is right",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one way of sending cost: connecting, then the minutes measured."""

    connecting: int
    up: Way
    down: Way
    seconds: float

    def of(self, seconds: float) -> float:
        """Return the megabytes of so long, with the share of one connecting a day."""
        rate = (self.up.total_bytes + self.down.total_bytes) / self.seconds
        return (rate + self.connecting / DAY_S) * seconds / 1e6


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench wire",
        description=__doc__,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="to measure; whole periods of 5 are fairest"
    )
    parser.add_argument(
        "--records", type=Path, metavar="DIR", help="take the ECG from the WFDB records there"
    )
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as place:
        folder = Path(place)
        signal = make(folder, options.records)
        costs, parts, tap_over_log = measure(folder, signal, options.minutes * 60)
    for name, cost in costs.items():
        print(table(name, cost, parts.get(name, {})), file=sys.stderr)
    print(f"signal: {signal.words}", file=sys.stderr)
    tell(result(costs, signal, options.minutes, tap_over_log), meanings=MEANINGS, json_path=options.json)


def result(
    costs: Mapping[str, Cost], signal: Signal, minutes: float, tap_over_log: float
) -> dict[str, float | int | str]:
    """Return what is printed."""
    quiet, as_json = costs["quiet"].of(3_600), costs["json"].of(3_600)
    return {
        "mb_per_hour_quiet": round(quiet, 3),
        "mb_per_hour_live": round(costs["live"].of(3_600), 3),
        "mb_per_hour_live_near": round(costs["live-near"].of(3_600), 3),
        "mb_per_day_idle": round(costs["idle"].of(DAY_S), 3),
        "mb_per_hour_json": round(as_json, 2),
        "mb_per_hour_cbor": round(costs["cbor"].of(3_600), 2),
        "times_below_json": round(as_json / quiet, 1),
        "connect_kb": round(costs["quiet"].connecting / 1e3, 1),
        "ecg_bits_per_sample": signal.ecg_bits,
        "pleth_bits_per_sample": signal.pleth_bits,
        "minutes": minutes,
        "tap_over_log": round(tap_over_log, 4),
    }


def measure(
    folder: Path, signal: Signal, seconds: float
) -> tuple[dict[str, Cost], dict[str, Mapping[str, int]], float]:
    """Run all at once; return what each cost, what ours was made of, and the second pair of eyes' word."""
    profiles = {"quiet": NEAR, "live": FAR, "live-near": NEAR, "idle": NEAR}
    places = [Place(f"wire-{name}", name, str(signal.path), link=profiles[name]) for name in OURS]
    village = Village(folder, places)
    stations = dict(zip(OURS, village.stations, strict=True))
    stations["idle"].board.leads_off()
    stations["idle"].board.probe_off()
    links = {name: Link(NEAR, log=folder / f"{name}.log") for name in THEIRS}
    links |= {name: one.link for name, one in stations.items() if one.link is not None}
    addresses = [address for link in links.values() for address in (link.hub_address, link.server_address)]
    village.broker.authority.make(names=addresses, now=datetime.now(UTC))
    with ExitStack() as stack:
        tap = stack.enter_context(Tap(link.station_address for link in links.values()))
        stack.enter_context(village)
        stack.enter_context(watching(village, "wire-live", "wire-live-near"))
        ports = {name: one.cable.port for name, one in stations.items()}
        for name in THEIRS:
            stack.enter_context(links[name])
            ports[name] = begin_publisher(stack, village, links[name], name, signal)
        for station in stations.values():
            station.vitals.wait_for("connected to", limit_s=CONNECT_LIMIT_S)
        wait("settling", SETTLE_S)
        from_s, before = time.monotonic(), {name: names_of(one) for name, one in stations.items()}
        wait("measuring", seconds)
        to_s, after = time.monotonic(), {name: names_of(one) for name, one in stations.items()}
        costs, logged, tapped = {}, 0, tap.counts()
        for name, link in links.items():
            packets = link.packets()
            costs[name] = cost_of(of_port(packets, ports[name]), from_s=from_s, to_s=to_s)
            logged += sum(one.size_bytes for one in packets)
        parts = {
            name: bytes_by_part(village, one, after[name] - before[name]) for name, one in stations.items()
        }
    return costs, parts, sum(tapped.values()) / logged


def cost_of(packets: Sequence[Logged], *, from_s: float, to_s: float) -> Cost:
    """Return what these packets cost in the time measured, and what connecting had cost before."""
    up, down = (way_of(packets, way, from_s=from_s, to_s=to_s) for way in ("up", "down"))
    seconds, began_s = to_s - from_s, min(one.arrived_s for one in packets)
    first = [way_of(packets, way, from_s=began_s, to_s=began_s + CONNECT_S) for way in ("up", "down")]
    without = CONNECT_S * (up.total_bytes + down.total_bytes) / seconds
    return Cost(max(0, round(sum(way.total_bytes for way in first) - without)), up, down, seconds)


def begin_publisher(stack: ExitStack, village: Village, link: Link, form: str, signal: Signal) -> int:
    """Start a publisher at its link's far end, with a certificate of its own; return the broker's port."""
    cable = stack.enter_context(Cable(village.broker.port, address=link.hub_address, port=0))
    given = village.broker.enrol(f"wire-{form}")
    where = ["--host", cable.address, "--port", str(cable.port), "--station", f"wire-{form}"]
    files = ["--ca", str(given.ca), "--certificate", str(given.certificate), "--key", str(given.key)]
    command = ["tests.wire.publisher", form, str(signal.path), *where, *files]
    process = Process(command, log=village.folder / f"{form}.txt", entry=lambda: link.entry)
    stack.callback(process.stop)
    process.start()
    process.wait_for("connected", limit_s=CONNECT_LIMIT_S)
    return cable.port


def wait(what: str, seconds: float) -> None:
    """Let time pass, which is what is measured, and say how much is left."""
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        progress(f"{what}: {left_s:.0f} s  ")
        time.sleep(min(1.0, left_s))
    progress("\n")


def table(name: str, cost: Cost, parts: Mapping[str, int]) -> str:
    """Return where the bytes of one way go, an hour of it, in kB."""
    an_hour = 3_600 / cost.seconds / 1e3
    up, down = cost.up, cost.down
    inside = sum(parts.values()) - parts.get(RECORDS, 0)
    payload = up.bytes - up.packets * (HEADERS_BYTES + TLS_RECORD_BYTES)
    lines = {
        "up": up.total_bytes,
        **{f"  {part}": count for part, count in sorted(parts.items()) if part != RECORDS},
        "  MQTT and parcels": payload - inside if parts else 0,
        "  payload of TLS, at least": 0 if parts else payload,
        f"  TCP/IP and TLS around {up.packets} packets": up.packets * (HEADERS_BYTES + TLS_RECORD_BYTES),
        f"  {up.acks} acknowledgements": up.ack_bytes,
        "down": down.total_bytes,
        f"  {down.packets} packets": down.bytes,
        f"  {down.acks} acknowledgements": down.ack_bytes,
    }
    head = (
        f"{name}: {cost.connecting / 1e3:.1f} kB to connect; in kB an hour ({parts.get(RECORDS, 0)} records)"
    )
    return "\n".join(
        [head, *(f"  {line:44} {count * an_hour:9.1f}" for line, count in lines.items() if count)]
    )


if __name__ == "__main__":
    main()
