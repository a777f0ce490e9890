"""A piece as bytes for the page (core). Source: docs/playback.md; web/piece.js reads it.

u32 LE  length of the JSON that follows, padded with spaces to a multiple of four
JSON    what it is: span, moment, streams, runs
i32 LE  the samples of all runs, one run after the other
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contract.ids import spool_text
from hub.live.measure_words import label_word
from hub.live.numbers import SHOWN_UNITS, rate_of, source_of
from hub.playback.piece import BinRun, Span, StreamKey, Traced
from hub.times.fit import UtcInterval

VERSION: Final = 1


def raw_piece(span: Span, when: UtcInterval, traces: Sequence[Traced]) -> bytes:
    """Return a piece of the samples themselves."""
    runs: list[dict[str, Any]] = []
    samples: list[NDArray[np.int32]] = []
    for traced in traces:
        for run in traced.runs:
            runs.append(
                {
                    "key": _key(traced.key),
                    "first_index": run.first_index,
                    "t_us": run.t_us,
                    "rate_hz": rate_of(run, traced.stream),
                    "count": len(run.samples),
                }
            )
            samples.append(run.samples)
    return _bytes(_head(span, when, traces, kind="raw", bin_us=None, runs=runs), samples)


def envelope_piece(
    span: Span,
    when: UtcInterval,
    traces: Sequence[Traced],
    bins: dict[StreamKey, list[BinRun]],
    *,
    bin_us: int,
) -> bytes:
    """Return a piece of bins: of each the least sample, then the greatest."""
    runs: list[dict[str, Any]] = []
    samples: list[NDArray[np.int32]] = []
    for key, found in bins.items():
        for run in found:
            runs.append({"key": _key(key), "first_bin": run.first_bin, "count": len(run.low)})
            samples.append(np.stack((run.low, run.high), axis=1).reshape(-1))
    return _bytes(_head(span, when, traces, kind="envelope", bin_us=bin_us, runs=runs), samples)


def moment_of(when: UtcInterval) -> dict[str, float | None]:
    """Return a moment as pages have it, hub UTC in ms."""
    return {
        "earliest_ms": None if when.earliest_us is None else when.earliest_us / 1000,
        "latest_ms": None if when.latest_us is None else when.latest_us / 1000,
        "best_ms": None if when.best_us is None else when.best_us / 1000,
    }


def _head(
    span: Span,
    when: UtcInterval,
    traces: Sequence[Traced],
    *,
    kind: str,
    bin_us: int | None,
    runs: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": kind,
        "spool": spool_text(span.of.spool),
        "visit_no": str(span.of.visit),
        "boot": span.boot,
        "from_us": span.from_us,
        "until_us": span.until_us,
        "bin_us": bin_us,
        "when": moment_of(when),
        "streams": [_stream(traced) for traced in traces],
        "runs": runs,
    }


def _stream(traced: Traced) -> dict[str, Any]:
    of_set, stream = traced.of_set, traced.stream
    unit, factor = SHOWN_UNITS.get(stream.unit, (stream.unit, 1.0))
    is_numeric = stream.shape == "numeric"
    return {
        "key": _key(traced.key),
        "mdc": stream.mdc,
        "label": label_word(stream.mdc, stream.label) if is_numeric else stream.label,
        "kind": stream.shape,
        "unit": unit if is_numeric else stream.unit,
        "scale": stream.scale * factor if is_numeric else stream.scale,
        "source": source_of(stream),
        "device": of_set.device,
        "device_name": of_set.model or of_set.device,
        "unverified": of_set.unverified,
        "detects_pacing": of_set.detects_pacing is True,
    }


def _key(key: StreamKey) -> str:
    return f"{key[0]}.{key[1]}"


def _bytes(head: dict[str, Any], samples: Sequence[NDArray[np.int32]]) -> bytes:
    text = json.dumps(head, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    data = np.concatenate(samples).astype("<i4").tobytes() if samples else b""
    return len(text).to_bytes(4, "little") + text + data
