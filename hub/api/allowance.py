"""How often a token may ask (core): so many a second, and a handful at once."""

from dataclasses import dataclass, field
from typing import Final

ASKS_PER_S: Final = 20.0
AT_ONCE: Final = 100.0
KEPT_MAX: Final = 1_000  # tokens whose last asks are remembered; those asked longest ago are forgotten first


@dataclass(slots=True)
class Allowance:
    """A bucket a token. It refills by `ASKS_PER_S` and holds `AT_ONCE`."""

    _left: dict[int, tuple[float, float]] = field(default_factory=dict)  # by token: (left, when that was)

    def wait_s(self, token: int, *, now_s: float) -> float:
        """Count an ask and return 0; or, where there have been too many, how long to wait before the next."""
        left, at_s = self._left.pop(token, (AT_ONCE, now_s))
        left = min(AT_ONCE, left + max(0.0, now_s - at_s) * ASKS_PER_S)
        is_allowed = left >= 1.0
        self._left[token] = (left - 1.0 if is_allowed else left, now_s)
        while len(self._left) > KEPT_MAX:
            del self._left[next(iter(self._left))]
        return 0.0 if is_allowed else (1.0 - left) / ASKS_PER_S
