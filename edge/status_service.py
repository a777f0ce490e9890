"""How the box is: asked by whoever wants to know, and recorded in its rhythm."""

import contextlib
from collections.abc import Callable

from contract.events import Status
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from contract.times import Anchor
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.errors import SpoolError
from edge.health.machine_files import MachineFiles
from edge.health.own_clocks import clock_off_ms
from edge.health.status import StatusRhythm, connected_for_s, owed_of
from edge.spool.spool import Spool
from edge.spool.spool_service import SpoolThread
from edge.uplink.receipt_book import ReceiptBook
from edge.uplink.tcp_state import loss_permille
from edge.uplink.uplink_service import Uplink


class StatusTeller:
    """`damaged_frames`: of all devices, now. `rhythm` outlives a spool; all else is of the one of now.

    `hub_time`: the last tie to the hub's clock.
    """

    def __init__(
        self,
        rhythm: StatusRhythm,
        *,
        clock: BoxClock,
        boot: BootId,
        spool: SpoolThread,
        capture: Capture,
        uplink: Uplink,
        receipts: ReceiptBook,
        damaged_frames: Callable[[], int],
        machine: MachineFiles,
        hub_time: Callable[[], Anchor | None],
    ) -> None:
        self._rhythm, self._clock, self._boot = rhythm, clock, boot
        self._spool, self._capture, self._uplink = spool, capture, uplink
        self._receipts, self._damaged_frames = receipts, damaged_frames
        self._machine, self._hub_time = machine, hub_time
        self._used_bytes = 0

    async def record_if_due(self, *, is_live: bool) -> bool:
        """Record how the box is, where it is time or something has changed; return whether."""
        now_us = self._clock.now_us()
        shape = (
            self._uplink.link.connected_since_s is not None,
            self._receipts.refused_count,
            self._damaged_frames() > 0,
        )
        has_samples = self._capture.has_samples(now_us=now_us)
        is_due = self._rhythm.is_due(shape, is_live=is_live, has_samples=has_samples, now_s=now_us / 1e6)
        if is_due:
            self._capture.tell(await self.now(), now_us)
        return is_due

    async def now(self) -> Status:
        """Return how the box is."""
        now_us, link, round_trip_s = self._clock.now_us(), self._uplink.link, self._uplink.round_trip_s
        machine, kernel = self._machine.read(), self._machine.read_kernel()
        with contextlib.suppress(SpoolError):  # the card fails: what was known last is said again
            self._used_bytes, given_up = await self._spool.use(_look_at)
            self._uplink.owed.give_up(given_up)
        return Status(
            owed=owed_of(self._uplink.owed, boot=self._boot, now_us=now_us),  # type: ignore[arg-type]
            spool_bytes=self._used_bytes,
            disk_free_bytes=self._spool.disk_free_bytes(),
            round_trip_ms=None if round_trip_s is None else round(round_trip_s * 1000),
            connected_for_s=connected_for_s(link, now_s=now_us / 1e6),
            frames_damaged=self._damaged_frames(),
            samples_lost=self._capture.lost_samples,
            refused=self._receipts.refused_count,
            loss_permille=loss_permille(link.tcp),
            up_bps=None if link.rate is None else round(link.rate * 8),
            reconnects=link.reconnects,
            cpu_c=machine.cpu_c,
            power=machine.power,
            clock_off_ms=clock_off_ms(kernel, self._hub_time()),
            clock_sure=None if kernel is None else kernel.is_synchronised,
            disk_mb=machine.disk_mb,
            memory_mb=machine.memory_mb,
            written_mb=machine.written_mb,
        )


def _look_at(spool: Spool) -> tuple[int, dict[RecordClass, SeqRanges]]:
    spool.tend()
    return spool.used_bytes(), spool.given_up()
