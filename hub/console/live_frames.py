"""Binary frames of the live WebSocket, hub to page (core). Source: docs/live.md."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
KIND_SAMPLES: Final = 1
HEADER: Final = struct.Struct("<BBBBIQQdI")  # 36 bytes: the samples stay aligned at 4
MAX_SAMPLES: Final = 16_384  # 64 kB a frame, 32 s at 500 Hz; the page refuses more
MAX_INDEX: Final = 2**53 - 1  # the page counts in doubles; 285,000 years at 1 kHz
INT32: Final = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class SampleFrame:
    """Consecutive samples of one stream, raw as the board sent them.

    `set_no` changes when the board restarted (indexes start over); `visit_no` 0 means no
    visit. `captured_ms` is the hub's UTC estimate of the first sample, None when unknown.
    """

    stream_id: int
    set_no: int
    visit_no: int
    first_index: int
    captured_ms: float | None
    samples: Sequence[int]


def encode_samples(frame: SampleFrame) -> bytes:
    """Return the binary message of `frame`.

    `samples` are 1 to `MAX_SAMPLES` int32 values; of a numpy array pass `.tolist()`.

    Raises:
        ValueError: a field does not fit; the message names it and its range.
    """
    _check("stream_id", frame.stream_id, range(256))
    _check("set_no", frame.set_no, range(2**32))
    _check("visit_no", frame.visit_no, range(2**64))
    _check("count of samples", len(frame.samples), range(1, MAX_SAMPLES + 1))
    _check("first_index", frame.first_index, range(MAX_INDEX - len(frame.samples) + 1))
    if frame.captured_ms is not None and not math.isfinite(frame.captured_ms):
        raise ValueError(f"captured_ms {frame.captured_ms} is not a time; unknown is None")
    head = HEADER.pack(
        VERSION,
        KIND_SAMPLES,
        frame.stream_id,
        0,
        frame.set_no,
        frame.visit_no,
        frame.first_index,
        math.nan if frame.captured_ms is None else frame.captured_ms,
        len(frame.samples),
    )
    try:
        return head + struct.pack(f"<{len(frame.samples)}i", *frame.samples)
    except struct.error:
        wrong = next(value for value in frame.samples if value not in INT32)
        raise ValueError(f"sample {wrong} of stream {frame.stream_id} is not an int32") from None


def _check(name: str, value: int, allowed: range) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value} is outside {allowed.start} to {allowed.stop - 1}")
