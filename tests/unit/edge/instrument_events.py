"""What the bridge says of instruments, with literal values."""

import numpy as np

from contract.codes import BODY_TEMPERATURE, ECG_I, PLETH, PULSE_RATE, SPO2, SYSTOLIC, Condition, RateSource
from firmware_bridge.events import (
    ConditionsChanged,
    InstrumentConnected,
    InstrumentLost,
    InstrumentStream,
    SampleBlock,
    SingleMeasurement,
    StreamKind,
)

WAVE, SATURATION, PULSE = 0, 1, 2  # places in `OXIMETER`
OXIMETER = (
    InstrumentStream(name="pleth", kind=StreamKind.PPG, mdc=PLETH, rate_mhz=100_000),
    InstrumentStream(name="spo2", kind=StreamKind.NUMERIC, mdc=SPO2, rate_mhz=1_000, unit="%"),
    InstrumentStream(
        name="pulse",
        kind=StreamKind.NUMERIC,
        mdc=PULSE_RATE,
        rate_mhz=1_000,
        unit="/min",
        source=RateSource.PLETH,
    ),
)
NUMBERS_ONLY = OXIMETER[1:]
BARE_ECG = (
    InstrumentStream(name="ecg", kind=StreamKind.ECG, mdc=ECG_I, rate_mhz=250_000, scale=0.5, unit="uV"),
)
CUFF = (
    InstrumentStream(name="systolic", kind=StreamKind.NUMERIC, mdc=SYSTOLIC, rate_mhz=0, unit="mm[Hg]"),
    InstrumentStream(name="temperature", kind=StreamKind.TEMPERATURE, mdc=BODY_TEMPERATURE, rate_mhz=0),
)


def plugged(
    device: str,
    *,
    life: int = 1,
    streams: tuple[InstrumentStream, ...] = OXIMETER,
    model: str = "Finger 1",
    unverified: str = "",
) -> InstrumentConnected:
    return InstrumentConnected(device, life, "finger", model, unverified, streams, 1_000_000)


def samples(stream_id: int, first: int, count: int, *, life: int = 1) -> SampleBlock:
    t_us = 2_000_000 + first * 10_000
    return SampleBlock(
        stream_id=stream_id,
        board_boot=life,
        first_index=first,
        samples=np.arange(first, first + count, dtype=np.int32).reshape(-1, 1),
        board_t_us=t_us,
        box_t_us=t_us,
        lead_off_mask=None,
        is_settling=False,
        is_clipped=False,
    )


def matter(device: str, *on: Condition) -> ConditionsChanged:
    return ConditionsChanged(device, frozenset(on), 3_000_000)


def unplugged(device: str) -> InstrumentLost:
    return InstrumentLost(device, "the adapter was unplugged", "plug it in again", 4_000_000)


def pressure(device: str, *, systolic: float = 120.0, text: str = "") -> SingleMeasurement:
    return SingleMeasurement(device, ((SYSTOLIC, systolic, "mm[Hg]"),), None, text, 5_000_000)
