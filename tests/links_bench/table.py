"""The medians as a table in Markdown (core)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

COLUMNS: Final = {  # heading, and the key below it
    "profile": "profile",
    "peer": "peer",
    "runs": "runs",
    "alive": "alive",
    "util": "utilisation",
    "q50 ms": "queue_p50_ms",
    "q95 ms": "queue_p95_ms",
    "fps": "video_fps",
    "frozen s": "frozen_s",
    "concealed": "audio_concealed",
    "kbit/s": "video_kbps",
    "SSIM": "ssim",
    "ESTOI": "estoi",
    "up s": "step_up_s",
    "drain s": "drain_s",
    "Jain": "jain",
    "busy": "busy",
}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table, a line for each profile and peer; what a row has not is a dash."""
    lines = [list(COLUMNS), ["---"] * len(COLUMNS)]
    lines += [[_text(row.get(key)) for key in COLUMNS.values()] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:g}" if isinstance(value, float) else str(value)
