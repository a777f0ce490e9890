"""What the call lamp shows for each state of the call (core): the truth, and nothing before it is true."""

from typing import Final

from edge.call.station_call import State
from firmware_bridge.board.messages import OutputPattern

CALL_LAMP: Final = {
    State.IDLE: OutputPattern.OFF,
    State.REGISTERED: OutputPattern.FAST_BLINK,  # on this box's disk
    State.AT_HUB: OutputPattern.SLOW_BLINK,  # on the hub's disk
    State.RINGING: OutputPattern.DOUBLE_FLASH,  # it rings at a console
    State.CLAIMED: OutputPattern.STEADY,  # a person has it
}
