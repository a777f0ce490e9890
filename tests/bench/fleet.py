"""`./run bench fleet`: a hub of 14,000 stations on this machine, its broker killed beneath it.

mosquitto from the configuration that `hub broker-config` makes, `hub serve` with its console, `hub simulate`:
TLS with a certificate a station, sealed records, receipts. The load runs for a while beside an operator who
looks at pages and stations that press; then `kill -9` of the broker, and another one. In the end every record
that a station made is looked for in the hub's store.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.machine import Busy
from tests.bench.report import percentile, progress, tell
from tests.fleet.accounts import Account, account_of
from tests.fleet.pages import Operator
from tests.fleet.stage import Stage

MEANINGS: Final = {
    "stations": "each with a certificate and a connection of its own",
    "parcels_per_s": "published in the load, all stations together",
    "seconds": "of load, before the broker was killed",
    "records": "made by all stations in the whole run",
    "lost": "of them, not in the hub's store in the end; and presses that are no call",
    "duplicated": "sealed bodies under two names, records that no station made, presses that are two calls",
    "commit_p50_ms": "from the publication at the station to the receipt there: commit and both ways",
    "commit_p99_ms": "the same, 99 of 100",
    "hub_core_share": "CPU of the hub's process in the load, of one core",
    "broker_core_share": "the same of mosquitto",
    "generator_core_share": "the same of the stations",
    "connect_all_s": "from the first connection to the last, at the start",
    "begin_all_s": "from the first connection until the hub has what 14,000 boxes send when they start",
    "reconnect_all_s": "from kill -9 of the broker until every station is back",
    "resent": "records that were sent more than once",
    "press_p95_ms": "in the load, from the press at a station to the hub's receipt there",
    "presses": "so many, all confirmed or counted as lost",
    "press_back_p95_ms": "the same while the stations came back, of stations that were",
    "status_pages_p95_ms": "a page of the console in the load, over HTTPS",
    "hub_rss_mb": "resident memory of the hub in the end",
    "broker_rss_mb": "the same of mosquitto, after the load",
    "generator_rss_mb": "the same of the stations",
    "busy": "share of the machine's processors that was not idle: near 1, times say more of it",
    "behind_s": "how late the generator was at most: above some tenths, its times are its own",
}
SETTLE_S: Final = 12.0  # a round of everybody: the anchors and stream sets of the beginning are through
WORKED_OFF_MS: Final = 1_000.0  # of the last five seconds' receipts
AFTER_S: Final = 15.0
UP_LIMIT_S: Final = 300.0
END_LIMIT_S: Final = 300.0
PRESSES_PER_HOUR: Final = 3_600.0
PAGES: Final = ("/", "/stations/{}", "/calls")  # {}: of a station


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench fleet",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
    )
    parser.add_argument("--stations", type=int, default=14_000)
    parser.add_argument("--rate", type=float, help="parcels a second (default: a tenth of the stations)")
    parser.add_argument("--seconds", type=float, default=300.0, help="of load (default: %(default)s)")
    parser.add_argument("--pages", nargs="+", default=PAGES, help="that are asked for (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave there what the run writes")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-fleet-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        every_s = max(2, round(options.stations / (options.rate or options.stations / 10)))
        result = measure(
            folder, options.stations, every_s=every_s, seconds=options.seconds, pages=options.pages
        )
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(
    folder: Path, stations: int, *, every_s: int, seconds: float, pages: Sequence[str] = PAGES
) -> dict[str, Any]:
    """Run the fleet once."""
    with Stage(folder, stations) as stage:
        operator = Operator(
            stage.console_port, folder / "pki" / "ca.crt", stage.password, paths=_paths(stage, pages)
        )
        began_s = _now_s()
        stage.begin("--every", str(every_s), "--presses-per-hour", str(PRESSES_PER_HOUR))
        progress(f"{stations} stations connect\n")
        up = stage.wait(lambda line: line["up"] == stations, limit_s=UP_LIMIT_S, what="all stations")
        connect_all_s = up["at_s"] - began_s
        time.sleep(SETTLE_S)  # load that is not measured
        progress("keys, stream sets and visits of all of them are worked off\n")
        settled = stage.wait(_is_worked_off, limit_s=UP_LIMIT_S, what="a hub that is not behind")
        with operator:
            load = _Load(stage)
            progress(f"{seconds:.0f} s of load\n")
            time.sleep(seconds)
            told = load.end()
            progress("the broker is killed\n")
            killed_s = _now_s()
            stage.kill_broker()
            stage.wait(lambda line: line["falls_over"] >= 1, limit_s=UP_LIMIT_S, what="all stations again")
            time.sleep(AFTER_S)  # presses of stations that are back
        numbers = stage.end(limit_s=END_LIMIT_S)
        hub_rss_mb = _rss_mb(stage.hub.pid)
        progress("accounts\n")
        account = account_of(stage.ledger_path, folder / "store", presses=numbers["presses"])
    ledger = json.loads(stage.ledger_path.read_text(encoding="utf-8"))
    return {
        "stations": stations,
        **told,
        **_of_accounts(account),
        **_of_times(ledger, load, killed_s, operator),
        "connect_all_s": round(connect_all_s, 1),
        "begin_all_s": round(settled["at_s"] - began_s, 1),
        "resent": numbers["records_resent"],
        "presses": numbers["presses"],
        "hub_rss_mb": hub_rss_mb,
        "behind_s": numbers["behind_s"],
    }


def _is_worked_off(line: dict[str, Any]) -> bool:
    return line["commit_p99_ms"] is None or line["commit_p99_ms"] < WORKED_OFF_MS


class _Load:
    """The measured part, from now on."""

    def __init__(self, stage: Stage) -> None:
        assert stage.generator is not None
        self._pids = {"hub": stage.hub.pid, "broker": stage.broker.pid, "generator": stage.generator.pid}
        self._line = stage.wait(lambda _: True, limit_s=10.0, what="the generator's log")
        self._stage, self._busy = stage, Busy()
        self._cpu_s = {name: _cpu_s(pid) for name, pid in self._pids.items()}
        self.began_s, self.ended_s = _now_s(), 0.0

    def end(self) -> dict[str, Any]:
        """Return what was measured of the processes."""
        self.ended_s = _now_s()
        length_s = self.ended_s - self.began_s
        cpu_s = {name: _cpu_s(pid) - self._cpu_s[name] for name, pid in self._pids.items()}
        busy = self._busy.share()
        line = self._stage.wait(
            lambda line: line["at_s"] >= self.ended_s, limit_s=10.0, what="the generator's log"
        )
        passed_s = line["at_s"] - self._line["at_s"]
        return {
            "parcels_per_s": round((line["parcels"] - self._line["parcels"]) / passed_s),
            "seconds": round(length_s),
            **{f"{name}_core_share": round(spent_s / length_s, 3) for name, spent_s in cpu_s.items()},
            "broker_rss_mb": _rss_mb(self._pids["broker"]),
            "generator_rss_mb": _rss_mb(self._pids["generator"]),
            "busy": busy,
        }


def _of_accounts(account: Account) -> dict[str, Any]:
    return {
        "records": account.made,
        "lost": account.lost + account.damaged,
        "duplicated": account.duplicated + account.nobodys,
    }


def _of_times(ledger: dict[str, Any], load: _Load, killed_s: float, operator: Operator) -> dict[str, Any]:
    back_s = next((back for fell, back in ledger["falls"] if back and back > killed_s), None)
    commits, presses = ledger["commits"], ledger["presses"]
    in_load = (load.began_s, load.ended_s)
    pages = [ms for at_s, _, ms in operator.times_ms if in_load[0] <= at_s <= in_load[1]]
    assert not operator.faults, f"the console: {operator.faults[:5]}"
    return {
        "commit_p50_ms": _percentile(_between(commits, *in_load), 0.5),
        "commit_p99_ms": _percentile(_between(commits, *in_load), 0.99),
        "press_p95_ms": _percentile(_between(presses, *in_load), 0.95),
        "press_back_p95_ms": _percentile(_between(presses, killed_s, back_s or _now_s()), 0.95),
        "reconnect_all_s": None if back_s is None else round(back_s - killed_s, 1),
        "status_pages_p95_ms": _percentile(pages, 0.95),
    }


def _paths(stage: Stage, pages: Sequence[str]) -> list[str]:
    station = stage.config.read_text(encoding="utf-8").rpartition("[stations]")[2].split(" = ")[0].split()[-1]
    return [one.format(station) for one in pages]


def _between(moments: Sequence[Sequence[float]], from_s: float, until_s: float) -> list[float]:
    return [ms for at_s, ms in zip(*moments, strict=True) if from_s <= at_s <= until_s]


def _percentile(values: Sequence[float], share: float) -> float | None:
    return round(percentile(values, share), 1) if values else None


def _now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _cpu_s(pid: int) -> float:
    """CPU time of a process so far, all threads (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _rss_mb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) // 1_000 for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
