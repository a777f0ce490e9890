"""What comes out of the bridge: plain facts, in the order in which they were learned.

Times: `box_t_us` is the box's CLOCK_BOOTTIME in microseconds, `board_t_us` the board's own microseconds
since its boot. A board boot (`board_boot`, never 0) is one life of the board: sample indexes and press
counts start over with each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from contract.codes import Condition, RateSource

if TYPE_CHECKING:  # the box's configuration names drivers; who reads it need not have numpy in memory
    import numpy as np
    from numpy.typing import NDArray

NOT_ISOLATED: Final = 0x80  # bit of a board's hardware revision


class StreamKind(IntEnum):
    """What a stream measures; a board may announce kinds that are not listed here."""

    ECG = 1
    PPG = 2
    RESPIRATION = 3
    TEMPERATURE = 4
    NUMERIC = 5


class StreamUnit(IntEnum):
    """The unit of `scale`; a board may announce units that are not listed here."""

    MICROVOLT = 1
    COUNT = 2
    MILLIDEGREE_CELSIUS = 3
    PERCENT = 4
    PER_MINUTE = 5


class ResetCause(IntEnum):
    """Why the board started."""

    POWER = 1
    BROWNOUT = 2
    WATCHDOG = 3
    SOFTWARE = 4
    PIN = 5
    FAULT = 6


class ProbeState(IntEnum):
    """The finger probe."""

    ON = 0
    OFF = 1
    FAULT = 2


class LossReason(Enum):
    """Why samples are not there."""

    ON_THE_WIRE = "frames were damaged or lost between board and box"
    FIFO_OVERFLOW = "the board's front end overflowed"
    BOARD_BUFFER = "the box did not read fast enough"
    FRONT_END_RESET = "the board's front end restarted"
    ESTIMATED = "estimated from the time: nothing counts the frames of this instrument"
    NO_VALUE = "no valid value: probe off or searching"
    STREAM_OFF = "the stream was switched off"
    OTHER = "a reason this version does not know"

    @property
    def is_absence(self) -> bool:
        """Whether nothing was measured: absent, not lost."""
        return self in (LossReason.NO_VALUE, LossReason.STREAM_OFF)


class PressKind(Enum):
    """How the board learned of a press."""

    PRESS = "press"
    PRESSED_AT_BOOT = "pressed-at-boot"


class ButtonFaultKind(Enum):
    """What is wrong with the call button."""

    STUCK = "stuck"
    LOOP_OPEN = "loop open"
    LOOP_SHORT = "loop short"


class CommandFailure(Enum):
    """Why a command to the board was not carried out."""

    REFUSED = "the board refused"
    UNREADABLE = "the board could not read it"
    UNKNOWN_OUTPUT = "the board has no such output"
    UNKNOWN_PATTERN = "the board has no such pattern"
    UNKNOWN_STREAM = "the board has no such stream"
    UNKNOWN_RATE = "the stream has no such rate"
    UNSUPPORTED = "the board's firmware is too old for it"
    UNANSWERED = "the board did not answer within ten seconds"
    INTERRUPTED = "the board restarted or went away meanwhile"
    NOT_CONNECTED = "no board is connected"


class PortProblem(Enum):
    """Why the port cannot be opened."""

    MISSING = "missing"
    BUSY = "busy"
    PERMISSION = "permission"
    BROKEN = "broken"


class PressIdentity(NamedTuple):
    """One press, for ever: a press seen twice, in whatever way, has the same identity."""

    uid: bytes
    origin_boot_id: int
    press_count: int


@dataclass(frozen=True, slots=True)
class StreamDescription:
    """One stream as the board announces it: value = sample x `scale`, in `unit`.

    `kind` and `unit` are numbers of StreamKind and StreamUnit, or ones this version does not know.
    """

    stream_id: int
    kind: int
    mdc: int
    rate_mhz: int
    channels: int
    bits: int
    scale: float
    unit: int


@dataclass(frozen=True, slots=True)
class BoardConnected:
    """The board introduced itself: a new board, a new boot, or the same after it was silent.

    `is_schema_known` False: the firmware speaks another schema; it sends presses but no samples.
    """

    uid: bytes
    board_boot: int
    reset_cause: int
    firmware: str
    hw_model: int
    hw_revision: int
    build_hash: int
    streams: tuple[StreamDescription, ...]
    has_button: bool
    has_button_loop: bool
    has_buzzer: bool
    is_schema_known: bool
    box_t_us: int

    @property
    def is_not_for_patients(self) -> bool:
        """Whether nobody has said that this board's patient side is isolated (docs/board.md)."""
        return bool(self.hw_revision & NOT_ISOLATED)


