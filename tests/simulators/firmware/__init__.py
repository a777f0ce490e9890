"""The firmware at work without a board: the real program under MicroPython, over hardware that is made up.

`process.FirmwareBoard` runs it and is cable, finger and patient; `unix_board` and `unix_hal` are what runs
there.
"""
