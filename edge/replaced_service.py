"""Whether another box is the station now: what the hub says of it is kept in a file beside the spool."""

import asyncio
import logging

from contract.signals import Replaced
from edge.config import BoxConfig
from edge.enrolment.files import write_file
from edge.errors import EnrolmentError, ReplacedBoxError

log = logging.getLogger(__name__)


class Replacement:
    """Of one box, for the life of the process. Use it in the event loop's thread."""

    def __init__(self, config: BoxConfig) -> None:
        self._config, self._is_told = config, asyncio.Event()
        self.is_former = self._is_written()

    def on_signal(self, signal: Replaced) -> None:
        """The hub says so; it says it again at the next connection, should the file not be written."""
        if self.is_former:
            return
        log.warning("the hub says that %s is the station now", signal.by)
        try:
            write_file(self._config.replaced_file, str(self._config.box_name).encode(), mode=0o644)
        except EnrolmentError as error:
            log.error("%s", error)
        else:
            self._is_told.set()

    async def wait(self) -> None:
        """Wait for it. Raises ReplacedBoxError then."""
        await self._is_told.wait()
        self._is_told.clear()
        self.is_former = True
        raise ReplacedBoxError

    def _is_written(self) -> bool:
        """Whether this very box was told: the file may be of one that was here before."""
        try:
            return self._config.replaced_file.read_text() == str(self._config.box_name)
        except OSError:
            return False
