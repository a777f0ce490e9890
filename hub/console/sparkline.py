"""A small picture of a link's hours as SVG (core): it needs no script, and no style but the page's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 48
TOP: Final = 3  # room above the highest value


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a share 0 … 1 of the width; `worst` beside it, where there is one. `late`: told later."""

    at: float
    value: float
    worst: float | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Paths of an SVG of WIDTH × HEIGHT. `gaps`: (x, width) of what was silent. `top`: the highest value."""

    mean: str
    worst: str
    late: str
    gaps: tuple[tuple[float, float], ...]
    top: float


def picture_of(points: Sequence[Point], *, gaps: Sequence[tuple[float, float]], step: float) -> Picture:
    """Draw points in order. Points further apart than `step` (a share of the width) are not joined: what is
    not known is not drawn. `gaps`: (from, until) as shares.
    """
    top = max((max(one.value, one.worst or 0.0) for one in points), default=0.0)

    def y(value: float) -> float:
        return HEIGHT - 1 - (HEIGHT - 1 - TOP) * (value / top if top else 0.0)

    def path(chosen: Sequence[tuple[float, float]]) -> str:
        parts, last = [], -1.0
        for at, value in chosen:
            verb = "L" if last >= 0 and at - last <= step * 1.5 else "M"
            parts.append(f"{verb}{at * WIDTH:.1f} {y(value):.1f}")
            last = at
        alone = [
            part + f"h{step * WIDTH:.1f}"
            if part[0] == "M" and (number + 1 == len(parts) or parts[number + 1][0] == "M")
            else part
            for number, part in enumerate(parts)
        ]  # a point without a neighbour is as wide as its hour
        return "".join(alone)

    return Picture(
        mean=path([(one.at, one.value) for one in points if not one.is_late]),
        worst=path([(one.at, one.worst) for one in points if one.worst is not None]),
        late=path([(one.at, one.value) for one in points if one.is_late]),
        gaps=tuple(
            (round(start * WIDTH, 1), round(max(1.0, (end - start) * WIDTH), 1))
            for start, end in gaps
            if end > 0 and start < 1
        ),
        top=top,
    )
