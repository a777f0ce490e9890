"""An instrument that says its own name in every frame, and the driver that reads it. Made up."""

import random
import re
from collections.abc import Callable
from typing import ClassVar, Final

from contract.codes import PLETH
from firmware_bridge.drivers.driver import Driver, Line, Reading
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan
from firmware_bridge.events import InstrumentStream, StreamKind
from tests.simulators.devices.device import SimulatedDevice

FRAME: Final = re.compile(rb"<(\w{4}):(\d{3})>")
FRAME_BYTES: Final = 10
NAME: Final = "announcer"


class Announcer(SimulatedDevice):
    """A hundred samples a second, none like the one before, each with the name (four letters)."""

    FRAMES_A_SECOND: ClassVar = 100.0

    def __init__(self, rng: random.Random, *, now_s: float, name: str) -> None:
        super().__init__(rng, now_s=now_s)
        self.name = name

    def next_frame(self) -> bytes:
        """Return the next frame."""
        pleth = self.rng.randrange(128)
        self.tell("pleth", pleth)
        return f"<{self.name}:{pleth:03d}>".encode()


class AnnouncerDecoder(FrameScan):
    """Ten characters a frame."""

    FRAME_MAX_BYTES: ClassVar = FRAME_BYTES
    FRAME_TYPICAL_BYTES: ClassVar = FRAME_BYTES
    SAMPLES_A_FRAME: ClassVar = {"pleth": 1}

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        if data[at] != ord("<"):
            return NO_FRAME
        if at + FRAME_BYTES > len(data):
            return NO_FRAME if is_end else NEEDS_MORE
        return FRAME_BYTES if FRAME.match(data, at) else NO_FRAME

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        pleth = int(frame[6:9])
        return Reading(
            offset,
            FRAME_BYTES,
            "sample",
            samples={"pleth": (pleth,)},
            facts={"serial": frame[1:5].decode()},
            lost=lost,
        )


def announcer_driver(decoder: Callable[[], FrameScan] = AnnouncerDecoder) -> Driver:
    """Return the driver that reads it."""
    return Driver(
        name=NAME,
        model="Announcer",
        device="an instrument that says its name",
        sheet="none",
        lines=(Line(9600),),
        streams=(InstrumentStream(name="pleth", kind=StreamKind.PPG, mdc=PLETH, rate_mhz=100_000),),
        decoder=decoder,
        check_bits=0,
        structure_bits=40,
    )
