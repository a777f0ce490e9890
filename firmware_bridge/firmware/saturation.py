"""SpO2 out of red and infrared by the ratio of ratios: only with a calibration that somebody measured and
stored.

Without one there is no number: the curve depends on the two lamps, the window and the finger clip of the
very board. Unvalidated: an estimate of a prototype, never to treat by.
"""

SECONDS = 4  # three heartbeats at 45 a minute
PERFUSION_MIN, PERFUSION_MAX = 0.002, 0.1  # of infrared, swing by mean: below is no pulse, above is movement
LOWEST_PCT, HIGHEST_PCT = 70, 102  # below, no oximeter is calibrated; a little above 100 is 100


class Calibration:
    """SpO2 in percent is `a + b * r + c * r * r`, r the ratio of ratios."""

    def __init__(self, a: float, b: float, c: float) -> None:
        self.a, self.b, self.c = a, b, c


class Saturation:
    """The last four seconds of both lights."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._seconds: list[tuple[_Second, _Second]] = []  # red, infrared; the last one is being filled
        self.restart()

    def restart(self) -> None:
        """The finger went away: begin again."""
        self._seconds = [(_Second(), _Second())]

    def add(self, red: int, infrared: int) -> None:
        """Take one sample of a finger."""
        last_red, last_infrared = self._seconds[-1]
        last_red.add(red)
        last_infrared.add(infrared)

    def end_second(self) -> int | None:
        """A second is over: return SpO2 in percent; None: not known."""
        seconds = self._seconds
        is_full = len(seconds) == SECONDS
        self._seconds = seconds[1:] if is_full else seconds[:]
        self._seconds.append((_Second(), _Second()))
        swing_infrared = _swing([infrared for _, infrared in seconds])
        if not is_full or not PERFUSION_MIN < swing_infrared < PERFUSION_MAX:
            return None
        ratio = _swing([red for red, _ in seconds]) / swing_infrared
        by = self._calibration
        spo2_pct = round(by.a + by.b * ratio + by.c * ratio * ratio)
        return min(spo2_pct, 100) if LOWEST_PCT <= spo2_pct <= HIGHEST_PCT else None


class _Second:
    """One light in one second."""

    def __init__(self) -> None:
        self.count = self.total = self.most = 0
        self.least = 1 << 18

    def add(self, value: int) -> None:
        self.count += 1
        self.total += value
        self.most = max(self.most, value)
        self.least = min(self.least, value)


def _swing(seconds: list[_Second]) -> float:
    """Return peak to peak by mean."""
    count = sum([one.count for one in seconds])
    total = sum([one.total for one in seconds])
    if not total:
        return 0.0
    swing = max([one.most for one in seconds]) - min([one.least for one in seconds])
    return swing * count / total
