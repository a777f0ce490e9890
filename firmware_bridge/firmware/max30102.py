"""The MAX30102 as we run it: red and infrared, 100 samples a second, 18 bits; what its FIFO says.

`bus` is `machine.I2C` or what behaves so: `readfrom_mem(address, register, count)`, `writeto_mem(…, data)`.
Source: data sheet 19-7740; not yet held against a chip.
"""

ADDRESS = 0x57
RATE_HZ = 100
PERIOD_US = 10_000
SAMPLE_BYTES = 6
DEPTH = 32
FULL_SCALE = (1 << 18) - 1

_STATUS, _WRITE_POINTER, _DATA, _FIFO_CONFIG, _MODE, _PART_ID = 0x00, 0x04, 0x07, 0x08, 0x09, 0xFF
_PART = 0x15
_OVERFLOW_MAX = 31  # the counter stops there: it may be more
_SETTINGS = (
    (0x02, 0x40),  # interrupt at each new sample
    (0x03, 0x00),
    (_FIFO_CONFIG, 0x40),  # mean of four of 400 a second; when full, new ones are lost and counted
    (0x0A, 0x2F),  # range 4 µA, 400 a second, 411 µs: 18 bits
    (0x0C, 0x24),  # red, 7.2 mA
    (0x0D, 0x24),  # infrared, 7.2 mA
    (_WRITE_POINTER, 0x00),
    (0x05, 0x00),  # overflow counter
    (0x06, 0x00),  # read pointer
    (_MODE, 0x03),  # red and infrared, from now on
)


class Max30102:
    """The chip on its bus. Every method raises OSError when the chip does not answer."""

    def __init__(self, bus) -> None:  # type: ignore[no-untyped-def]  # whatever behaves as machine.I2C
        self._bus = bus

    def start(self) -> bool:
        """Set it up; False: something else is at its address."""
        if self._bus.readfrom_mem(ADDRESS, _PART_ID, 1)[0] != _PART:
            return False
        for register, value in _SETTINGS:
            self._bus.writeto_mem(ADDRESS, register, bytes([value]))
        return True

    def read(self) -> tuple[list[tuple[int, int]], int]:
        """Return all samples that wait, (red, infrared), and how many were lost after them.

        -1: more than the counter can say; the time says how many.
        """
        self._bus.readfrom_mem(ADDRESS, _STATUS, 1)  # lets the interrupt line go
        written, overflowed, read = self._bus.readfrom_mem(ADDRESS, _WRITE_POINTER, 3)
        overflowed &= 0x1F
        count = (written - read) % DEPTH
        if overflowed:
            count = DEPTH
        raw = self._bus.readfrom_mem(ADDRESS, _DATA, SAMPLE_BYTES * count) if count else b""
        samples = [(_value(raw, at), _value(raw, at + 3)) for at in range(0, len(raw), SAMPLE_BYTES)]
        return samples, -1 if overflowed == _OVERFLOW_MAX else overflowed


def _value(raw: bytes, at: int) -> int:
    return (raw[at] << 16 | raw[at + 1] << 8 | raw[at + 2]) & FULL_SCALE
