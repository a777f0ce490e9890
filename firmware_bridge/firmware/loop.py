"""The call button's supervised loop: what the voltage at the board's end says of button and wires.

The loop hangs at 10 kΩ from the supply and has at the button 2.2 kΩ in line and 10 kΩ across the contact:
docs/board.md, "The call button".
"""

from firmware_bridge.firmware import wire

SHORT_BELOW = 5_243  # of 65536: 8 % of the supply; a pressed button reads 18 %
DOWN_BELOW = 23_593  # 36 %; a button at rest reads 55 %
UP_BELOW = 52_429  # 80 %; a cut wire reads 100 %


def level_of(reading: int) -> int:
    """Return BUTTON_UP, BUTTON_DOWN, LOOP_OPEN or LOOP_SHORT. `reading`: 0 … 65535, the supply is 65535."""
    if reading < SHORT_BELOW:
        return wire.LOOP_SHORT
    if reading < DOWN_BELOW:
        return wire.BUTTON_DOWN
    return wire.BUTTON_UP if reading < UP_BELOW else wire.LOOP_OPEN