@dataclass(frozen=True, slots=True)
class BoardSilent:
    """No heartbeat for 1.5 s: a warning."""

    board_boot: int
    box_t_us: int


@dataclass(frozen=True, slots=True)
class BoardResumed:
    """Heartbeats again after BoardSilent; nothing was reset."""

    board_boot: int
    box_t_us: int


@dataclass(frozen=True, slots=True)
class BoardLost:
    """The board is gone: show it to the staff. BoardConnected follows when it is back."""

    reason: str
    remedy: str
    box_t_us: int


@dataclass(frozen=True, slots=True)
class PortMissing:
    """The port cannot be opened; told once for each change of `problem`, tried again by itself. `device`: the
    instrument's name at this station, None for a board."""

    path: str
    problem: PortProblem
    text: str
    remedy: str
    box_t_us: int
    device: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SampleBlock:
    """Contiguous samples of one stream.

    `first_index` counts samples since the board's boot (64 bits, extended here). `samples` is int32,
    (count, channels). `board_t_us`, `box_t_us`: the first sample. `lead_off_mask`: bit k is electrode k;
    None: the front end does not know.
    """

    stream_id: int
    board_boot: int
    first_index: int
    samples: "NDArray[np.int32]"
    board_t_us: int
    box_t_us: int
    lead_off_mask: int | None
    is_settling: bool
    is_clipped: bool


@dataclass(frozen=True, slots=True)
class SamplesLost:
    """Samples `first_index` … `first_index + count - 1` will never come. No sample is told twice."""

    stream_id: int
    board_boot: int
    first_index: int
    count: int
    reason: LossReason


@dataclass(frozen=True, slots=True)
class LeadState:
    """Electrodes or probe changed, 200 ms ago. `mask`: bit k is electrode k, set when off."""

    stream_id: int
    mask: int
    probe: int
    box_t_us: int


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Somebody called. Store it, then say `press_stored`; after a human saw it, `press_shown`.

    `event_id` None: the EVENT frames were lost and a heartbeat told of it; `box_t_us` is then the
    latest possible time of the press.
    """

    uid: bytes
    origin_boot_id: int
    press_count: int
    event_id: int | None
    box_t_us: int
    kind: PressKind

    @property
    def identity(self) -> PressIdentity:
        """What makes this press this press."""
        return PressIdentity(self.uid, self.origin_boot_id, self.press_count)


@dataclass(frozen=True, slots=True)
class ButtonReleased:
    """The button came up."""

    uid: bytes
    origin_boot_id: int
    press_count: int
    box_t_us: int


@dataclass(frozen=True, slots=True)
class ButtonHeld:
    """The button of this press has been held for two seconds: an emergency. Once a press, after it."""

    uid: bytes
    origin_boot_id: int
    press_count: int
    box_t_us: int

    @property
    def identity(self) -> PressIdentity:
        """Which press is held."""
        return PressIdentity(self.uid, self.origin_boot_id, self.press_count)


@dataclass(frozen=True, slots=True)
class ButtonHeldOn:
    """The button of this press has been held for ten seconds: it asks for a self-test. Once a press, after
    ButtonHeld, from which it takes nothing back."""

    uid: bytes
    origin_boot_id: int
    press_count: int
    box_t_us: int


@dataclass(frozen=True, slots=True)
class CameraButton:
    """The second button went down or came up. `board_boot`: of the board's life in which it did."""

    uid: bytes
    board_boot: int
    is_down: bool
    box_t_us: int


@dataclass(frozen=True, slots=True)
class ButtonFault:
    """The button cannot be trusted; `fault` None: it can again."""

    uid: bytes
    fault: ButtonFaultKind | None
    box_t_us: int


@dataclass(frozen=True, slots=True)
class ResetsAlarm:
    """The board restarted `reset_count` times within ten minutes: a technical fault."""

    uid: bytes
    reset_count: int
    box_t_us: int


@dataclass(frozen=True, slots=True)
class OutputFailed:
    """The board did not carry out a command within 10 s: a lamp may show something else."""

    output: int
    pattern: int
    box_t_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentStream:
    """One waveform or number of an instrument: raw x `scale` is in `unit` (UCUM).

    `rate_mhz`: nominal, in millihertz; of a number, how often it is told. 0: a single measurement (blood
    pressure, a thermometer), which is told when it was made. `source`: what a heart rate was counted on.
    """

    name: str
    kind: StreamKind
    mdc: int
    rate_mhz: int
    scale: float = 1.0
    unit: str = "1"
    source: RateSource | None = None


