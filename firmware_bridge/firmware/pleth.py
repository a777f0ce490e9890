"""Samples of the MAX30102 -> pleth, whether a finger is there, and SpO2 where a calibration is stored.

The pleth is infrared light upside down, so that a heartbeat goes up. Without a finger there is no value,
not a line.
"""

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.board import Board
from firmware_bridge.firmware.cadence import Cadence
from firmware_bridge.firmware.leads import LeadWatch
from firmware_bridge.firmware.max30102 import FULL_SCALE, PERIOD_US, RATE_HZ
from firmware_bridge.firmware.saturation import Calibration, Saturation
from firmware_bridge.firmware.streams import Stream

PLETH, SPO2 = 2, 3  # stream numbers
MDC_PLETH, MDC_SPO2 = 150452, 150456
BLOCK_SAMPLES = 10  # 100 ms
STALL_US = 1_000_000  # without a sample: the chip has lost its settings
FINGER_ON, FINGER_OFF = 50_000, 40_000  # infrared counts: a finger throws light back, air does not


class Pleth:
    """The finger sensor. `calibration` None: no SpO2 stream is announced. `is_alive`: the chip answers."""

    def __init__(self, calibration: Calibration | None) -> None:
        self.is_alive = False
        self.sample_count = 0
        self.has_finger = False
        self._pleth = Stream(
            PLETH,
            kind=wire.KIND_PPG,
            mdc=MDC_PLETH,
            rate_mhz=RATE_HZ * 1000,
            bits=18,
            scale=1.0,
            unit=wire.UNIT_COUNT,
            block_samples=BLOCK_SAMPLES,
        )
        self._spo2 = Stream(
            SPO2,
            kind=wire.KIND_NUMERIC,
            mdc=MDC_SPO2,
            rate_mhz=1000,
            bits=8,
            scale=1.0,
            unit=wire.UNIT_PERCENT,
            block_samples=1,
        )
        self._saturation = Saturation(calibration) if calibration else None
        self.streams = (self._pleth, self._spo2) if calibration else (self._pleth,)
        self._cadence = Cadence(PERIOD_US)
        self._watch = LeadWatch(PLETH)
        self._second = 0  # samples since the last SpO2
        self._heard_us = 0  # when a sample came, or the chip was set up

    def begin(self, *, is_alive: bool, now_us: int) -> None:
        """The chip was set up, or did not answer."""
        self.is_alive, self._heard_us = is_alive, now_us

    def is_stalled(self, now_us: int) -> bool:
        """Whether a chip that answers has stopped measuring."""
        return self.is_alive and now_us - self._heard_us >= STALL_US

    def take(self, samples: list[tuple[int, int]], lost: int, t_us: int) -> None:
        """Take what the FIFO held, (red, infrared), the newest of it at `t_us`, and how many were `lost`
        after it; -1: the time says how many.
        """
        self.is_alive, self._heard_us = True, t_us
        count = len(samples)
        if lost and self._cadence.at_us >= 0:  # what a full FIFO holds follows what was read before
            t_us = self._cadence.at_us + count * PERIOD_US
        self._lose(self._cadence.arrive(t_us, count), t_us)
        at_us = self._cadence.at_us - count * PERIOD_US
        for red, infrared in samples:
            at_us += PERIOD_US
            self._take(red, infrared, at_us)
        if lost > 0:
            self._cadence.at_us += lost * PERIOD_US
            self._lose(lost, t_us)

    def give_up(self) -> None:
        """The chip does not answer: its samples are missing until it does."""
        self.is_alive = self.has_finger = False

    def tell(self, board: Board, now_us: int) -> None:
        """Say whether a finger is there."""
        probe = wire.PROBE_FAULT
        if self.is_alive:
            probe = wire.PROBE_ON if self.has_finger else wire.PROBE_OFF
        self._watch.watch(board, 0, probe, now_us)

    def _take(self, red: int, infrared: int, t_us: int) -> None:
        self.sample_count += 1
        self.has_finger = infrared >= (FINGER_OFF if self.has_finger else FINGER_ON)
        if self.has_finger:
            flags = wire.FLAG_CLIPPED if infrared == FULL_SCALE else 0
            self._pleth.add(FULL_SCALE - infrared, t_us, flags)
            if self._saturation:
                self._saturation.add(red, infrared)
        else:
            self._pleth.lose(1, wire.GAP_NO_VALUE, t_us)
            if self._saturation:
                self._saturation.restart()
        self._count(1, t_us)

    def _lose(self, count: int, t_us: int) -> None:
        if count:
            self._pleth.lose(count, wire.GAP_FIFO_OVERFLOW, t_us)
            if self._saturation:
                self._saturation.restart()
            self._count(count, t_us)

    def _count(self, count: int, t_us: int) -> None:
        """Samples went by: each second one SpO2, or that there is none."""
        self._second += count
        while self._saturation and self._second >= RATE_HZ:
            self._second -= RATE_HZ
            spo2_pct = self._saturation.end_second()
            if spo2_pct is None:
                self._spo2.lose(1, wire.GAP_NO_VALUE, t_us)
            else:
                self._spo2.add(spo2_pct, t_us)
