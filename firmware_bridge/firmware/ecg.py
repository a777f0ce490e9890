"""Conversions of the ADS1292R -> leads I and II, two streams of one index, and what the electrodes do.

Two streams and not one of two channels: a stream has one code, and a lead must never be called another.
"""

from firmware_bridge.firmware import ads1292r, wire
from firmware_bridge.firmware.ads1292r import LA, LL, PERIOD_US, RA, RAIL, RL, SHIFT
from firmware_bridge.firmware.board import Board
from firmware_bridge.firmware.cadence import Cadence
from firmware_bridge.firmware.leads import LeadWatch
from firmware_bridge.firmware.streams import Stream

LEAD_I, LEAD_II = 1, 5  # stream numbers; 2 is the pleth, 3 SpO2
MDC_LEAD_I, MDC_LEAD_II = 131329, 131330
BLOCK_SAMPLES = 25  # 100 ms
SETTLING_US = 1_000_000  # after the start, and after an electrode came back
STALL_US = 500_000  # without a conversion: the front end is started again
RETRY_US = 10_000_000  # where that does not help

_HALF_STEP = 1 << (SHIFT - 1)
_ELECTRODES = (RA | LA | RL, RA | LL | RL)  # of each lead


class Ecg:
    """Both leads. `is_alive`: the front end converts; from then on the watchdog demands that it goes on."""

    def __init__(self) -> None:
        self.streams = (_stream(LEAD_I, MDC_LEAD_I), _stream(LEAD_II, MDC_LEAD_II))
        self.is_alive = False
        self.damaged_count = 0
        self.conversion_count = 0
        self._watches = (LeadWatch(LEAD_I), LeadWatch(LEAD_II))
        self._mask = 0  # electrodes that are off
        self._status = b"\xc0\0"  # the bytes that said so
        self._cadence = Cadence(PERIOD_US)
        self._last_us = 0  # of the last conversion
        self._settled_us = SETTLING_US
        self._tried_us = 0
        self._was_restarted = False

    def take(self, raw: bytes, t_us: int) -> None:
        """Take nine bytes that were ready at `t_us`. Those that are no conversion are a missing sample."""
        if not ads1292r.is_conversion(raw):
            self.damaged_count += 1
            return
        self._account(t_us)
        self.is_alive = True
        self.conversion_count += 1
        t_us = self._cadence.at_us
        before = mask = self._mask
        if raw[0] != self._status[0] or raw[1] != self._status[1]:
            self._status = raw[:2]
            self._mask = mask = ads1292r.electrodes_off(raw)
            if before & ~mask:
                self._settled_us = t_us + SETTLING_US
        said = wire.FLAG_LEAD_OFF_VALID | (wire.FLAG_SETTLING if t_us < self._settled_us else 0)
        self._add(0, ads1292r.channel(raw, 3), t_us, said, mask)
        self._add(1, ads1292r.channel(raw, 6), t_us, said, mask)

    def tell(self, board: Board, now_us: int) -> None:
        """Say how the electrodes are."""
        probe = wire.PROBE_ON if self.is_alive else wire.PROBE_FAULT
        for lead in (0, 1):
            self._watches[lead].watch(board, self._mask & _ELECTRODES[lead], probe, now_us)

    def needs_restart(self, now_us: int) -> bool:
        """Whether the front end is to be started again now."""
        since_us = max(self._last_us, self._tried_us)
        if now_us - since_us < (STALL_US if self.is_alive else RETRY_US):
            return False
        self._tried_us = now_us
        self._was_restarted = True
        return True

    def _add(self, lead: int, value: int, t_us: int, said: int, mask: int) -> None:
        if not -RAIL < value < RAIL:
            said |= wire.FLAG_CLIPPED
        self.streams[lead].add((value + _HALF_STEP) >> SHIFT, t_us, said, mask & _ELECTRODES[lead])

    def _account(self, t_us: int) -> None:
        """Where conversions are missing, count them: the index follows the time."""
        reason = wire.GAP_FIFO_OVERFLOW
        if self._was_restarted:
            self._was_restarted = False
            self._settled_us = t_us + SETTLING_US
            reason = wire.GAP_AFE_RESET
        missing = self._cadence.arrive(t_us)
        if missing:
            for stream in self.streams:
                stream.lose(missing, reason, t_us)
        self._last_us = t_us


def _stream(stream_id: int, mdc: int) -> Stream:
    return Stream(
        stream_id,
        kind=wire.KIND_ECG,
        mdc=mdc,
        rate_mhz=ads1292r.RATE_HZ * 1000,
        bits=ads1292r.BITS,
        scale=ads1292r.STEP_UV,
        unit=wire.UNIT_MICROVOLT,
        block_samples=BLOCK_SAMPLES,
    )
