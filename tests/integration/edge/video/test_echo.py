"""Far-end suppression, and what is left of the near end, in simulated rooms: the real library runs."""

from collections.abc import Callable

import numpy as np
import pytest

from edge.video.media import VOICE_HZ
from edge.video.voice.echo import FRAME_SAMPLES, EchoCanceller
from edge.video.voice.speech import speech
from tests.simulators.room_acoustics import Room, Sound, level_db

SECONDS, NEAR_FROM_S, LEARNT_S = 12, 7, 2
FAR = speech(SECONDS, seed=1)
NEAR = speech(SECONDS, seed=7, pitch_hz=200.0) * (np.arange(SECONDS * VOICE_HZ) >= NEAR_FROM_S * VOICE_HZ)
ALONE = slice(LEARNT_S * VOICE_HZ, NEAR_FROM_S * VOICE_HZ)  # only the far end speaks
TOGETHER = slice(NEAR_FROM_S * VOICE_HZ, SECONDS * VOICE_HZ)
ROOMS = [
    Room(reverb_ms=100, delay_ms=20, loss_db=6.0, noise_dbfs=-75.0, seed=1),
    Room(reverb_ms=150, delay_ms=60, loss_db=0.0, noise_dbfs=-75.0, seed=2),
    Room(reverb_ms=200, delay_ms=120, loss_db=10.0, noise_dbfs=-75.0, seed=3),
]

Cleaner = Callable[[Sound, Sound, int], Sound]


def cancelled(played: Sound, heard: Sound, delay_ms: int) -> Sound:
    canceller, cleaned = EchoCanceller(), []
    for start in range(0, len(played), FRAME_SAMPLES):
        canceller.played(played[start : start + FRAME_SAMPLES])
        canceller.set_delay_ms(delay_ms)
        cleaned.append(canceller.clean(heard[start : start + FRAME_SAMPLES]))
    return np.concatenate(cleaned)


def bypassed(played: Sound, heard: Sound, delay_ms: int) -> Sound:
    return heard


def suppression_db(room: Room, cleaner: Cleaner, *, hint_ms: int) -> float:
    heard = room.heard(FAR, np.zeros_like(NEAR))
    return level_db(heard[ALONE]) - level_db(cleaner(FAR, heard, hint_ms)[ALONE])


def loudness_db(sound: Sound) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Level of each 20 ms, no lower than a whisper."""
    pieces = sound[: len(sound) // 960 * 960].reshape(-1, 960).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(pieces**2, axis=1) + 100.0**2))


def test_a_bypassed_canceller_suppresses_nothing() -> None:
    """The measure itself: without cancelling, the same rooms fail the gate by far."""
    assert all(suppression_db(room, bypassed, hint_ms=room.delay_ms) == 0.0 for room in ROOMS)


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_the_far_end_is_suppressed_by_thirty_decibels(room: Room) -> None:
    assert suppression_db(room, cancelled, hint_ms=room.delay_ms) >= 30.0


def test_a_wrong_hint_of_the_delay_does_no_harm() -> None:
    assert suppression_db(ROOMS[2], cancelled, hint_ms=0) >= 30.0


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_who_speaks_here_is_kept_while_both_speak(room: Room) -> None:
    """Beside the same words through the same canceller with nobody at the other end."""
    both = cancelled(FAR, room.heard(FAR, NEAR), room.delay_ms)[TOGETHER]
    only = cancelled(np.zeros_like(FAR), room.heard(np.zeros_like(FAR), NEAR), room.delay_ms)[TOGETHER]
    assert level_db(only) - level_db(both) < 6.0
    assert (
        np.corrcoef(loudness_db(both), loudness_db(only))[0, 1] > 0.75
    )  # of what the microphone heard: 0.52 … 0.78
    assert level_db(both) > level_db(NEAR[TOGETHER]) - 6.0
