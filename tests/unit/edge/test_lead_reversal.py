"""Synthetic limb leads: each wave a Gaussian along its own direction in the frontal plane."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.capture.lead_reversal import AGREEING_WINDOWS, UNCLEAR, LeadReversal, Suspicion, suspicion

RATE_HZ = 250.0
SECONDS = 10
Wave = NDArray[np.float64]


def leads(
    *,
    qrs_axis_deg: float = 50.0,
    has_p: bool = True,
    noise_uv: float = 10.0,
    beat_s: float = 0.82,
    t_wave: tuple[float, float] = (0.27, 45.0),
    p_before_s: float = 0.16,
    rate_hz: float = RATE_HZ,
) -> tuple[Wave, Wave]:
    """Return ten seconds of leads I and II in µV, baseline wander and noise with them. `t_wave`: when, and
    its axis."""
    t_s = np.arange(round(SECONDS * rate_hz)) / rate_hz
    waves = (  # before or after R in s, width in s, µV, axis in degrees
        *(((-p_before_s, 0.022, 140.0, 50.0),) if has_p else ()),
        (-0.030, 0.008, -90.0, qrs_axis_deg),
        (0.0, 0.011, 1100.0, qrs_axis_deg),
        (0.030, 0.010, -180.0, qrs_axis_deg),
        (t_wave[0], 0.045, 280.0, t_wave[1]),
    )
    parts = {0.0: np.zeros_like(t_s), 60.0: np.zeros_like(t_s)}
    for at_s in np.arange(0.3, SECONDS, beat_s):
        for offset_s, width_s, height_uv, axis_deg in waves:
            bump = height_uv * np.exp(-0.5 * ((t_s - at_s - offset_s) / width_s) ** 2)
            for lead_deg, part in parts.items():
                np.add(part, bump * math.cos(math.radians(axis_deg - lead_deg)), out=part)
    rng = np.random.default_rng(7)
    wander = 150.0 * np.sin(2 * np.pi * 0.25 * t_s)
    lead_i, lead_ii = (part + wander + rng.normal(0, noise_uv, len(t_s)) for part in parts.values())
    return lead_i, lead_ii


def swapped(how: Suspicion) -> tuple[Wave, Wave]:
    lead_i, lead_ii = leads()
    lead_iii = lead_ii - lead_i
    return {
        Suspicion.RA_LA: (-lead_i, lead_iii),
        Suspicion.RA_LL: (-lead_iii, -lead_ii),
        Suspicion.RA_RL: (-lead_iii, lead_ii * 0.02),
        Suspicion.LA_RL: (lead_ii, lead_ii * 0.99),
    }[how]


def test_electrodes_in_their_places_raise_no_suspicion() -> None:
    assert suspicion(RATE_HZ, *leads()) is None


@pytest.mark.parametrize("how", list(Suspicion))
def test_each_change_of_two_electrodes_is_suspected(how: Suspicion) -> None:
    assert suspicion(RATE_HZ, *swapped(how)) == how


def test_one_lead_alone_is_enough_for_what_it_can_show() -> None:
    lead_i, lead_ii = leads()
    assert suspicion(RATE_HZ, -lead_i, None) == Suspicion.RA_LA
    assert suspicion(RATE_HZ, None, -lead_ii) == Suspicion.RA_LL
    assert suspicion(RATE_HZ, lead_i, None) is None


@pytest.mark.parametrize("axis_deg", [-60.0, -30.0, 0.0, 90.0, 110.0, 150.0])
def test_an_unusual_axis_of_the_heart_is_no_reversal(axis_deg: float) -> None:
    assert suspicion(RATE_HZ, *leads(qrs_axis_deg=axis_deg)) is None


@pytest.mark.parametrize("axis_deg", [-60.0, 110.0, 150.0])
@pytest.mark.parametrize("rate_per_min", [110.0, 140.0, 180.0, 220.0])
def test_the_t_wave_of_the_beat_before_is_no_p_wave(axis_deg: float, rate_per_min: float) -> None:
    beat_s = 60 / rate_per_min
    t_wave = (0.29 * beat_s**0.5, axis_deg)
    quick = leads(qrs_axis_deg=axis_deg, beat_s=beat_s, t_wave=t_wave, p_before_s=0.12)
    assert suspicion(RATE_HZ, *quick) is UNCLEAR


@pytest.mark.parametrize("axis_deg", [-60.0, 110.0])
def test_the_end_of_an_early_p_wave_is_no_p_wave_that_points_down(axis_deg: float) -> None:
    assert suspicion(RATE_HZ, *leads(qrs_axis_deg=axis_deg, p_before_s=0.26, noise_uv=2.0)) is None


@pytest.mark.parametrize("rate_hz", [125.0, 200.0, 250.0, 360.0, 500.0])
@pytest.mark.parametrize("axis_deg", [-60.0, 50.0, 110.0, 150.0])
def test_hum_of_the_mains_makes_no_suspicion_and_hides_none(rate_hz: float, axis_deg: float) -> None:
    right = leads(qrs_axis_deg=axis_deg, rate_hz=rate_hz)
    t_s = np.arange(len(right[0])) / rate_hz
    for size_uv in (50.0, 200.0, 1000.0):
        hum = size_uv * np.sin(2 * np.pi * 50 * t_s)
        assert suspicion(rate_hz, right[0] + hum, right[1] - hum) in (None, UNCLEAR)
    made = (-right[0], right[1] - right[0])
    assert axis_deg != 50.0 or suspicion(rate_hz, *made) == Suspicion.RA_LA


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 500.0])
def test_pulses_of_a_pacemaker_are_no_qrs(rate_hz: float) -> None:
    lead_i, lead_ii = leads(rate_hz=rate_hz, p_before_s=0.12)
    for at_s in np.arange(0.3, SECONDS, 0.82) - 0.1:
        at = slice(round(at_s * rate_hz), max(round((at_s + 0.004) * rate_hz), round(at_s * rate_hz) + 1))
        lead_i[at] -= 1500.0
        lead_ii[at] -= 3000.0
    assert suspicion(rate_hz, lead_i, lead_ii) is None


def test_an_axis_of_thirty_degrees_makes_a_low_third_lead_and_no_suspicion() -> None:
    assert suspicion(RATE_HZ, *leads(qrs_axis_deg=29.0, t_wave=(0.27, 25.0), noise_uv=3.0)) is None


def test_noise_in_which_a_p_wave_is_lost_neither_tells_nor_takes_back() -> None:
    watch = LeadReversal()
    for _ in range(AGREEING_WINDOWS):
        watch.judge(RATE_HZ, *swapped(Suspicion.RA_LA))
    lead_i, lead_ii = leads(noise_uv=300.0)
    for _ in range(AGREEING_WINDOWS):
        assert not watch.judge(RATE_HZ, -lead_i, lead_ii - lead_i)
    assert watch.told is Suspicion.RA_LA


def test_without_p_waves_nothing_is_said_of_the_arms() -> None:
    lead_i, lead_ii = leads(has_p=False, noise_uv=5.0)
    assert suspicion(RATE_HZ, -lead_i, lead_ii - lead_i) is None


def test_noise_and_silence_are_unclear() -> None:
    rng = np.random.default_rng(3)
    silent = np.zeros(2500)
    assert suspicion(RATE_HZ, silent, silent) is UNCLEAR
    assert suspicion(RATE_HZ, None, None) is UNCLEAR
    noise = rng.normal(0, 40, 2500)
    assert suspicion(RATE_HZ, noise, rng.normal(0, 40, 2500)) in (None, UNCLEAR)


def test_whatever_rate_a_device_names_it_never_fails() -> None:
    rates = (0.001, 1.0, 9.0, 25.0, 99.0, *np.arange(100.0, 160.0), 200.0, 333.3, 1000.0)
    for rate_hz in rates:
        lead_i, lead_ii = leads(rate_hz=rate_hz)
        assert suspicion(rate_hz, lead_i, lead_ii) in (None, UNCLEAR)
        assert suspicion(rate_hz, np.full_like(lead_i, 1e9), lead_ii) in (None, UNCLEAR)


def test_it_is_told_only_when_it_lasts_and_taken_back_when_the_electrodes_are_right() -> None:
    watch = LeadReversal()
    changes = [watch.judge(RATE_HZ, *swapped(Suspicion.RA_LA)) for _ in range(AGREEING_WINDOWS + 1)]
    assert changes == [False] * (AGREEING_WINDOWS - 1) + [True, False]
    assert watch.told is Suspicion.RA_LA
    watch.judge(RATE_HZ, np.zeros(2500), np.zeros(2500))  # says nothing
    assert watch.told is Suspicion.RA_LA
    changes = [watch.judge(RATE_HZ, *leads()) for _ in range(AGREEING_WINDOWS)]
    assert changes[-1]
    assert watch.told is None


def test_a_single_strange_window_tells_nothing() -> None:
    watch = LeadReversal()
    for wave in (leads(), swapped(Suspicion.RA_LL), leads(), swapped(Suspicion.RA_LL), leads(), leads()):
        assert not watch.judge(RATE_HZ, *wave)
    assert watch.told is None
