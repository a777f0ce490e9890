"""An instrument whose readings a test gives, and all that the session tells of it."""

from collections.abc import Mapping

from contract.codes import (
    BODY_TEMPERATURE,
    DIASTOLIC,
    ECG_II,
    HEART_RATE,
    PLETH,
    SPO2,
    SYSTOLIC,
    Condition,
    RateSource,
)
from firmware_bridge.drivers.driver import Decoder, Driver, Fact, Line, Reading, Talk
from firmware_bridge.events import (
    ConditionsChanged,
    Event,
    InstrumentStream,
    LossReason,
    SampleBlock,
    SamplesLost,
    StreamKind,
)
from firmware_bridge.instruments.instrument import Instrument

T0_S = 1000.0
FRAME_BYTES = 4
PLETH_ID, ECG_ID, SPO2_ID, HR_ID, SKIN_ID = range(5)
STREAMS = (
    InstrumentStream(name="pleth", kind=StreamKind.PPG, mdc=PLETH, rate_mhz=100_000),
    InstrumentStream(name="ecg", kind=StreamKind.ECG, mdc=ECG_II, rate_mhz=100_000, scale=5.0, unit="uV"),
    InstrumentStream(name="spo2", kind=StreamKind.NUMERIC, mdc=SPO2, rate_mhz=1000, unit="%"),
    InstrumentStream(
        name="hr", kind=StreamKind.NUMERIC, mdc=HEART_RATE, rate_mhz=1000, unit="/min", source=RateSource.ECG
    ),
    InstrumentStream(
        name="skin", kind=StreamKind.TEMPERATURE, mdc=BODY_TEMPERATURE, rate_mhz=1000, scale=0.01, unit="Cel"
    ),
    InstrumentStream(name="sys", kind=StreamKind.NUMERIC, mdc=SYSTOLIC, rate_mhz=0, unit="mm[Hg]"),
    InstrumentStream(name="dia", kind=StreamKind.NUMERIC, mdc=DIASTOLIC, rate_mhz=0, unit="mm[Hg]"),
    InstrumentStream(
        name="temp", kind=StreamKind.NUMERIC, mdc=BODY_TEMPERATURE, rate_mhz=0, scale=0.01, unit="Cel"
    ),
)
WELL: frozenset[Condition] = frozenset()


class Scripted(Decoder):
    """Hands out the readings that it was given, four bytes each; what is between them is damage."""

    def __init__(self) -> None:
        super().__init__()
        self.next: list[Reading] = []
        self.held_back: list[Reading] = []
        self._offset = 0

    @property
    def pending_bytes(self) -> int:
        return 0

    def feed(self, data: bytes) -> list[Reading]:
        readings, self.next = self.next, []
        return self._placed(readings)

    def finish(self) -> list[Reading]:
        readings, self.held_back = self.held_back, []
        return self._placed(readings)

    def damage(self) -> None:
        self._offset += FRAME_BYTES

    def _placed(self, readings: list[Reading]) -> list[Reading]:
        placed = []
        for reading in readings:
            placed.append(reading._replace(offset=self._offset, size=FRAME_BYTES))
            self._offset += FRAME_BYTES
            self.counts.frames += 1
            for name in ("pleth", "ecg"):
                self.counts.lost_samples[name] = self.counts.lost_samples.get(name, 0) + reading.lost
        return placed


class Session:
    """An instrument and all that it told."""

    def __init__(
        self,
        *,
        talk: Talk | None = None,
        is_steady: bool = True,
        check_bits: int = 16,
        structure_bits: int = 16,
    ) -> None:
        self.decoder = Scripted()
        driver = Driver(
            name="scripted",
            model="An instrument of a test",
            device="An instrument of a test",
            sheet="none.md",
            lines=(Line(9600),),
            streams=STREAMS,
            decoder=lambda: self.decoder,
            check_bits=check_bits,
            structure_bits=structure_bits,
            talk=talk,
            is_steady=is_steady,
        )
        self.instrument = Instrument(driver, device="oximeter-1", first_life=7)
        self.told: list[Event] = []
        self.sent: list[tuple[float, bytes]] = []
        self.now_s = T0_S

    def open(self) -> "Session":
        self.instrument.opened(now_s=self.now_s)
        self._send()
        return self

    def hear(self, *readings: Reading, at_s: float) -> list[Event]:
        """Readings arrive together; deadlines before it are kept. Return what is told for them."""
        self.until(at_s)
        self.decoder.next = list(readings)
        told = self.instrument.on_bytes(bytes(FRAME_BYTES * len(readings)), now_s=at_s)
        self.told += told
        self._send()
        return told

    def until(self, at_s: float) -> list[Event]:
        """Let the time pass, as the bridge does."""
        told: list[Event] = []
        while (wake_s := self.instrument.next_wake_s) is not None and wake_s <= at_s:
            self.now_s = max(self.now_s, wake_s)
            told += self.instrument.tick(now_s=self.now_s)
            self._send()
        self.now_s = at_s
        self.told += told
        return told

    def stream(self, seconds: float, reading: Reading, *, from_s: float | None = None) -> list[Event]:
        """One frame every ten milliseconds; return what is told meanwhile."""
        start_s, heard = self.now_s if from_s is None else from_s, len(self.told)
        for k in range(1, round(seconds * 100) + 1):
            self.hear(reading, at_s=start_s + k / 100)
        return self.told[heard:]

    def _send(self) -> None:
        if data := self.instrument.data_to_send():
            self.sent.append((round(self.now_s - T0_S, 3), data))


def frame(
    pleth: int | None = 50,
    *,
    ecg: int | None = None,
    conditions: frozenset[Condition] | None = WELL,
    lost: int = 0,
    facts: Mapping[str, Fact] | None = None,
    **values: int | None,
) -> Reading:
    samples = {name: (raw,) for name, raw in (("pleth", pleth), ("ecg", ecg)) if raw is not None}
    return Reading(0, 0, "frame", samples, values, conditions, facts or {}, lost)


def of(kind: type[Event], told: list[Event]) -> list[Event]:
    return [event for event in told if isinstance(event, kind)]


def samples(told: list[Event], stream_id: int = PLETH_ID) -> dict[int, int]:
    """Return index -> sample of a stream; fails when an index comes twice or a block does not follow."""
    found: dict[int, int] = {}
    for event in told:
        if isinstance(event, SampleBlock) and event.stream_id == stream_id:
            assert event.first_index > max(found, default=-1)
            found |= {event.first_index + k: int(row[0]) for k, row in enumerate(event.samples)}
    return found


def losses(told: list[Event], stream_id: int = PLETH_ID) -> list[tuple[int, int, LossReason]]:
    return [
        (event.first_index, event.count, event.reason)
        for event in told
        if isinstance(event, SamplesLost) and event.stream_id == stream_id
    ]


def conditions(told: list[Event]) -> list[set[Condition]]:
    return [set(event.on) for event in told if isinstance(event, ConditionsChanged)]
