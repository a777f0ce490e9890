"""The alerts' document while the hub runs: read again when it changes; a broken one changes nothing."""

import asyncio
import logging
from pathlib import Path

from hub.alerts.rules import Rules, without_document
from hub.alerts.rules_document import read_rules
from hub.toml_table import ConfigError

log = logging.getLogger(__name__)


class RulesFile:
    """`now`: the rules that hold. `fault`: why the newest document is refused; None: it is not."""

    def __init__(self, path: Path | None) -> None:
        self.now: Rules = without_document()
        self.fault: str | None = None
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._is_read = False

    async def look(self) -> bool:
        """Read the document if it has changed; return whether `now` or `fault` is another."""
        path = self._path
        if path is None:
            return False
        seen = await asyncio.to_thread(_signature, path)
        if self._is_read and seen == self._seen:
            return False
        self._seen, self._is_read = seen, True
        try:
            self.now = await asyncio.to_thread(read_rules, path)
        except ConfigError as error:
            is_first = self.now.path is None
            holds = "the built-in rules hold" if is_first else "the rules as they were before hold"
            self.fault = f"{error}; until it is mended, {holds}"
            log.error("%s", self.fault)
        else:
            self.fault = None
            log.info("alerts are as %s says: %d rules", path, len(self.now.rules))
        return True


def _signature(path: Path) -> tuple[int, ...] | None:
    """What changes with a file's content; None: it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
