"""What becomes of a device, in the words that the hub and `edge doctor` show (core)."""

from dataclasses import dataclass
from typing import Final, Literal, assert_never

from firmware_bridge import events as bridge

DeviceState = Literal["connected", "silent", "gone"]
# What is wrong, as a word for which the panel has sentences in the languages of the station.
Fault = Literal[
    "schema",
    "no heartbeat",
    "nothing comes",
    "lost",
    "no port",
    "button stuck",
    "button loop open",
    "button loop short",
    "restarts",
    "output",
    "stream",
    "boot loader",
    "clock",
]

StateEvent = (
    bridge.BoardConnected
    | bridge.BoardSilent
    | bridge.BoardResumed
    | bridge.BoardLost
    | bridge.PortMissing
    | bridge.ButtonFault
    | bridge.ResetsAlarm
    | bridge.OutputFailed
    | bridge.StreamNotSet
    | bridge.BootloaderEntered
    | bridge.BootloaderRefused
    | bridge.ClockDrift
    | bridge.InstrumentConnected
    | bridge.InstrumentSilent
    | bridge.InstrumentLost
)


@dataclass(frozen=True, slots=True)
class DeviceWords:
    """How a device is. `text`: what is wrong and what to do, empty for nothing; `fault` says it in a word.
    `is_away`: nobody can tell any more what its sensors do."""

    state: DeviceState
    text: str = ""
    is_away: bool = False
    fault: Fault | None = None


def words_of(event: StateEvent) -> DeviceWords:
    """Return how the device is from this event on."""
    match event:
        case bridge.BoardConnected(is_schema_known=is_known):
            is_old = "its firmware speaks another schema: presses only, update the board"
            return DeviceWords("connected") if is_known else DeviceWords("connected", is_old, fault="schema")
        case bridge.InstrumentConnected() | bridge.BoardResumed():
            return DeviceWords("connected")
        case bridge.BoardSilent():
            return DeviceWords("silent", "no heartbeat for 1.5 s", fault="no heartbeat")
        case bridge.InstrumentSilent():
            text = "nothing comes: switch it on, check its cable"
            return DeviceWords("silent", text, is_away=True, fault="nothing comes")
        case bridge.BoardLost() | bridge.InstrumentLost():
            return DeviceWords("gone", f"{event.reason}: {event.remedy}", is_away=True, fault="lost")
        case bridge.PortMissing():
            return DeviceWords("gone", f"{event.text} {event.remedy}", is_away=True, fault="no port")
        case _:
            text = _fault(event)
            return DeviceWords("connected", text, fault=_word_of(event) if text else None)


_BUTTON: Final[dict[bridge.ButtonFaultKind | None, Fault]] = {
    bridge.ButtonFaultKind.STUCK: "button stuck",
    bridge.ButtonFaultKind.LOOP_OPEN: "button loop open",
    bridge.ButtonFaultKind.LOOP_SHORT: "button loop short",
}
_FAULTS: Final[dict[type[object], Fault]] = {
    bridge.ResetsAlarm: "restarts",
    bridge.OutputFailed: "output",
    bridge.StreamNotSet: "stream",
    bridge.BootloaderEntered: "boot loader",
    bridge.BootloaderRefused: "boot loader",
    bridge.ClockDrift: "clock",
}


def _word_of(event: object) -> Fault | None:
    if isinstance(event, bridge.ButtonFault):
        return _BUTTON.get(event.fault)
    return _FAULTS.get(type(event))


def _fault(
    event: bridge.ButtonFault
    | bridge.ResetsAlarm
    | bridge.OutputFailed
    | bridge.StreamNotSet
    | bridge.BootloaderEntered
    | bridge.BootloaderRefused
    | bridge.ClockDrift,
) -> str:
    match event:
        case bridge.ButtonFault(fault=fault):
            return f"call button: {fault.value}; test the button and its cable" if fault else ""
        case bridge.ResetsAlarm(reset_count=count):
            return f"the board restarted {count} times in ten minutes; change its cable or the board"
        case bridge.OutputFailed(output=output):
            return (
                f"the board did not carry out a command for output {output}; a lamp may show something else"
            )
        case bridge.StreamNotSet(stream_id=stream_id, is_on=is_on, why=why):
            return f"stream {stream_id} is not switched {'on' if is_on else 'off'}: {why.value}"
        case bridge.BootloaderEntered():
            return "it restarts into its boot loader"
        case bridge.BootloaderRefused(text=text):
            return f"no boot loader: {text}"
        case bridge.ClockDrift(drift_ppm=drift_ppm, is_excessive=is_excessive):
            off = f"the board's clock is {drift_ppm:+.0f} ppm off the box's; change the board"
            return off if is_excessive else ""
        case _:
            assert_never(event)
