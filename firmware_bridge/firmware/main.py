"""The board's start: MicroPython runs this file after each reset. It ends only in a reset, or at
once where somebody asks for service.

On the board it lies at the top, and this folder below `lib/`: docs/board.md, "Putting the program on".
"""

from firmware_bridge.firmware.warm_ram import FAULT, WarmRam

ram = WarmRam()  # first of all: what comes later would take the place

import sys  # noqa: E402

from firmware_bridge.firmware.app import App  # noqa: E402
from firmware_bridge.firmware.rp2040 import Rp2040, is_service_asked  # noqa: E402

if is_service_asked(ram.cause):
    sys.exit()  # to the prompt; the watchdog does not run yet
try:
    app = App(Rp2040(ram))
    while True:
        app.step()
except Exception as error:  # noqa: BLE001 - whatever it is, a board that starts again is better than one that stands
    with open("fault.txt", "w") as file:
        sys.print_exception(error, file)
    ram.reset(FAULT)
