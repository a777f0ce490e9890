import numpy as np
import pytest

from edge.video.media import VOICE_HZ, VoicePacket
from edge.video.voice.playout import FADING_SAMPLES, PIECE_SAMPLES, Sound, VoicePlayout, shortened
from edge.video.voice.speech import speech


class Spelling:
    """A decoder whose sound says where it came from: a packet's number, or 1000 for a concealment."""

    def decode(self, payload: bytes) -> Sound:
        return np.full(960, payload[1], np.int16)

    def conceal(self, samples_count: int) -> Sound:
        return np.full(samples_count, 1000, np.int16)

    def decode_fec(self, payload: bytes, *, samples_count: int | None = None) -> Sound:
        return np.full(samples_count or 960, payload[1] + 100, np.int16)


def packet(number: int, *, at_s: float) -> VoicePacket:
    return VoicePacket(number, number * 960, bytes([1 << 3, number, 0]), at_s)


def test_each_piece_is_ten_milliseconds_and_a_loss_is_read_from_the_next_packet() -> None:
    playout = VoicePlayout(Spelling())
    for number in (1, 3):
        playout.push(packet(number, at_s=1.0 + number * 0.02))
    pieces = [playout.piece(1.06 + step * 0.01) for step in range(6)]
    assert [len(piece) for piece in pieces] == [PIECE_SAMPLES] * 6
    assert [int(piece[0]) for piece in pieces] == [1, 1, 103, 103, 3, 3]


def test_before_the_first_word_it_is_silent_and_a_dead_link_fades_into_silence() -> None:
    playout = VoicePlayout(Spelling())
    assert not playout.piece(0.5).any()
    playout.push(packet(1, at_s=1.0))
    heard = [int(playout.piece(1.04 + step * 0.01)[0]) for step in range(80)]
    concealed = 51 + FADING_SAMPLES // PIECE_SAMPLES
    assert heard == [1, 1, *[1000] * concealed, *[0] * (78 - concealed)]


@pytest.mark.parametrize("pitch_hz", [110, 200])
def test_a_shortened_vowel_loses_one_whole_period(pitch_hz: int) -> None:
    times = np.arange(960) / VOICE_HZ
    vowel = (8000 * np.sin(2 * np.pi * pitch_hz * times)).astype(np.int16)
    shorter = shortened(vowel)
    lost = len(vowel) - len(shorter)
    assert 120 <= lost <= 480
    assert lost % (VOICE_HZ / pitch_hz) == pytest.approx(0, abs=4) or lost % (
        VOICE_HZ / pitch_hz
    ) == pytest.approx(VOICE_HZ / pitch_hz, abs=4)
    assert (
        np.abs(np.diff(shorter.astype(int))).max() < 1.2 * np.abs(np.diff(vowel.astype(int))).max()
    )  # no click


def test_speech_shortened_again_and_again_stays_as_loud() -> None:
    voice = speech(4.0)
    pieces = [shortened(voice[start : start + 960]) for start in range(0, len(voice) - 960, 960)]
    shorter = np.concatenate(pieces)
    assert 0.5 < len(shorter) / len(voice) < 0.88
    assert np.sqrt(np.mean(shorter.astype(float) ** 2)) == pytest.approx(
        np.sqrt(np.mean(voice.astype(float) ** 2)), rel=0.15
    )


def test_what_is_too_short_is_left_alone() -> None:
    assert np.array_equal(shortened(np.arange(480, dtype=np.int16)), np.arange(480))


def test_hurried_packets_give_a_delay_back() -> None:
    """A link that stood still for 200 ms once: two seconds later its packets wait no longer than before."""
    playout, now_s = VoicePlayout(Spelling()), 0.0
    for number in range(200):
        at_s = number * 0.02 if number != 60 else 61 * 0.02
        playout.push(packet(number % 200, at_s=max(at_s, 1.4) if 1.2 <= at_s < 1.4 else at_s))
        while now_s < at_s:
            now_s += len(playout.piece(now_s)) / VOICE_HZ
    assert playout.jitter.buffered_s < 0.08
    assert playout.jitter.discarded_count == 0
