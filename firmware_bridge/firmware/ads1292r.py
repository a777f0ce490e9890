"""The ADS1292R as we run it: registers, commands, and what its nine bytes say.

Two channels at 250 Hz, gain 6, reference 2.42 V, lead-off by direct current. Wiring: docs/board.md.
Source: data sheet SBAS502; not yet held against a chip.
"""

RATE_HZ = 250
PERIOD_US = 4000
CONVERSION_BYTES = 9

RESET, START, STOP_READING, READ_ON = 0x06, 0x08, 0x11, 0x10  # RESET, START, SDATAC, RDATAC
READ_REGISTER, WRITE_REGISTER = 0x20, 0x40
ID_REGISTER = 0x00
ID_ADS1292R = 0x73

REGISTERS = bytes(  # from CONFIG1, address 1, on
    [
        0x01,  # CONFIG1: continuous, 250 samples a second
        0xE0,  # CONFIG2: lead-off comparators and reference on, 2.42 V
        0x10,  # LOFF: 95 %, 6 nA, direct current
        0x00,  # CH1SET: gain 6, electrodes
        0x00,  # CH2SET: the same
        0x3D,  # RLD_SENS: right leg driven from LA, LL and RA; its own lead-off sensed
        0x0D,  # LOFF_SENS: LA, LL, RA; RA through channel 2 alone
        0x00,  # LOFF_STAT: read only but for the clock's divider
        0x02,  # RESP1: respiration off
        0x03,  # RESP2: right-leg reference made inside
        0x00,  # GPIO: outputs, low
    ]
)
FULL_SCALE = (1 << 23) - 1
REFERENCE_UV = 2_420_000
GAIN = 6
SHIFT = 6  # bits left out: a step of 3.1 µV is below the chip's noise (8 µV peak to peak)
STEP_UV = REFERENCE_UV / (GAIN * FULL_SCALE) * (1 << SHIFT)
BITS = 24 - SHIFT
RAIL = FULL_SCALE - (1 << SHIFT)  # a reading beyond is clipped

RA, LA, LL, RL = 1, 2, 4, 8  # electrodes, bits of a lead-off mask
_IN1P, _IN2P, _IN2N, _RLD = 1, 4, 8, 16  # bits of the status word's lead-off part


def is_conversion(raw: bytes) -> bool:
    """Whether nine bytes begin as each conversion does."""
    return raw[0] & 0xF0 == 0xC0


def electrodes_off(raw: bytes) -> int:
    """Return which electrodes a conversion says are off."""
    status = (raw[0] << 1 | raw[1] >> 7) & 0x1F
    mask = LA if status & _IN1P else 0
    if status & _IN2P:
        mask |= LL
    if status & _IN2N:
        mask |= RA
    if status & _RLD:
        mask |= RL
    return mask


def channel(raw: bytes, at: int) -> int:
    """Return the 24 bits at `at` (3: channel 1, 6: channel 2), with their sign."""
    value = raw[at] << 16 | raw[at + 1] << 8 | raw[at + 2]
    return value - (1 << 24) if value & 0x800000 else value
