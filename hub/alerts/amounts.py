"""Amounts with their unit, as people write them in a document: "15 min", "80 °C", "500 MB" (core)."""

import math
import re
from enum import Enum
from typing import Final

_FORM: Final = re.compile(r"(-?[0-9]+(?:[.,][0-9]+)?)\s*(\S*)")


class Kind(Enum):
    """What an amount is of; the value says it to people who have written another."""

    DURATION = 'a time such as "90 s", "15 min", "2 h", "7 d"'
    BYTES = 'a size such as "500 MB", "2 GB"'
    TEMPERATURE = 'a temperature such as "80 °C"'
    SHARE = 'a share such as "10 %"'
    COUNT = 'a number without a unit, such as "1000"'


UNITS: Final[dict[Kind, dict[str, float]]] = {  # the first one is what values inside are in
    Kind.DURATION: {"s": 1.0, "ms": 0.001, "min": 60.0, "h": 3_600.0, "d": 86_400.0},
    Kind.BYTES: {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9},
    Kind.TEMPERATURE: {"°C": 1.0, "C": 1.0},
    Kind.SHARE: {"%": 1.0},
    Kind.COUNT: {"": 1.0},
}


def parse_amount(text: str, kind: Kind) -> float:
    """Return an amount in s, B, °C, % or as a number. Raises ValueError: it is none of that kind."""
    found = _FORM.fullmatch(text.strip())
    factor = None if found is None else UNITS[kind].get(found[2])
    if found is None or factor is None:
        raise ValueError(kind.value)
    return float(found[1].replace(",", ".")) * factor


def amount_text(value: float, kind: Kind) -> str:
    """Return an amount as a document has it, in the largest unit that keeps it a small number."""
    if math.isinf(value):
        return "∞"
    if kind is Kind.DURATION:
        if 0 < value < 1:
            return f"{value * 1000:.0f} ms"
        names = (("d", 2 * 86_400.0), ("h", 2 * 3_600.0), ("min", 120.0))
        name = next((name for name, least in names if value >= least), "s")
        return f"{value / UNITS[kind][name]:.0f} {name}"
    if kind is Kind.BYTES:
        name = next((one for one in ("GB", "MB", "kB") if abs(value) >= UNITS[kind][one]), "B")
        return (
            f"{value / UNITS[kind][name]:.1f} {name}"
            if name == "GB"
            else f"{value / UNITS[kind][name]:.0f} {name}"
        )
    unit = next(iter(UNITS[kind]))
    return f"{value:.0f} {unit}".strip()
