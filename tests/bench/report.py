"""What every bench prints: a table for people, one JSON object for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 … 1) of `values` do not exceed: the nearest rank, none between two."""
    ranked = sorted(values)
    return ranked[max(0, -(-round(share * 1_000) * len(ranked) // 1_000) - 1)]


def tell(
    result: Mapping[str, float | int | str | None], *, meanings: Mapping[str, str], json_path: str | None
) -> None:
    """Print `result`, with what each key means; with `json_path` write one JSON object there ("-": standard
    output).
    """
    if json_path == "-":
        print(json.dumps(result))
        return
    if json_path is not None:
        Path(json_path).write_text(json.dumps(result) + "\n", encoding="utf-8")
    for key, value in result.items():
        print(f"{key:24} {value!s:>12}  {meanings.get(key, '')}")


def progress(text: str) -> None:
    """Say how far it is, on standard error."""
    print(f"\r{text}", end="", file=sys.stderr, flush=True)
