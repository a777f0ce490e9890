"""Reads WFDB records (PhysioNet): formats 212 and 16, and 516 (FLAC) through PyAV. No bench of its own.

Source: https://physionet.org/physiotools/wag/header-5.htm and signal-5.htm.
"""

import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

_FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::\d+)?(?:\+(\d+))?$")
_GAIN = re.compile(r"([-0-9.e+]+)(?:\(-?\d+\))?(?:/(\S+))?$")


class UnreadableError(Exception):
    """A record of a kind that this reader does not know."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of a record: whole steps as the converter gave them, int32; `steps_per_unit` of `unit`."""

    name: str
    rate_hz: float
    steps_per_unit: float
    unit: str
    samples: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Line:
    file: str
    format: int
    per_frame: int
    offset_bytes: int
    steps_per_unit: float
    unit: str
    name: str


def records(folder: Path) -> dict[str, list[Signal]]:
    """Return the signals of every record in a folder that can be read, by the record's name."""
    found = {}
    for header in sorted(folder.glob("*.hea")):
        try:
            found[header.stem] = _read(header)
        except (UnreadableError, FileNotFoundError):  # other formats, a header without its signals
            continue
    return found


def _read(header: Path) -> list[Signal]:
    lines = [line for line in header.read_text(encoding="latin-1").splitlines() if line and line[0] != "#"]
    name, count, *rest = lines[0].split()
    if "/" in name:
        raise UnreadableError(f"{header}: several segments")
    frames_hz = float(rest[0].split("/")[0].split("(")[0]) if rest else 250.0
    signals = []
    described = [_line(header, line) for line in lines[1 : 1 + int(count)]]
    for file, group in groupby(described, key=lambda line: line.file):
        together = list(group)
        frame = _frames(header.parent / file, together)
        at = 0
        for line in together:
            samples = np.ascontiguousarray(frame[:, at : at + line.per_frame].reshape(-1), np.int32)
            at += line.per_frame
            signals.append(
                Signal(line.name, frames_hz * line.per_frame, line.steps_per_unit, line.unit, samples)
            )
    return signals


def _line(header: Path, text: str) -> _Line:
    file, kind, *rest = text.split()
    form, gain = _FORMAT.match(kind), _GAIN.match(rest[0] if rest else "200")
    if form is None or gain is None:
        raise UnreadableError(f"{header}: {text}")
    name = " ".join(rest[6:]) if len(rest) > 6 else ""
    return _Line(
        file,
        int(form[1]),
        int(form[2] or 1),
        int(form[3] or 0),
        float(gain[1]) or 200.0,
        gain[2] or "mV",
        name,
    )


def _frames(path: Path, lines: list[_Line]) -> NDArray[np.int32]:
    """Return the file's samples, a row for each frame."""
    width = sum(line.per_frame for line in lines)
    match lines[0].format:
        case 212:
            flat = _unpack_212(np.fromfile(path, np.uint8, offset=lines[0].offset_bytes))
        case 16:
            flat = np.fromfile(path, "<i2", offset=lines[0].offset_bytes).astype(np.int32)
        case 516:
            flat = _decode_flac(path, len(lines), lines[0].per_frame)
        case other:
            raise UnreadableError(f"{path}: format {other}")
    return flat[: len(flat) // width * width].reshape(-1, width)


def _unpack_212(data: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Two samples of 12 bits in three bytes."""
    triples = data[: len(data) // 3 * 3].reshape(-1, 3).astype(np.int32)
    low = triples[:, 0] | (triples[:, 1] & 0x0F) << 8
    high = triples[:, 2] | (triples[:, 1] & 0xF0) << 4
    flat = np.stack((low, high), axis=1).reshape(-1)
    return np.where(flat > 2047, flat - 4096, flat).astype(np.int32)


def _decode_flac(path: Path, channels: int, per_frame: int) -> NDArray[np.int32]:
    with av.open(str(path), format="flac") as container:
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    together = np.concatenate(
        [block.reshape(-1, channels) if block.shape[0] == 1 else block.T for block in blocks]
    )
    if together.dtype == np.int32:  # 24 bits come in the high bits of 32
        together = together >> 16
    rows = len(together) // per_frame
    by_channel = together[: rows * per_frame].reshape(rows, per_frame, channels)
    return np.ascontiguousarray(by_channel.transpose(0, 2, 1)).reshape(-1).astype(np.int32)
