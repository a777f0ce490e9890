"""What the box says of itself when it comes and goes: the signal `state` (shell over a file: the serial)."""

from collections.abc import Callable

from contract.ids import BootId, SpoolId, spool_text
from contract.signals import BoxState, encode_signal
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.machine_name import as_name, machine_name


class OwnState:
    """Of one start. `open_call`: the open call's number, and its spool where that is another one."""

    def __init__(
        self,
        config: BoxConfig,
        clock: BoxClock,
        *,
        spool: SpoolId,
        boot: BootId,
        open_call: Callable[[], tuple[int | None, str | None]],
    ) -> None:
        self._clock, self._spool, self._boot, self._open_call = clock, spool, boot, open_call
        self._machine = machine_name(config.serial_file) or None
        self._boot_name = as_name(clock.boot_name.encode()) or None

    def encoded(self, *, connected: bool) -> bytes:
        """Return the signal of now. A goodbye names no machine: it may be said of one by its successor."""
        open_call, call_spool = self._open_call()
        return encode_signal(
            BoxState(
                connected=connected,
                spool=spool_text(self._spool),
                boot=self._boot,
                t_us=self._clock.now_us(),
                open_call=open_call,
                call_spool=call_spool,
                machine=self._machine if connected else None,
                boot_name=self._boot_name if connected else None,
            )
        )
