"""The recordings of tests/fixtures/recordings, as what a board's front end would measure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

FOLDER: Final = Path(__file__).parents[2] / "fixtures" / "recordings"
NAMES: Final = ("an", "binh", "chi")
ECG, PLETH, SPO2, PULSE = 1, 2, 3, 4  # stream ids of the simulated board


@dataclass(frozen=True, slots=True)
class Recording:
    """One person: for each stream the samples, repeated for ever."""

    name: str
    loops: dict[int, NDArray[np.int32]]
    pleth_hz: int = 100

    def samples(self, stream_id: int, first: int, count: int) -> NDArray[np.int32]:
        """Return samples `first` … as (count, 1)."""
        loop = self.loops[stream_id]
        return loop[np.arange(first, first + count) % len(loop)].reshape(-1, 1)


def load(name: str) -> Recording:
    """Return one of NAMES, or what a file of the same form holds: its path without the ending."""
    with np.load(FOLDER / f"{name}.npz") as file:
        return Recording(
            name,
            {
                ECG: np.cumsum(file["ecg_deltas"], dtype=np.int32),
                PLETH: np.cumsum(file["pleth_deltas"], dtype=np.int32),
                SPO2: file["spo2_pct"].astype(np.int32),
                PULSE: file["pulse_bpm"].astype(np.int32),
            },
            int(file["pleth_hz"]) if "pleth_hz" in file else 100,
        )
