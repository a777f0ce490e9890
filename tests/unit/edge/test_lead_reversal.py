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
    *, qrs_axis_deg: float = 50.0, has_p: bool = True, noise_uv: float = 10.0, beat_s: float = 0.82
) -> tuple[Wave, Wave]:
    """Return ten seconds of leads I and II in µV, baseline wander and noise with them."""
    t_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    waves = (  # before or after R in s, width in s, µV, axis in degrees
        *(((-0.16, 0.022, 140.0, 50.0),) if has_p else ()),
        (-0.030, 0.008, -90.0, qrs_axis_deg),
        (0.0, 0.011, 1100.0, qrs_axis_deg),
        (0.030, 0.010, -180.0, qrs_axis_deg),
        (0.27, 0.045, 280.0, 45.0),
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
