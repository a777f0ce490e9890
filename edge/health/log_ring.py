"""The last lines of the log, in memory, for the diagnostic bundle (shell over logging)."""

import logging
import re
from collections import deque
from typing import Final

LINES_MAX: Final = 600
LINE_MAX_CHARS: Final = 240
OURS: Final = ("edge", "firmware_bridge", "contract")  # what others log may hold anything
_VISIT_CODE: Final = re.compile(r"\b[A-Z][2-9]-[1-9][0-9]\b")


class LogRing(logging.Handler):
    """Keeps the newest lines of our own packages. By the house's rule none has a name, a reading or a key; a
    visit's code is struck out all the same.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self._lines: deque[str] = deque(maxlen=LINES_MAX)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line, and the last line of its traceback."""
        try:
            lines = self.format(record).splitlines() or [""]
        except (TypeError, ValueError):  # a record with the wrong arguments
            return
        text = lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1].strip()}"
        self._lines.append(_VISIT_CODE.sub("…", f"{record.created:.1f} {text}")[:LINE_MAX_CHARS])

    def lines(self) -> list[str]:
        """Return the lines, oldest first, each begun with what the machine took for seconds of UTC."""
        return list(self._lines)

    def attach(self) -> None:
        """Hear the loggers of our packages from now on."""
        for name in OURS:
            logging.getLogger(name).addHandler(self)

    def detach(self) -> None:
        """Hear them no more."""
        for name in OURS:
            logging.getLogger(name).removeHandler(self)
