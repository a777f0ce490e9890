"""How the box is: asked by whoever wants to know, and recorded in its rhythm."""

import contextlib
from collections.abc import Callable

from contract.events import Owed, Status
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

    `hub_time`: the last tie to the hub's clock. `clock`, `spool`, `capture` and `uplink` are those that it
    tells of.
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
        self._rhythm, self.clock, self._boot = rhythm, clock, boot
        self.spool, self.capture, self.uplink = spool, capture, uplink
        self._receipts, self._damaged_frames = receipts, damaged_frames
        self._machine, self._hub_time = machine, hub_time
        self._used_bytes = 0
        self.given_up_count = 0  # that the hub does not have and a full card has not either, ever

    async def record_if_due(self, *, is_live: bool) -> bool:
        """Record how the box is, where it is time or something has changed; return whether."""
        now_us = self.clock.now_us()
        shape = (
            self.uplink.link.connected_since_s is not None,
            self._receipts.refused_count,
            self._damaged_frames() > 0,
            self._machine.read_power() in ("low", "was low"),  # at once; one that flaps, only once
        )
        has_samples = self.capture.has_samples(now_us=now_us)
        is_due = self._rhythm.is_due(shape, is_live=is_live, has_samples=has_samples, now_s=now_us / 1e6)
        if is_due:
            self.capture.tell(await self.now(), now_us)
        return is_due

    async def now(self) -> Status:
        """Return how the box is."""
        await self.look()
        machine, kernel = self._machine.read(), self._machine.read_kernel()
        now_us, link, round_trip_s = self.clock.now_us(), self.uplink.link, self.uplink.round_trip_s
        return Status(
            owed=self.owed(),  # type: ignore[arg-type]
            spool_bytes=self._used_bytes,
            disk_free_bytes=self.spool.disk_free_bytes(),
            round_trip_ms=None if round_trip_s is None else round(round_trip_s * 1000),
            connected_for_s=connected_for_s(link, now_s=now_us / 1e6),
            frames_damaged=self._damaged_frames(),
            samples_lost=self.capture.lost_samples,
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

    async def look(self) -> None:
        """See what the card holds, and what it had to give up."""
        with contextlib.suppress(SpoolError):  # the card fails: what was known last is said again
            self._used_bytes, given_up = await self.spool.use(_look_at)
            self.uplink.owed.give_up(given_up)
            received = self.uplink.owed.received
            holes = (received[c].holes(*gone) for c, ranges in given_up.items() for gone in ranges)
            self.given_up_count = sum(high - low + 1 for hole in holes for low, high in hole)

    def owed(self) -> dict[str, Owed]:
        """Return what the hub does not have, and how old the oldest of it is, by class."""
        return owed_of(self.uplink.owed, boot=self._boot, now_us=self.clock.now_us())


def _look_at(spool: Spool) -> tuple[int, dict[RecordClass, SeqRanges]]:
    spool.tend()
    return spool.used_bytes(), spool.given_up()
