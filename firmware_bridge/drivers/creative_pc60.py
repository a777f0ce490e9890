"""Creative and Lepu finger oximeters: PC-60FW, PC-60NW, POD (core). Source: docs/devices/creative-pc60.md.

Once a second numbers, the battery and what the instrument is doing; ten times a second five samples.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from contract.codes import Condition
from firmware_bridge.drivers.creative_frames import (
    BATTERY_LOW_LEVEL,
    CHECK_BITS,
    OXIMETER_TOKENS,
    OXIMETRY_BYTES,
    STATION_TOKENS,
    STRUCTURE_BITS,
    CreativeScan,
    Place,
    command,
    oximetry,
    text,
    unknown,
    wave,
)
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Fact, Line, Reading, Talk
from firmware_bridge.drivers.oximeter_streams import oximeter_streams

OXIMETER: Final = 0x0F
EQUIPMENT: Final = 0xF0
PARAMETERS: Final = 0x01
WAVE: Final = 0x02
BATTERY: Final = 0x03
SEND_PARAMETERS: Final = 0x84
SEND_WAVE: Final = 0x85
MODES: Final = {1: "spot check", 2: "continuous", 3: "menu"}
STEPS: Final = {
    0: "idle",
    1: "preparing",
    2: "measuring",
    3: "announcing",
    4: "analysing the pulse",
    5: "done",
}


class CreativePc60Decoder(CreativeScan):
    """What the instrument sends by itself, and its answers."""

    FRAME_TYPICAL_BYTES: ClassVar = 11  # of a wave
    TOKENS: ClassVar = OXIMETER_TOKENS
    FOREIGN: ClassVar = STATION_TOKENS

    def __init__(self) -> None:
        super().__init__()
        self._battery = ALL_WELL

    def finish(self) -> list[Reading]:
        """The stream ends here; the battery may be another when the next begins."""
        readings = super().finish()
        self._battery = ALL_WELL
        return readings

    def _content(self, token: int, kind: int, content: bytes, place: Place) -> Reading:
        offset, size, lost = place
        if token == OXIMETER and kind == WAVE and content:
            samples, is_beat = wave(content)
            return Reading(offset, size, "wave", {"pleth": samples}, facts={"beat": is_beat}, lost=lost)
        if token == OXIMETER and kind == PARAMETERS and len(content) >= OXIMETRY_BYTES:
            values, conditions = oximetry(content)
            return Reading(offset, size, "parameters", {}, values, conditions | self._battery, lost=lost)
        if token == EQUIPMENT and kind == BATTERY and content:
            is_low = content[0] <= BATTERY_LOW_LEVEL
            self._battery = (
                frozenset({Condition.BATTERY_LOW}) if is_low else ALL_WELL
            )  # told with the numbers
            return Reading(offset, size, "battery", facts={"battery": content[0]}, lost=lost)
        name, read = _TOLD.get(token << 8 | kind, ("", None))
        if read is None or (facts := read(content)) is None:
            return unknown(token, kind, content, place)
        return Reading(offset, size, name, facts=facts, lost=lost)


def _status(content: bytes) -> dict[str, Fact] | None:
    if len(content) != 4:
        return None
    mode, step, p1, p2 = content
    return {"mode": MODES.get(mode, str(mode)), "step": STEPS.get(step, str(step)), "p1": p1, "p2": p2}


def _frequencies(content: bytes) -> dict[str, Fact] | None:
    if len(content) != 4:
        return None
    return {
        "red": int.from_bytes(content[:2], "little"),
        "infrared": int.from_bytes(content[2:], "little"),
    }


def _info(content: bytes, software_bytes: int) -> dict[str, Fact] | None:
    if len(content) <= software_bytes:
        return None
    software = ".".join(str(byte) for byte in content[:software_bytes])
    name = text(content[software_bytes + 1 :])
    return {"software": software, "hardware": content[software_bytes], "model": name}


_TOLD: Final[Mapping[int, tuple[str, Callable[[bytes], dict[str, Fact] | None]]]] = {
    0x0F00: ("heartbeat", lambda _: {}),
    0x0F03: ("info", lambda content: _info(content, 1)),
    0x0F04: ("parameters switched", lambda _: {}),
    0x0F05: ("wave switched", lambda _: {}),
    0x0F20: ("frequencies", _frequencies),
    0x0F21: ("status", _status),
    0xF001: ("info", lambda content: _info(content, 2)),
    0xF002: ("serial number", lambda content: {"serial": text(content)}),
    0xF021: ("address", lambda content: {"mac": content.hex(":")}),
}


DRIVERS: Final = (
    Driver(
        name="creative-pc60",
        model="Creative PC-60",
        device="Creative/Lepu PC-60FW, PC-60NW, POD",
        sheet="creative-pc60.md",
        lines=(Line(115_200),),
        streams=oximeter_streams(pleth_mhz=50_000, perfusion_scale=0.1),
        decoder=CreativePc60Decoder,
        check_bits=CHECK_BITS,
        structure_bits=STRUCTURE_BITS,
        talk=Talk(opening=command(OXIMETER, SEND_PARAMETERS, b"\1") + command(OXIMETER, SEND_WAVE, b"\1")),
    ),
)
