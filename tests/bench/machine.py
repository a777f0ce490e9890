"""How busy this machine was while a bench ran: near 1, numbers say more of it than of what is measured."""

from pathlib import Path


class Busy:
    """From now on."""

    def __init__(self) -> None:
        self._before = _processors()

    def share(self) -> float:
        """Which share of the time of all processors was not idle, 0 … 1."""
        all_before, idle_before = self._before
        all_now, idle_now = _processors()
        return round(1 - (idle_now - idle_before) / max(1, all_now - all_before), 2)


def _processors() -> tuple[int, int]:
    """Ticks of all processors so far: all, and idle (proc(5): the first line of /proc/stat)."""
    ticks = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]
