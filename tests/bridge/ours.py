"""The same outage and kills through `edge vitals` and the hub."""

import time
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.bridge.schedule import MESSAGES_PER_S, Outcome, Schedule
from tests.soak.fleet import Fleet, fleet
from tests.soak.holdings import Piece
from tests.soak.ledger import Ledger
from tests.soak.rounds import drain
from tests.soak.unit import Unit

BOARD_BLOCKS_PER_S: Final = 22.0  # ten of ECG, ten of pleth, SpO2, pulse
Coverage = dict[tuple[int, int], NDArray[np.int32]]


def run_ours(folder: Path, schedule: Schedule) -> Outcome:
    """A message is a block of samples that the board gives to its wire. The board's clock runs so fast that
    there are as many as through the bridge; acknowledged is one that stands in the box's spool.
    """
    with fleet(folder, stations=1, speed=MESSAGES_PER_S / BOARD_BLOCKS_PER_S) as running:
        unit, began_s = running.units[0], time.monotonic()
        _pause_until(began_s + schedule.before_s)
        unit.station.cable.pull()
        for kill_s in schedule.kill_times_s():
            _pause_until(began_s + kill_s)
            with unit.killed("kill -9 of the box without a link"):
                pass
        _pause_until(began_s + schedule.replug_s)
        unit.station.cable.replug()
        _pause_until(began_s + schedule.end_s)
        unit.unplug_board()
        drain(running, unit, unit.reader.look())
        unit.note_truth()
        return _outcome(running, unit)


def _outcome(running: Fleet, unit: Unit) -> Outcome:
    ledger = unit.ledger
    held = running.hub.holdings(unit)
    at_hub = _coverage(ledger, held.pieces)
    on_box = _coverage(ledger, running.hub.opened(unit, ledger.committed))
    sent = acknowledged = arrived = lost = 0
    for stream, blocks in unit.station.board.truth.blocks.items():
        for first, samples in blocks:
            there = slice(first, first + len(samples))
            is_acknowledged = bool(on_box[stream][there].all())
            is_there = bool(at_hub[stream][there].all())
            sent += 1
            acknowledged += is_acknowledged
            arrived += is_there
            lost += is_acknowledged and not is_there
    doubled = sum(int(np.maximum(counts - 1, 0).sum()) for counts in at_hub.values())
    return Outcome(sent=sent, acknowledged=acknowledged, arrived=arrived, lost=lost, duplicated=doubled)


def _coverage(ledger: Ledger, pieces: list[Piece]) -> Coverage:
    """Return how often each sample of each stream is in `pieces`."""
    counts = {stream: np.zeros(len(sent.values), np.int32) for stream, sent in ledger.sent.items()}
    for piece in pieces:
        board = ledger.board_boot_at(
            piece.key.spool, piece.boot, t_us=piece.t_us, device_t_us=piece.device_t_us
        )
        assert board is not None, f"{piece.key} bears a time at which no board ran"
        counts[board.boot, piece.stream][piece.first_index : piece.end_index] += 1
    return counts


def _pause_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))  # an outage lasts as long as it lasts
