"""Creative/Lepu PC-100 and PC-300: SpO2, blood pressure, temperature, glucose, one lead of ECG (core).

Source: docs/devices/creative-pc300.md. Each measuring module speaks for itself; what is the matter with the
instrument is what is the matter with any of them.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final

from contract.codes import (
    BODY_TEMPERATURE,
    CUFF_PULSE,
    DIASTOLIC,
    ECG,
    GLUCOSE,
    HEART_RATE,
    MEAN_PRESSURE,
    SYSTOLIC,
    Condition,
    RateSource,
)
from firmware_bridge.drivers import creative_modules as modules
from firmware_bridge.drivers.creative_frames import (
    CHECK_BITS,
    OXIMETER_TOKENS,
    STATION_TOKENS,
    STRUCTURE_BITS,
    CreativeScan,
    Place,
    command,
    unknown,
)
from firmware_bridge.drivers.creative_modules import ECG_COUNTS_A_MV, Told
from firmware_bridge.drivers.creative_texts import MODULES, PC100_ERRORS, PC300_ERRORS
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Line, Reading, Talk
from firmware_bridge.drivers.oximeter_streams import oximeter_streams
from firmware_bridge.events import InstrumentStream, StreamKind

START: Final = 0x01
STOP: Final = 0x02
ECG_CONTROL: Final = 0x30
ECG_BITS: Final = 0x05
ECG_WAVE: Final = 0x32
ECG_RESULT: Final = 0x33
CUFF_CONTROL: Final = 0x40
SPO2_CONTROL: Final = 0x50
VERSION: Final = 0x51
INSTRUMENT: Final = 0xFF
HANDSHAKE: Final = 0x01
TWELVE_BITS: Final = 2
ECG_NUMBER_MAX: Final = 255
ECG_GAP_MAX: Final = 2  # frames: longer ones show in the time, and a wrong number must not make a gap

_CONTROLS: Final = {
    ECG_CONTROL: "ECG",
    CUFF_CONTROL: "cuff",
    SPO2_CONTROL: "SpO2",
    0x70: "thermometer",
    0xE0: "glucometer",
}
_Reader = Callable[[int, bytes], Told | None]


def _switched(module: str, kind: int, _content: bytes) -> Told:
    """An answer to a command, or a key that somebody pressed: what was the matter with the module is over."""
    name = {START: "started", STOP: "stopped"}.get(kind, f"set {kind:02X}")
    return Told(f"{module} {name}", matter={module: ALL_WELL} if kind in (START, STOP) else {})


def _of_module(module: str, _kind: int, content: bytes) -> Told | None:
    return modules.module_status(module, content)


_READERS: Final[Mapping[int, _Reader]] = {
    **{token: partial(_switched, module) for token, module in _CONTROLS.items() if token != ECG_CONTROL},
    **{token: partial(_of_module, module) for token, module in MODULES.items()},
    0x42: modules.cuff_live,
    VERSION: modules.version,
    0x52: modules.spo2_wave,
    0x53: modules.spo2_parameters,
    0x72: modules.thermometer,
    0x73: modules.glucometer,
    0xE2: modules.other_glucometer,
    INSTRUMENT: modules.instrument,
}
_ECG_READERS: Final[Mapping[int, _Reader]] = {
    ECG_CONTROL: partial(_switched, "ECG"),
    ECG_WAVE: modules.ecg_wave,
    ECG_RESULT: modules.ecg_result,
    0x34: modules.ecg_gain,
}


class CreativePc100Decoder(CreativeScan):
    """What the instrument sends, whichever of its modules it has."""

    FRAME_TYPICAL_BYTES: ClassVar = 11  # of a pulse wave
    READERS: ClassVar[Mapping[int, _Reader]] = {
        **_READERS,
        0x43: partial(modules.cuff_result, errors=PC100_ERRORS, code_mask=0x0F),
    }
    TOKENS: ClassVar = STATION_TOKENS
    FOREIGN: ClassVar = OXIMETER_TOKENS

    def __init__(self) -> None:
        super().__init__()
        self._matter: dict[str, frozenset[Condition]] = {}

    def finish(self) -> list[Reading]:
        """The stream ends here; what is the matter must be told anew."""
        readings = super().finish()
        self._matter.clear()
        return readings

    def _content(self, token: int, kind: int, content: bytes, place: Place) -> Reading:
        told = self.READERS[token](kind, content) if token in self.READERS else None
        if told is None:
            return unknown(token, kind, content, place)
        conditions = None
        if told.matter:
            self._matter.update(told.matter)
            conditions = ALL_WELL.union(*self._matter.values())
        offset, size, lost = place
        return Reading(offset, size, told.kind, told.samples, told.values, conditions, told.facts, lost)


class CreativePc300Decoder(CreativePc100Decoder):
    """ECG besides, whose frames are numbered while it is measured: those that are missing are known."""

    FRAME_TYPICAL_BYTES: ClassVar = modules.ECG_BYTES + 6
    READERS: ClassVar[Mapping[int, _Reader]] = {
        **_READERS,
        **_ECG_READERS,
        0x43: partial(modules.cuff_result, errors=PC300_ERRORS, code_mask=0x7F),
    }

    def __init__(self) -> None:
        super().__init__()
        self._number = 0  # of the last ECG frame; 0: none, or of those that go before a measurement
        self._lost_before = 0  # frames, until then

    def finish(self) -> list[Reading]:
        """The stream ends here, and a measurement with it."""
        readings = super().finish()
        self._number = 0
        return readings

    def _content(self, token: int, kind: int, content: bytes, place: Place) -> Reading:
        reading = super()._content(token, kind, content, place)
        if reading.samples and token == ECG_WAVE:
            return self._with_lost(reading, token << 8 | kind, number=content[0])
        if token in (ECG_CONTROL, ECG_RESULT):
            self._number = 0
        return reading

    def _with_lost(self, reading: Reading, key: int, *, number: int) -> Reading:
        """Count the ECG frames that the number says are missing and of which no damage has told."""
        last, self._number = self._number, number
        gap = (number - last) % ECG_NUMBER_MAX - 1 if last and number else 0
        more = gap - reading.lost - (self.counts.lost_frames - self._lost_before)
        if not 0 < more <= ECG_GAP_MAX:
            return reading
        self._missing[key] += more
        return reading._replace(lost=reading.lost + more)

    def _take(self, reading: Reading) -> None:
        super()._take(reading)
        if reading.kind == "ECG":
            self._lost_before = self.counts.lost_frames


def _single(name: str, mdc: int, unit: str, *, scale: float = 1.0) -> InstrumentStream:
    kind = StreamKind.TEMPERATURE if mdc == BODY_TEMPERATURE else StreamKind.NUMERIC
    source = {CUFF_PULSE: RateSource.CUFF, HEART_RATE: RateSource.ECG}.get(mdc)
    return InstrumentStream(name=name, kind=kind, mdc=mdc, rate_mhz=0, scale=scale, unit=unit, source=source)


STREAMS: Final = (
    *oximeter_streams(pleth_mhz=50_000, perfusion_scale=0.1),
    _single("sys", SYSTOLIC, "mm[Hg]"),
    _single("dia", DIASTOLIC, "mm[Hg]"),
    _single("mean", MEAN_PRESSURE, "mm[Hg]"),
    _single("cuff_pulse", CUFF_PULSE, "/min"),
    _single("temp", BODY_TEMPERATURE, "Cel", scale=0.01),
    _single("glucose_mmol", GLUCOSE, "mmol/L", scale=0.1),
    _single("glucose_mg", GLUCOSE, "mg/dL", scale=0.1),
)
ECG_STREAMS: Final = (
    InstrumentStream(
        name="ecg",
        kind=StreamKind.ECG,
        mdc=ECG,
        rate_mhz=150_000,
        scale=1000 / ECG_COUNTS_A_MV,
        unit="uV",
    ),
    _single("hr", HEART_RATE, "/min"),
)
UNVERIFIED: Final = "known from its maker's program only: line rate, when it sends by itself, all values"
ASKS_AGAIN_AFTER_S: Final = 10.0
OPENING: Final = command(INSTRUMENT, HANDSHAKE) + command(VERSION, START) + command(SPO2_CONTROL, START)

DRIVERS: Final = (
    Driver(
        name="creative-pc100",
        model="Creative PC-100",
        device="Creative/Lepu PC-100, PC-102",
        sheet="creative-pc300.md",
        lines=(Line(38_400),),
        streams=STREAMS,
        decoder=CreativePc100Decoder,
        check_bits=CHECK_BITS,
        structure_bits=STRUCTURE_BITS,
        unverified=UNVERIFIED,
        looks_like=("creative-pc300",),
        is_steady=False,
        talk=Talk(opening=OPENING, silence_s=ASKS_AGAIN_AFTER_S),
    ),
    Driver(
        name="creative-pc300",
        model="Creative PC-300",
        device="Creative/Lepu PC-200, PC-300, PC-303",
        sheet="creative-pc300.md",
        lines=(Line(38_400),),
        streams=STREAMS + ECG_STREAMS,
        decoder=CreativePc300Decoder,
        check_bits=CHECK_BITS,
        structure_bits=STRUCTURE_BITS,
        unverified=f"{UNVERIFIED}; centre, scale and order of the ECG's samples",
        looks_like=("creative-pc100",),
        is_steady=False,
        talk=Talk(
            opening=OPENING + command(ECG_CONTROL, ECG_BITS, bytes((TWELVE_BITS,))),
            silence_s=ASKS_AGAIN_AFTER_S,
        ),
    ),
)
