"""RAM that a warm reset leaves as it is, on MicroPython as it comes: a place in the heap that is found
again.

The heap is not cleared at a start, only its table is. So a block above what a start needs keeps its bytes
until it is claimed again; its address is in the watchdog's scratch registers, which resets by the watchdog
leave too. What is read there is believed only with the ring's CRC. Runs on an RP2040 alone; not yet run on
one.
"""

import gc

import machine
import uctypes

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.ring import KEPT_MAX_BYTES

BELOW_BYTES = 65_536  # of heap below the block: more than starting takes before it comes here
_RAM, _RAM_END = 0x2000_0000, 0x2004_0000
_SCRATCH = 0x4005_800C  # 32 bits each: the block's address, which half is valid, why the program ended
_CHIP_RESET = 0x4006_4008
_HAD_RUN_PIN = 1 << 16
_NOTES = {1: wire.CAUSE_SOFTWARE, 2: wire.CAUSE_FAULT}
SOFTWARE, FAULT = 1, 2


class WarmRam:
    """Claim it first of all. `cause`: a CAUSE_ of `wire`; `kept`: what `keep` was given last, b"" after a
    cold start.
    """

    def __init__(self) -> None:
        self.kept = b""
        self._half = 0
        is_warm = machine.reset_cause() == machine.WDT_RESET
        if is_warm:
            self.cause = _NOTES.get(machine.mem32[_SCRATCH + 8], wire.CAUSE_WATCHDOG)
            self._recall(machine.mem32[_SCRATCH], machine.mem32[_SCRATCH + 4])
        else:
            has_pin = machine.mem32[_CHIP_RESET] & _HAD_RUN_PIN
            self.cause = wire.CAUSE_PIN if has_pin else wire.CAUSE_POWER
        below = bytearray(BELOW_BYTES)
        self._block = bytearray(2 * KEPT_MAX_BYTES)
        del below
        gc.collect()
        self.keep(self.kept)
        machine.mem32[_SCRATCH] = uctypes.addressof(self._block)
        machine.mem32[_SCRATCH + 8] = 0

    def keep(self, data: bytes) -> None:
        """Put `data` where the next start finds it; until it is there, that start finds what was there
        before.
        """
        half = 1 - self._half
        at = half * KEPT_MAX_BYTES
        self._block[at : at + len(data)] = data
        machine.mem32[_SCRATCH + 4] = self._half = half

    def reset(self, note: int) -> None:
        """Start the board again, and let it know that it was SOFTWARE or a FAULT."""
        machine.mem32[_SCRATCH + 8] = note
        machine.reset()

    def _recall(self, address: int, half: int) -> None:
        if half <= 1 and _RAM <= address < _RAM_END - 2 * KEPT_MAX_BYTES:
            at = address + half * KEPT_MAX_BYTES
            self.kept = bytes(uctypes.bytearray_at(at, KEPT_MAX_BYTES))
