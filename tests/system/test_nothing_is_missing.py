"""Bytes in equal samples out, through everything: board, box, broker, hub."""

from functools import partial
from pathlib import Path

import pytest

from contract.codes import PULSE_RATE, SPO2
from tests.simulators.board.recordings import ECG, PLETH
from tests.village.eyes import Stored, look, wait_until
from tests.village.village import PLACES, Village

ECG_MDC, PLETH_MDC = 131329, 150452
SPEED = 20.0  # the board's clock runs fast: ten minutes of it pass in half a minute
SECONDS = 600
ECG_SAMPLES, PLETH_SAMPLES = SECONDS * 250, SECONDS * 100


def values(stored: Stored, mdc: int, *, below: int) -> dict[int, int]:
    """Index -> value of a stream, of the one set that a board without a restart has."""
    return {key.number: value for key, value in stored.of_stream(mdc).items() if key.number < below}


def arrived(village: Village, name: str) -> bool:
    """Whether the hub holds ten minutes of both waveforms."""
    stored = look(village, name)
    ends = {
        mdc: max((key.number for key in stored.of_stream(mdc)), default=0) for mdc in (ECG_MDC, PLETH_MDC)
    }
    return ends[ECG_MDC] >= ECG_SAMPLES and ends[PLETH_MDC] >= PLETH_SAMPLES


@pytest.mark.timeout(400)
def test_ten_minutes_of_ecg_and_pleth_arrive_sample_for_sample(tmp_path: Path) -> None:
    with Village(tmp_path, PLACES[:1], speed=SPEED) as village:
        station, board = village.stations[0], village.stations[0].board
        wait_until(
            partial(arrived, village, station.name), limit_s=300, what="ten minutes of both at the hub"
        )
        stored, truth = look(village, station.name), board.truth
        ecg, pleth = truth.samples(board.boot_id, ECG), truth.samples(board.boot_id, PLETH)
    assert values(stored, ECG_MDC, below=ECG_SAMPLES) == {i: ecg[i] for i in range(ECG_SAMPLES)}
    assert values(stored, PLETH_MDC, below=PLETH_SAMPLES) == {i: pleth[i] for i in range(PLETH_SAMPLES)}
    assert stored.doubled == 0
    for mdc in (SPO2, PULSE_RATE):
        assert len(stored.of_stream(mdc)) >= SECONDS
