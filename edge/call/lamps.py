"""What lamp and buzzer show of the call (core): the truth, and nothing before it is true.

The lamp holds one pattern as long as the state holds. The buzzer chirps once at a change, for CHIRP_MAX_MS at
most, and chimes only while the hub calls, which is 90 s at most: nothing sounds on through a night.
"""

from typing import Final, NamedTuple

from edge.call.hub_ring import RingState
from edge.call.prompts_due import Prompt
from edge.call.station_call import StationCall
from edge.call.station_table import ANSWERED, State
from firmware_bridge.board.messages import HostState, OutputPattern

CHIRP_MAX_MS: Final = 3000


class Look(NamedTuple):
    """What an output does, and how strongly: 0 … 255."""

    pattern: OutputPattern
    level: int


class Chirp(NamedTuple):
    """A sound of `ms`."""

    pattern: OutputPattern
    ms: int


_FULL, _DIM = 255, 50
DARK: Final = Look(OutputPattern.OFF, 0)
CALL_LAMP: Final = {
    State.IDLE: DARK,
    State.REGISTERED: Look(OutputPattern.FAST_BLINK, _FULL),  # on this box's disk
    State.KEPT: Look(OutputPattern.PULSE, _FULL),  # there, and no word of the hub
    State.AT_HUB: Look(OutputPattern.SLOW_BLINK, _FULL),  # on the hub's disk
    State.RINGING: Look(OutputPattern.DOUBLE_FLASH, _FULL),  # it rings at a console
    State.CLAIMED: Look(OutputPattern.STEADY, _FULL),  # a person has it
    State.HELD: Look(OutputPattern.STEADY, _DIM),  # a person has it, and asks to wait
    State.NO_WORD: Look(OutputPattern.PULSE, _FULL),  # as KEPT: no link, and the call is safe
    State.CHIMING: Look(OutputPattern.DOUBLE_FLASH, _DIM),  # with the chime: press to answer
}
# The next press is practice, or the open call is none: never to be taken for a real one that already rings.
PRACTICE_LAMP: Final = Look(OutputPattern.PULSE, _DIM)
CHIME: Final = {
    RingState.QUIET: DARK,
    RingState.CHIMES: Look(OutputPattern.DOUBLE_FLASH, _FULL),
    RingState.ANNOUNCED: Look(OutputPattern.FAST_BLINK, _FULL),
    RingState.TAKEN: DARK,
}
CHIRPS: Final = {
    Prompt.REGISTERED: Chirp(OutputPattern.STEADY, 80),
    Prompt.AT_HUB: Chirp(OutputPattern.FAST_BLINK, 500),
    Prompt.KEPT: Chirp(OutputPattern.SLOW_BLINK, 3000),
    Prompt.NO_WORD: Chirp(OutputPattern.SLOW_BLINK, 3000),
    Prompt.ANSWERED: Chirp(OutputPattern.STEADY, 600),
    Prompt.RAISED: Chirp(OutputPattern.FAST_BLINK, 1500),
}


def lamp_of(call: StationCall) -> Look:
    """Return what the call lamp shows now. A ring for a call that is open here looks as any ring does."""
    is_armed = call.practising.is_on and call.state is State.IDLE
    if is_armed or call.practice is not None:
        return PRACTICE_LAMP
    is_rung = call.ring.is_waiting and call.state not in ANSWERED
    return CALL_LAMP[State.CHIMING if is_rung else call.state]


def chime_of(call: StationCall) -> Look:
    """Return what the buzzer does for as long as this holds."""
    return CHIME[call.ring.state]


def host_state_of(call: StationCall, *, is_connected: bool) -> HostState:
    """Return how the box is, for the board's own lamp. `is_connected`: to the hub."""
    if call.state in ANSWERED:
        return HostState.CALL_SEEN
    return HostState.CAPTURING if is_connected else HostState.NETWORK_DOWN
