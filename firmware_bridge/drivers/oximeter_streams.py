"""What a pulse oximeter measures, as streams (core). Not a driver."""

from contract.codes import PERFUSION_INDEX, PLETH, PULSE_RATE, SPO2, RateSource
from firmware_bridge.events import InstrumentStream, StreamKind

NUMBERS_MHZ = 1000  # how often a number is worth telling, in millihertz: frames repeat it far more often


def oximeter_streams(*, pleth_mhz: int, perfusion_scale: float | None = None) -> tuple[InstrumentStream, ...]:
    """Return `pleth`, `spo2`, `pulse` and, when the instrument knows it, `pi`.

    `pleth_mhz`: samples of the wave in a thousand seconds. `perfusion_scale`: its unit in percent.
    """
    pleth = InstrumentStream(name="pleth", kind=StreamKind.PPG, mdc=PLETH, rate_mhz=pleth_mhz)
    return pleth, *oximeter_numbers(perfusion_scale=perfusion_scale)


def oximeter_numbers(
    *, rate_mhz: int = NUMBERS_MHZ, perfusion_scale: float | None = None
) -> tuple[InstrumentStream, ...]:
    """Return the same without the wave; `rate_mhz` 0 for one that measures once."""
    spo2 = InstrumentStream(name="spo2", kind=StreamKind.NUMERIC, mdc=SPO2, rate_mhz=rate_mhz, unit="%")
    pulse = InstrumentStream(
        name="pulse",
        kind=StreamKind.NUMERIC,
        mdc=PULSE_RATE,
        rate_mhz=rate_mhz,
        unit="/min",
        source=RateSource.PLETH,
    )
    if perfusion_scale is None:
        return spo2, pulse
    perfusion = InstrumentStream(
        name="pi",
        kind=StreamKind.NUMERIC,
        mdc=PERFUSION_INDEX,
        rate_mhz=rate_mhz,
        scale=perfusion_scale,
        unit="%",
    )
    return spo2, pulse, perfusion
