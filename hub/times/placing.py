"""Columns of a chunk put where their samples truly were (core)."""

from dataclasses import dataclass
from typing import Final

from contract.chunks import Column
from hub.times.rates import SampleLine

TRUST_US: Final = (
    200_000  # a line that says otherwise by more is of another pace: the device has jumped since
)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedColumn(Column):
    """A column whose `t_us` is where its first sample was by all that is known of the stream, and not only by
    its own chunk. `rate_hz` is the true rate; None: not known yet, the nominal one must do.
    """

    rate_hz: float | None = None


def placed(column: Column, line: SampleLine | None) -> PlacedColumn:
    """Return `column` as `line` places it. One that does not fit its line keeps its own time."""
    t_us, rate_hz = column.t_us, None
    if line is not None and abs(line.at(column.first_index) - column.t_us) <= TRUST_US:
        t_us, rate_hz = round(line.at(column.first_index)), line.samples_per_s
    return PlacedColumn(
        column.stream, column.first_index, t_us, column.device_t_us, column.samples, rate_hz=rate_hz
    )
