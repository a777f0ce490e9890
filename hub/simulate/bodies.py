"""Bodies of chunks for many stations (core): a few people's signals, coded once, put together anew each time.

A body names its first index and its times, so each is written for its own record; only the coded samples are
used again. They hold whole heartbeats, so that the end joins the beginning.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from contract.codecs import Codec, encode_column
from contract.codes import ECG_II, PLETH, PULSE_RATE, SPO2
from contract.events import Stream
from contract.varints import encode_varint

if TYPE_CHECKING:
    from random import Random

ECG_HZ: Final = 250
PLETH_HZ: Final = 50
ECG_STEP_UV: Final = 5.0
STREAMS: Final = (
    Stream(stream=0, mdc=ECG_II, label="II", shape="ecg", rate_mhz=250_000, scale=ECG_STEP_UV, unit="uV"),
    Stream(stream=1, mdc=PLETH, label="Pleth", shape="pleth", rate_mhz=50_000, scale=1.0, unit="1"),
    Stream(stream=2, mdc=SPO2, label="SpO2", shape="numeric", rate_mhz=1_000, scale=1.0, unit="%"),
    Stream(stream=3, mdc=PULSE_RATE, label="Pulse", shape="numeric", rate_mhz=1_000, scale=1.0, unit="/min"),
)
ECG, PLETH_WAVE, OXYGEN, PULSE = STREAMS
_NO_OFFSET: Final = b"\x00"  # zigzag of 0: every column begins with its chunk

# Of one beat: when (share of the beat), how high (µV), how wide (share): P, Q, R, S, T.
_WAVES: Final = (
    (0.18, 110, 0.025),
    (0.285, -90, 0.009),
    (0.30, 1100, 0.011),
    (0.318, -220, 0.010),
    (0.55, 280, 0.055),
)
_NOISE_UV: Final = 8.0


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """Samples of one stream, coded; `per_s` of them are a second."""

    stream: int
    per_s: int
    count: int
    codec: Codec
    data: bytes


Columns = tuple[CodedColumn, ...]
Samples = NDArray[np.int32]


class Person:
    """Signals of `length_s` seconds that begin again when they end, as chunks of the whole or of a second."""

    def __init__(self, length_s: int, rng: "Random", *, spo2_pct: int) -> None:
        """Make them up. The pulse is one that fits in whole beats."""
        beats = max(1, round(length_s * rng.uniform(58, 98) / 60))
        self.length_s, self.spo2_pct, self.pulse_bpm = length_s, spo2_pct, round(beats * 60 / length_s)
        noise = np.random.default_rng(rng.getrandbits(32))
        self._waveforms = (
            (ECG, _ecg(length_s, beats, noise)),
            (PLETH_WAVE, _pleth(length_s, beats, noise)),
        )
        self._numerics = (
            (OXYGEN, _wander(length_s, spo2_pct, noise, highest=100)),
            (PULSE, _wander(length_s, self.pulse_bpm, noise, highest=250)),
        )
        self.waveform = tuple(_coded(stream, samples) for stream, samples in self._waveforms)
        self.numerics = tuple(_coded(stream, samples) for stream, samples in self._numerics)
        self._seconds: dict[int, tuple[Columns, Columns]] = {}  # coded when somebody looks

    @property
    def waveform_samples(self) -> Samples:
        """The ECG of the whole length, in steps of ECG_STEP_UV."""
        return self._waveforms[0][1]

    def second(self, number: int) -> tuple[Columns, Columns]:
        """Return the waveform and the numerics of second `number`, 0, 1, 2 …, of the person's time."""
        number %= self.length_s
        if number not in self._seconds:
            self._seconds[number] = (
                tuple(
                    _coded(stream, _second(samples, number, self.length_s))
                    for stream, samples in self._waveforms
                ),
                tuple(
                    _coded(stream, _second(samples, number, self.length_s))
                    for stream, samples in self._numerics
                ),
            )
        return self._seconds[number]


def chunk_body(columns: Columns, *, from_s: int, device_t_us: int) -> tuple[Codec, bytes]:
    """Return the highest codec and the body of a chunk that begins `from_s` seconds after its streams did."""
    parts, highest = [encode_varint(len(columns))], Codec.RAW
    device_time = encode_varint(device_t_us)
    for column in columns:
        highest = max(highest, column.codec)
        parts += (
            encode_varint(column.stream),
            encode_varint(from_s * column.per_s),
            _NO_OFFSET,
            device_time,
            encode_varint(column.count),
            bytes((column.codec,)),
            encode_varint(len(column.data)),
            column.data,
        )
    return highest, b"".join(parts)


def _coded(stream: Stream, samples: Samples) -> CodedColumn:
    codec, data = encode_column(samples)
    return CodedColumn(stream.stream, stream.rate_mhz // 1_000, len(samples), codec, data)


def _second(samples: Samples, number: int, length_s: int) -> Samples:
    per_s = len(samples) // length_s
    return samples[number * per_s : (number + 1) * per_s]


def _ecg(length_s: int, beats: int, noise: np.random.Generator) -> Samples:
    count = length_s * ECG_HZ
    at = np.arange(count) * beats / count % 1.0
    microvolts = noise.normal(0.0, _NOISE_UV, count)
    for centre, height_uv, width in _WAVES:
        microvolts += height_uv * np.exp(-(((at - centre) / width) ** 2) / 2)
    return np.rint(microvolts / ECG_STEP_UV).astype(np.int32)


def _pleth(length_s: int, beats: int, noise: np.random.Generator) -> Samples:
    count = length_s * PLETH_HZ
    at = np.arange(count) * beats / count % 1.0
    systole = np.exp(-(((at - 0.25) / 0.11) ** 2)) + 0.35 * np.exp(-(((at - 0.55) / 0.13) ** 2))
    return np.rint(100 * systole + noise.normal(0.0, 0.5, count)).astype(np.int32)


def _wander(count: int, centre: int, noise: np.random.Generator, *, highest: int) -> Samples:
    steps = np.clip(np.cumsum(noise.choice((-1, 0, 0, 0, 1), count)), -2, 2)
    return np.asarray(np.clip(centre + steps, 1, highest), dtype=np.int32)