@dataclass(frozen=True, slots=True)
class InstrumentConnected:
    """An instrument sends sound frames: it was plugged in, switched on, or came back after a gap.

    `device`: its name at this station, which a replug does not change. `life`: a number that is new at each
    opening (never 0); sample indexes start over with each, and stand in SampleBlock.board_boot. A stream's id
    is its place in `streams`.
    """

    device: str
    life: int
    driver: str
    model: str
    unverified: str
    streams: tuple[InstrumentStream, ...]
    box_t_us: int


@dataclass(frozen=True, slots=True)
class InstrumentSilent:
    """The port is open and no frame comes: switched off, or its cable is out at the other end."""

    device: str
    life: int
    box_t_us: int


@dataclass(frozen=True, slots=True)
class InstrumentLost:
    """The port is gone. InstrumentConnected follows when the instrument is back, with another life."""

    device: str
    reason: str
    remedy: str
    box_t_us: int


@dataclass(frozen=True, slots=True)
class ConditionsChanged:
    """What is the matter with an instrument's measuring from now on; empty: nothing. Each InstrumentConnected
    begins with nothing. What would measure nobody meanwhile comes as SamplesLost (NO_VALUE)."""

    device: str
    on: frozenset[Condition]
    box_t_us: int


@dataclass(frozen=True, slots=True)
class SingleMeasurement:
    """A blood pressure, a temperature: (mdc, value, UCUM unit) of one moment. Without values it failed, and
    `text` says why. `device_time`: what the instrument's own clock says. `begun_t_us`: when it was begun;
    None: the instrument does not say. `is_from_memory`: it had kept it, so nobody knows whose it is."""

    device: str
    values: tuple[tuple[int, float, str], ...]
    device_time: str | None
    text: str
    box_t_us: int
    begun_t_us: int | None = None
    is_from_memory: bool = False


@dataclass(frozen=True, slots=True)
class StreamNotSet:
    """A stream does not do as it was told; told again when the board is introduced again."""

    stream_id: int
    is_on: bool
    rate_index: int
    why: CommandFailure
    box_t_us: int


@dataclass(frozen=True, slots=True)
class BootloaderEntered:
    """The board restarts into its boot loader: it will go away and come back as another device."""

    uid: bytes
    box_t_us: int


@dataclass(frozen=True, slots=True)
class BootloaderRefused:
    """The board does not go to its boot loader, or did not say so; its streams run again. `text`: why."""

    uid: bytes
    why: CommandFailure
    text: str
    box_t_us: int


@dataclass(frozen=True, slots=True)
class ClockDrift:
    """The board's clock and the box's run apart, by more than a sound quartz can or no longer so.

    `drift_ppm`: how much faster the board's runs.
    """

    uid: bytes
    drift_ppm: float
    is_excessive: bool
    box_t_us: int


Event = (
    BoardConnected
    | BoardSilent
    | BoardResumed
    | BoardLost
    | PortMissing
    | SampleBlock
    | SamplesLost
    | LeadState
    | ButtonPressed
    | ButtonReleased
    | ButtonHeld
    | ButtonHeldOn
    | CameraButton
    | ButtonFault
    | ResetsAlarm
    | OutputFailed
    | InstrumentConnected
    | InstrumentSilent
    | InstrumentLost
    | ConditionsChanged
    | SingleMeasurement
    | StreamNotSet
    | BootloaderEntered
    | BootloaderRefused
    | ClockDrift
)


@dataclass(frozen=True, slots=True)
class Counters:
    """What `edge doctor` shows. Counts since the bridge was made.

    `board_…`: of the board's present boot, by its last heartbeat. `drift_ppm`: how much faster the board's
    clock runs than the box's; `stream_drift_ppm`: how much faster a stream is sampled than it announced, by
    the board's clock. None, or not there: not known yet.
    """

    is_open: bool
    state: str
    frames: int
    damaged_frames: Mapping[str, int]
    lost_frames: int
    malformed_messages: int
    unknown_messages: int
    early_frames: int
    stale_blocks: int
    foreign_blocks: int
    lost_samples: Mapping[int, int]
    absent_samples: Mapping[int, int]
    board_resets: int
    skipped_presses: int
    dropped_writes: int
    round_trip_us: int | None
    last_error: str | None
    board_dropped_samples: int = 0
    board_damaged_frames: int = 0
    drift_ppm: float | None = None
    stream_drift_ppm: Mapping[int, float] = field(default_factory=dict)
