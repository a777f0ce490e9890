"""A piece of the past as the hub sends it, read from docs/playback.md and not from the hub's own writer."""

import json
import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PieceRead:
    """What a piece says, and the samples of each of its runs."""

    head: dict[str, Any]
    samples: list[list[int]]

    def of(self, label: str) -> list[tuple[dict[str, Any], list[int]]]:
        """Return the runs of the stream of that label, each with its samples."""
        keys = [one["key"] for one in self.head["streams"] if one["label"] == label]
        pairs = zip(self.head["runs"], self.samples, strict=True)
        return [(run, samples) for run, samples in pairs if run["key"] in keys]


def read_piece(data: bytes) -> PieceRead:
    """Return what `data` holds; fails on a byte too many or too few."""
    (length,) = struct.unpack_from("<I", data)
    assert length % 4 == 0
    head = json.loads(data[4 : 4 + length])
    values = [value for (value,) in struct.iter_unpack("<i", data[4 + length :])]
    samples, at = [], 0
    for run in head["runs"]:
        count = run["count"] * (2 if head["kind"] == "envelope" else 1)
        samples.append(values[at : at + count])
        at += count
    assert at == len(values)
    return PieceRead(head, samples)
