"""What a driver is: a description of an instrument, and a decoder that turns its bytes into readings (core).

A decoder knows neither time nor port. What it says is raw: a sample or a value times its stream's `scale` is
in the stream's unit. What the instrument does not know is None, never 0, 127, 255 or 511.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from contract.codes import Condition
from firmware_bridge.events import InstrumentStream

Fact = str | int | float | bool | None
NO_VALUES: Final[Mapping[str, int | None]] = MappingProxyType({})
NO_SAMPLES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType({})
NO_FACTS: Final[Mapping[str, Fact]] = MappingProxyType({})
ALL_WELL: Final[frozenset[Condition]] = frozenset()


class Reading(NamedTuple):
    """What one frame said.

    `offset`: of its first byte in the stream, since the decoder was made; `size`: its bytes, less the last
    when that is the first of the next frame too (one of two equal bytes was lost between them). `kind`: the
    frame's name on the instrument's page in docs/devices/. `samples`: of each waveform, in order.
    `values`: of each number that this frame speaks of; None: it says that there is none. `conditions`: all
    that hold, None when the frame does not speak of them. `facts`: whatever else it says (bar graph, model,
    the instrument's own clock). `lost`: frames that must have been just before it and were not there.
    """

    offset: int
    size: int
    kind: str
    samples: Mapping[str, tuple[int, ...]] = NO_SAMPLES
    values: Mapping[str, int | None] = NO_VALUES
    conditions: frozenset[Condition] | None = None
    facts: Mapping[str, Fact] = NO_FACTS
    lost: int = 0


@dataclass(slots=True)
class Counts:
    """What a decoder has seen. `damaged`: runs of bytes between two sound frames that are no frame;
    `lost_samples`: of each waveform (of each number, for an instrument without waveforms)."""

    frames: int = 0
    damaged: int = 0
    discarded_bytes: int = 0
    lost_frames: int = 0
    lost_samples: dict[str, int] = field(default_factory=dict)


class Decoder(ABC):
    """Bytes in, readings out. Never raises on an instrument's bytes; holds a bounded rest of them."""

    def __init__(self) -> None:
        self.counts = Counts()

    @property
    @abstractmethod
    def pending_bytes(self) -> int:
        """How much of an unfinished frame is held."""

    @abstractmethod
    def feed(self, data: bytes) -> list[Reading]:
        """Return the readings of the frames that `data` completes, in order."""

    @abstractmethod
    def finish(self) -> list[Reading]:
        """The stream ends here (the port was closed, the file is over): return what was held back because
        more might have followed. The next `feed` begins anew; counts and offsets go on."""


@dataclass(frozen=True, slots=True)
class Line:
    """How the serial line is set. USB devices without a real line ignore it."""

    baud: int
    parity: Literal["N", "O", "E"] = "N"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What the host says. `opening` is written when the port is opened and again after `silence_s` without a
    frame; `keep_alive` every `keep_alive_s`; `closing` before the port is closed."""

    opening: bytes = b""
    keep_alive: bytes = b""
    keep_alive_s: float = 0.0
    silence_s: float = 3.0
    closing: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One way in which an instrument speaks.

    `name` is what the configuration and the command line say; `model` a short name for screens; `device` all
    instruments that speak so; `sheet` its page in docs/devices/. `unverified`: what about it has never been
    seen in real bytes, shown wherever its values are; empty: nothing. `check_bits`: width of the frame's
    checksum, 0 for none. `structure_bits`: how many bits of a frame are fixed by its structure. `looks_like`:
    drivers whose bytes cannot be told from these. `is_steady`: it sends all the time, so that `silence_s`
    without a frame means absence. `talk`: None for one that is only listened to; a port is never written to
    without it, and never while probing.
    """

    name: str
    model: str
    device: str
    sheet: str
    lines: tuple[Line, ...]
    streams: tuple[InstrumentStream, ...]
    decoder: Callable[[], Decoder]
    check_bits: int
    structure_bits: int
    unverified: str = ""
    looks_like: tuple[str, ...] = ()
    is_steady: bool = True
    silence_s: float = 2.0
    talk: Talk | None = None
