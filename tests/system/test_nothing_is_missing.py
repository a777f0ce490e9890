"""Bytes in equal samples out, through everything: board, box, broker, hub."""

from functools import partial
from pathlib import Path

import pytest

from contract.codes import PULSE_RATE, SPO2
from tests.simulators.board.recordings import ECG, PLETH
from tests.village.eyes import Stored, look, owes_nothing, wait_until
from tests.village.village import PLACES, Village

ECG_MDC, PLETH_MDC = 131330, 150452
SPEED = 20.0  # the board's clock runs fast: ten minutes of it pass in half a minute
BOARD_MINUTES = 10


def board_has_sent(village: Village, samples: int) -> bool:
    """Whether the board has given so many ECG samples to the wire."""
    board = village.stations[0].board
    return len(board.truth.samples(board.boot_id, ECG)) >= samples


def values(stored: Stored, mdc: int) -> dict[int, int]:
    """Index -> value of a stream, of the one set that a board without a restart has."""
    return {key.number: value for key, value in stored.of_stream(mdc).items()}


@pytest.mark.timeout(150)
def test_ten_minutes_of_ecg_and_pleth_arrive_sample_for_sample(tmp_path: Path) -> None:
    with Village(tmp_path, PLACES[:1], speed=SPEED) as village:
        station, board = village.stations[0], village.stations[0].board
        wait_until(
            lambda: board_has_sent(village, BOARD_MINUTES * 60 * 250), limit_s=90, what="ten minutes of ECG"
        )
        board.unplug(keeps_power=True)
        truth = board.truth
        ecg, pleth = truth.samples(board.boot_id, ECG), truth.samples(board.boot_id, PLETH)
        station.vitals.stop()  # what it holds is committed at the end
        station.vitals.start()
        wait_until(station.answers, limit_s=20, what="vitals runs again")
        wait_until(partial(owes_nothing, station), limit_s=60, what="everything is at the hub")
        stored = look(village, station.name)
    assert len(ecg) >= BOARD_MINUTES * 60 * 250
    assert values(stored, ECG_MDC) == ecg
    assert values(stored, PLETH_MDC) == pleth
    assert stored.doubled == 0
    assert values(stored, SPO2)
    assert values(stored, PULSE_RATE)
