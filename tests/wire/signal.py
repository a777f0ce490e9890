"""The signal that every way of the bench carries, as a file that the simulated board plays."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.codecs import encode_column
from tests.bench.wfdb import records
from tests.simulators.board import recordings

ECG_HZ: Final = 250
PLETH_HZ: Final = 75
PLETH_STEPS: Final = 127  # of 7 bits, as finger probes give it
FIRST_S, SECONDS = 60, 100  # of each record
FIXTURE: Final = "an"
AT_REST: Final = "chi"  # whose pleth: 65 beats a minute
CHUNK_S: Final = 30


@dataclass(frozen=True, slots=True)
class Signal:
    """Where the file is, what is in it, and how many bits a sample its codec makes of 30 s."""

    path: Path
    words: str
    ecg_bits: float
    pleth_bits: float


def make(folder: Path, records_folder: Path | None) -> Signal:
    """Write the file into `folder`: of WFDB records with an ECG, else of a committed excerpt."""
    person, at_rest = recordings.load(FIXTURE), recordings.load(AT_REST)
    if records_folder is None:
        ecg, words = person.loops[recordings.ECG], f"tests/fixtures/recordings/{FIXTURE}.npz"
    else:
        parts = {
            name: resampled(
                one[0].samples[: round((FIRST_S + SECONDS) * one[0].rate_hz)], one[0].rate_hz, ECG_HZ
            )
            for name, one in records(records_folder).items()
            if one[0].unit == "mV"
        }
        ecg = np.concatenate([part[FIRST_S * ECG_HZ :] for part in parts.values()])
        words = f"{SECONDS} s each of {', '.join(parts)}, resampled to {ECG_HZ} Hz"
    pleth = resampled(at_rest.loops[recordings.PLETH], at_rest.pleth_hz, PLETH_HZ)
    low, high = pleth.min(), pleth.max()
    pleth = np.rint((pleth - low) * (PLETH_STEPS / (high - low))).astype(np.int32)
    words += f", with the pleth of {AT_REST}.npz"
    path = folder / "signal"
    np.savez(
        path.with_suffix(".npz"),
        ecg_deltas=np.diff(ecg, prepend=0),
        pleth_deltas=np.diff(pleth, prepend=0),
        pleth_hz=PLETH_HZ,
        spo2_pct=at_rest.loops[recordings.SPO2],
        pulse_bpm=at_rest.loops[recordings.PULSE],
    )
    return Signal(path, words, bits(ecg, ECG_HZ), bits(pleth, PLETH_HZ))


def resampled(samples: NDArray[np.int32], from_hz: float, to_hz: float) -> NDArray[np.int32]:
    """Return the same signal at another rate, band-limited, in the same steps."""
    count = round(len(samples) * to_hz / from_hz)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return np.rint(np.fft.irfft(spectrum, count) * (count / len(samples))).astype(np.int32)


def bits(samples: NDArray[np.int32], rate_hz: int) -> float:
    """Return the bits a sample of the product's coder, in chunks of 30 s."""
    step = CHUNK_S * rate_hz
    whole = np.resize(samples, -(-len(samples) // step) * step)  # as the board repeats it
    coded = sum(len(encode_column(whole[at : at + step])[1]) for at in range(0, len(whole), step))
    return round(coded * 8 / len(whole), 2)
