"""One round: a fleet, its disturbances, then quiet, and the hub held against the ledger."""

import random
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.soak.check import Findings, check_drafts, check_presses, check_records
from tests.soak.disturbances import Cycle
from tests.soak.fleet import TOLERANCE_S, Fleet, fleet, pressing
from tests.soak.ledger import RecordKey
from tests.soak.sample_check import check_samples
from tests.soak.unit import Unit
from tests.village.eyes import wait_until

DRAIN_LIMIT_S: Final = 240.0
Say = Callable[[Cycle], None]


@dataclass(slots=True)
class Round:
    """What came of it. `broken`: a cycle that did not heal, or that could not be checked."""

    findings: Findings = field(default_factory=Findings)
    done: Counter[str] = field(default_factory=Counter)  # cycles by kind
    broken: list[str] = field(default_factory=list)


class _Queue:
    """Gives each worker the first cycle whose station, and hub where it needs it, is free."""

    def __init__(self, cycles: Sequence[Cycle]) -> None:
        self._waiting, self._busy = list(cycles), set[int | str]()
        self._changed = threading.Condition()

    def take(self) -> Cycle | None:
        """Return the next, held for the caller until `give_back`; None when there is no more."""
        with self._changed:
            while self._waiting:
                for cycle in self._waiting:
                    if not self._needs(cycle) & self._busy:
                        self._waiting.remove(cycle)
                        self._busy |= self._needs(cycle)
                        return cycle
                self._changed.wait()
            return None

    def give_back(self, cycle: Cycle, *, is_last: bool) -> None:
        """The cycle is over; `is_last`: no other is to begin."""
        with self._changed:
            self._busy -= self._needs(cycle)
            if is_last:
                self._waiting.clear()
            self._changed.notify_all()

    @staticmethod
    def _needs(cycle: Cycle) -> set[int | str]:
        return {cycle.unit, "hub"} if cycle.kind.needs_hub else {cycle.unit}


def run_round(
    folder: Path,
    cycles: Sequence[Cycle],
    *,
    seed: int,
    workers: int,
    stations: int,
    say: Say,
    tolerance_s: float = TOLERANCE_S,
) -> Round:
    """Disturb a fleet in `folder` by `cycles`, `workers` at a time, then let it recover and check it.

    `say` is told of each cycle that is over.
    """
    result = Round()
    with (
        fleet(folder, stations=stations, tolerance_s=tolerance_s) as running,
        ThreadPoolExecutor(workers, thread_name_prefix="soak") as threads,  # what they start ends with them
    ):
        running.hub.back_up()
        queue = _Queue(cycles)
        with pressing(running.units, random.Random(seed)):
            for done in [threads.submit(_work, queue, running, result, say) for _ in range(workers)]:
                done.result()
        if not result.broken:
            try:
                _settle_and_check(running, result.findings)
            except Exception:  # noqa: BLE001 - whatever it was, the folder is kept and the text told
                result.broken.append(f"after the last cycle: {traceback.format_exc()}")
    return result


def _work(queue: _Queue, running: Fleet, result: Round, say: Say) -> None:
    while (cycle := queue.take()) is not None:
        try:
            cycle.kind.disturb(running.units[cycle.unit], running.hub, random.Random(cycle.seed))
            result.done[cycle.kind.name] += 1
            say(cycle)
        except Exception:  # noqa: BLE001 - told with its number; the round ends
            name = running.units[cycle.unit].name
            result.broken.append(
                f"cycle {cycle.number} ({cycle.kind.name}, {name}): {traceback.format_exc()}"
            )
        finally:
            queue.give_back(cycle, is_last=bool(result.broken))


def _settle_and_check(running: Fleet, findings: Findings) -> None:
    for unit in running.units:
        unit.must_run()
        unit.wait_stored_presses()
    for unit in running.units:
        unit.unplug_board()
    running.hub.must_run()
    for unit in running.units:
        held_by_box = unit.reader.look()
        owed = set(unit.ledger.committed)
        drain(running, unit, held_by_box)
        unit.note_truth()
        running.hub.note_calls()
        unit.ledger.freed -= held_by_box
        holdings = running.hub.holdings(unit)
        unit.reader.look()  # what was stored since is no invention of the hub
        found = Findings()
        check_presses(unit.ledger, holdings, found)
        check_records(unit.ledger, holdings, found, owed=owed, is_complete=unit.partition is None)
        if unit.partition is None:
            check_drafts(unit.ledger, found)
        check_samples(unit.ledger, holdings, found)
        findings.take(found, where=unit.name)


def drain(running: Fleet, unit: Unit, keys: set[RecordKey]) -> None:
    """Return when the hub has all of these. Raises TimeoutError, with what it lacks in a note."""
    wanted = sorted(keys)
    try:
        wait_until(
            lambda: not running.hub.lacks(wanted, unit.station.name),
            what=f"{unit.name}: all of {len(wanted)} records at the hub",
            limit_s=DRAIN_LIMIT_S,
        )
    except TimeoutError as error:
        lacking = running.hub.lacks(wanted, unit.station.name)
        error.add_note(f"it lacks {len(lacking)}, such as {lacking[:5]}; {unit.station.report()}")
        raise
