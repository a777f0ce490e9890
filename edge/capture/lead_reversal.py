"""Do the limb electrodes sit where they should? (core) A suspicion is told, the ECG is never changed.

From ten seconds of lead I, lead II or both, a median beat is made: P wave, QRS and T stand out of noise, and
a single ectopic beat does not count. What a change of two electrodes does to Einthoven's leads:

| changed | I becomes | II becomes | suspected when |
|---|---|---|---|
| RA, LA | -I | III | P and QRS of I point down |
| RA, LL | -III | -II | P and QRS of II point down |
| RA, RL | -III | flat | II is all but flat, I is not |
| LA, RL | II | II | III (II - I) is all but flat, both are not |

LA and LL changed cannot be told from an unusual axis and is not looked for. Dextrocardia and rhythms from low
in the atrium look the same: that is why it is a suspicion. Without P waves (atrial fibrillation) the first
two are not seen. Where I and II both point down, the greater one decides. A P wave must stand out of what
differs from beat to beat, and be a hollow of its own: the end of a T wave, or of a P wave that came early,
is none. Above 109 beats a minute the T wave of the beat before lies where it would be, and nothing is said.

Sources: Kors and van Herpen, "Accurate automatic detection of electrode interchange in the
electrocardiogram", Am J Cardiol 88, 2001; Batchvarov, Malik and Camm, "Incorrect electrode cable connection
during electrocardiographic recording", Europace 9, 2007.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_MIN_HZ: Final = 100.0  # below, a P wave has too few samples
WINDOW_S: Final = 10.0
AGREEING_WINDOWS: Final = 3  # that say the same in a row, before it is told or taken back
MIN_BEATS: Final = 5
MIN_RR_S: Final = 0.55
BEFORE_R_S: Final = 0.28  # of a beat, with room for smoothing
AFTER_R_S: Final = 0.36  # with the T wave
P_FROM_S: Final = 0.24  # before R: where a P wave lies
P_TO_S: Final = 0.08
SPIKE_S: Final = 0.01  # what lasts no longer is no heartbeat
QRS_HALF_S: Final = 0.06
REFRACTORY_S: Final = 0.25
P_MIN_UV: Final = 25.0
P_SMOOTH_S: Final = 0.04  # two periods of the mains, half a P wave
P_ERRORS: Final = 4.0  # and so many times what the median beat may be wrong by
QRS_MIN_UV: Final = 100.0  # from lowest to highest; below, the lead says nothing of its direction
FLAT_UV: Final = 60.0  # an axis of 30 degrees makes III low too, but not so low
FLAT_SHARE: Final = 0.10  # of the greater of the other two leads

Wave = NDArray[np.float64]


class Suspicion(StrEnum):
    """Two electrodes that seem to be changed over. A word on the wire."""

    RA_LA = "RA-LA"
    RA_LL = "RA-LL"
    RA_RL = "RA-RL"
    LA_RL = "LA-RL"


@dataclass(frozen=True, slots=True)
class _Direction:
    """Of one lead's median beat, µV: P wave, and how wrong it may be; QRS, up and down added; QRS and whole
    beat, low to high."""

    p_uv: float
    p_error_uv: float
    qrs_uv: float
    qrs_span_uv: float
    beat_span_uv: float

    @property
    def may_point_down(self) -> bool:
        return self.qrs_span_uv >= QRS_MIN_UV and self.p_uv <= -P_MIN_UV and self.qrs_uv < 0

    @property
    def points_down(self) -> bool:
        return self.may_point_down and self.p_uv <= -P_ERRORS * self.p_error_uv


class LeadReversal:
    """Watches the ECG of one device. `judge` is called with ten seconds at a time."""

    def __init__(self) -> None:
        self.told: Suspicion | None = None
        self._last: Suspicion | None = None
        self._agreeing = 0

    def judge(self, rate_hz: float, lead_i_uv: Wave | None, lead_ii_uv: Wave | None) -> bool:
        """Take ten seconds, without a gap, of the leads that there are; return whether `told` changed.

        Seconds that say nothing (too few beats, noise) neither confirm nor take back.
        """
        found = suspicion(rate_hz, lead_i_uv, lead_ii_uv)
        if isinstance(found, _Unclear):
            return False
        self._agreeing = self._agreeing + 1 if found == self._last else 1
        self._last = found
        if self._agreeing < AGREEING_WINDOWS or found == self.told:
            return False
        self.told = found
        return True


class _Unclear:
    """Nothing can be said."""


UNCLEAR: Final = _Unclear()


def suspicion(rate_hz: float, lead_i_uv: Wave | None, lead_ii_uv: Wave | None) -> Suspicion | _Unclear | None:
    """Return what these seconds look like; None: as they should; UNCLEAR: there is no telling."""
    if rate_hz < RATE_MIN_HZ:
        return UNCLEAR
    lead_i_uv, lead_ii_uv = (
        None if lead is None else _without_spikes(rate_hz, lead) for lead in (lead_i_uv, lead_ii_uv)
    )
    leads = [lead for lead in (lead_i_uv, lead_ii_uv) if lead is not None]
    if not leads:
        return UNCLEAR
    peaks = _beats(rate_hz, leads)
    if len(peaks) < MIN_BEATS or float(np.median(np.diff(peaks))) < MIN_RR_S * rate_hz:
        return UNCLEAR
    lead_i = None if lead_i_uv is None else _direction(rate_hz, lead_i_uv, peaks)
    lead_ii = None if lead_ii_uv is None else _direction(rate_hz, lead_ii_uv, peaks)
    if lead_i_uv is not None and lead_ii_uv is not None and lead_i and lead_ii:
        lead_iii = _direction(rate_hz, lead_ii_uv - lead_i_uv, peaks)
        if _is_flat(lead_ii, lead_i, lead_iii):
            return Suspicion.RA_RL
        if _is_flat(lead_iii, lead_i, lead_ii):
            return Suspicion.LA_RL
    down = [
        (lead.qrs_span_uv, how)
        for lead, how in ((lead_i, Suspicion.RA_LA), (lead_ii, Suspicion.RA_LL))
        if lead is not None and lead.points_down
    ]
    if down:
        return max(down)[1]
    return UNCLEAR if any(lead.may_point_down for lead in (lead_i, lead_ii) if lead) else None


def _is_flat(lead: _Direction, *others: _Direction) -> bool:
    span_uv = max(other.beat_span_uv for other in others)
    return lead.beat_span_uv < min(FLAT_UV, FLAT_SHARE * span_uv) and span_uv >= QRS_MIN_UV


def _without_spikes(rate_hz: float, lead_uv: Wave) -> Wave:
    """Return the lead without what is over at once: the pulses of a pacemaker have a direction too."""
    half = round(SPIKE_S * rate_hz)
    around = np.pad(lead_uv, half, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(around, 2 * half + 1), axis=1)


def _beats(rate_hz: float, leads: list[Wave]) -> list[int]:
    """Return where the R peaks are that have a whole beat around them: steep in any lead."""
    step = max(1, round(0.012 * rate_hz))
    steepness = sum(np.square(lead[step:] - lead[:-step]) for lead in leads)
    width = max(1, round(0.10 * rate_hz))
    energy = np.convolve(np.asarray(steepness), np.ones(width) / width, mode="same")
    threshold = 0.35 * float(np.percentile(energy, 98))
    if threshold <= 0:
        return []
    refractory = round(REFRACTORY_S * rate_hz)
    before, after = round(BEFORE_R_S * rate_hz), round(AFTER_R_S * rate_hz)
    peaks: list[int] = []
    at = 0
    while at < len(energy):
        if energy[at] < threshold:
            at += 1
            continue
        burst = energy[at : at + refractory]
        peak = at + int(np.argmax(burst)) + step // 2
        if before <= peak < len(leads[0]) - after:
            peaks.append(peak)
        at += refractory
    return peaks


def _direction(rate_hz: float, lead_uv: Wave, peaks: list[int]) -> _Direction:
    before, after = round(BEFORE_R_S * rate_hz), round(AFTER_R_S * rate_hz)
    p_from, p_to = before - round(P_FROM_S * rate_hz), before - round(P_TO_S * rate_hz)
    half, pr_segment = round(QRS_HALF_S * rate_hz), max(1, round(0.02 * rate_hz))
    beats = np.array([lead_uv[peak - before : peak + after] for peak in peaks])
    beats -= np.median(
        beats[:, p_to : p_to + pr_segment], axis=1, keepdims=True
    )  # wander differs from beat to beat
    beat = np.median(beats, axis=0)
    # a P wave leans out of the line from its own beginning to its end, whatever the baseline drifts
    smooth = 2 * round(P_SMOOTH_S * rate_hz / 2)
    around = beats[:, p_from - smooth // 2 : p_to + smooth // 2]
    sums = np.cumsum(around, axis=1)
    p_parts = (sums[:, smooth:] - sums[:, :-smooth]) / smooth
    p_part = np.median(p_parts, axis=0)
    p_wave = p_part - np.linspace(float(p_part[0]), 0.0, len(p_part))
    if p_wave[np.argmax(np.abs(p_wave))] < 0:  # and below both of them: or else it is the end of another wave
        p_wave = np.minimum(0.0, np.maximum(p_wave, p_part))
    scatter_uv = 1.48 * float(np.median(np.abs(p_parts - p_part)))
    qrs = beat[before - half : before + half]
    return _Direction(
        p_uv=float(p_wave[np.argmax(np.abs(p_wave))]),
        p_error_uv=1.25 * scatter_uv / math.sqrt(len(peaks)),
        qrs_uv=float(qrs.max() + qrs.min()),
        qrs_span_uv=float(qrs.max() - qrs.min()),
        beat_span_uv=float(beat.max() - beat.min()),
    )
