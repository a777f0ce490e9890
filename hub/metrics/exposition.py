"""The text format of Prometheus, version 0.0.4 (core). Source: "Exposition formats", prometheus.io/docs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value. Labels are few and known beforehand: never a station, an account or a call."""

    value: float
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of observations at or below each bound, which ascend, and their sum."""

    bounds: Sequence[float]
    counts: Sequence[int]  # of each bound alone, then of what is above the last
    total: float


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name. `text`: what it is, in English."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    samples: Sequence[Sample] = ()
    histogram: Histogram | None = None


def exposition(families: Sequence[Family]) -> str:
    """Return the whole page; a family without samples is left out."""
    lines: list[str] = []
    for family in families:
        if not family.samples and family.histogram is None:
            continue
        lines.append(f"# HELP {family.name} {_help(family.text)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines += [_line(family.name, one.labels, one.value) for one in family.samples]
        if family.histogram is not None:
            lines += _histogram(family.name, family.histogram)
    return "\n".join(lines) + "\n"


def _histogram(name: str, of: Histogram) -> list[str]:
    lines, so_far = [], 0
    for bound, count in zip((*of.bounds, math.inf), of.counts, strict=True):
        so_far += count
        lines.append(_line(f"{name}_bucket", {"le": _number(bound)}, so_far))
    return [*lines, _line(f"{name}_sum", {}, of.total), _line(f"{name}_count", {}, so_far)]


def _line(name: str, labels: Labels, value: float) -> str:
    pairs = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
    return f"{name}{{{pairs}}} {_number(value)}" if pairs else f"{name} {_number(value)}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
