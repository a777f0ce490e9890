from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import CodecError
from edge.video.codecs.codec_check import check_opus
from edge.video.codecs.opus import PACKET_MAX_SAMPLES, OpusDecoder, OpusEncoder, Samples
from edge.video.media import VOICE_HZ, VoiceMode
from edge.video.picture.ladder import VOICES

GOOD: Final = VoiceMode(24_000, 20, has_fec=True, has_dtx=True)
MODES: Final = [mode for _, usual, lossy in VOICES for mode in (usual, lossy)]


def speech(seconds: float) -> Samples:
    """A gliding pitch with overtones, in three syllables a second, above a soft room noise."""
    times = np.arange(round(seconds * VOICE_HZ)) / VOICE_HZ
    turns = 2 * np.pi * np.cumsum(130 + 30 * np.sin(4 * times)) / VOICE_HZ
    voice = sum(np.sin(overtone * turns) / overtone for overtone in range(1, 20))
    noise = np.random.default_rng(5).normal(0, 15, times.size)
    return np.asarray(3_500 * voice * np.clip(np.sin(19 * times), 0.05, 1) + noise, dtype=np.int16)


def packets(encoder: OpusEncoder, samples: Samples) -> list[bytes | None]:
    length = encoder.mode.frame_ms * VOICE_HZ // 1_000
    return [encoder.encode(samples[at : at + length]) for at in range(0, samples.size - length + 1, length)]


def rate_bps(coded: list[bytes | None], seconds: float) -> float:
    return sum(len(packet) for packet in coded if packet) * 8 / seconds


def test_the_library_is_the_one_that_we_know() -> None:
    assert check_opus().startswith("libopus 1.")


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_mode_of_the_ladder_keeps_its_rate_and_can_be_heard(mode: VoiceMode) -> None:
    samples = speech(3.0)
    encoder, decoder = OpusEncoder(mode), OpusDecoder()
    coded = packets(encoder, samples)
    assert rate_bps(coded, 3.0) <= 1.1 * mode.bitrate_bps
    heard = np.concatenate([decoder.decode(packet) for packet in coded if packet])
    loud_sent, loud_heard = np.abs(samples.astype(float)).mean(), np.abs(heard.astype(float)).mean()
    assert loud_heard == pytest.approx(loud_sent, rel=0.3)
    assert decoder.refused_count == 0


def test_rate_and_frame_length_change_while_it_runs() -> None:
    encoder, decoder = OpusEncoder(GOOD), OpusDecoder()
    rich = packets(encoder, speech(1.0))
    encoder.set_mode(VoiceMode(8_000, 60, has_fec=False, has_dtx=True))
    assert encoder.bitrate_bps() == 8_000
    poor = packets(encoder, speech(1.2))
    assert rate_bps(poor, 1.2) < 0.6 * rate_bps(rich, 1.0)
    lengths = [decoder.decode(packet).size for packet in [*rich, *poor] if packet]
    assert lengths == [960] * 50 + [2_880] * 20


def test_silence_is_not_sent() -> None:
    silent = packets(OpusEncoder(GOOD), np.zeros(5 * VOICE_HZ, dtype=np.int16))
    assert silent.count(None) > 0.8 * len(silent)
    without = packets(OpusEncoder(VoiceMode(24_000, 20, True, False)), np.zeros(VOICE_HZ, dtype=np.int16))
    assert None not in without


def test_of_a_silence_the_first_packet_says_that_it_is_one() -> None:
    silent = packets(OpusEncoder(GOOD), np.zeros(2 * VOICE_HZ, dtype=np.int16))
    first_left_out = silent.index(None)
    assert len(silent[first_left_out - 1] or b"") in (1, 2)
    assert all(packet is None or len(packet) > 2 for packet in silent[first_left_out : first_left_out + 10])


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.has_fec], ids=str)
def test_a_lost_packet_is_restored_from_the_next_one(mode: VoiceMode) -> None:
    encoder = OpusEncoder(mode)
    encoder.set_lost_share(0.1)
    coded = [packet or b"" for packet in packets(encoder, speech(4.0))]
    length = mode.frame_ms * VOICE_HZ // 1_000
    whole, repairing, guessing = OpusDecoder(), OpusDecoder(), OpusDecoder()
    left_by_repair = left_by_guess = 0.0
    for number, packet in enumerate(coded[:-1]):
        truth = whole.decode(packet).astype(float)
        if number % 5 == 4:
            left_by_repair += float(((repairing.decode_fec(coded[number + 1]) - truth) ** 2).sum())
            left_by_guess += float(((guessing.conceal(length) - truth) ** 2).sum())
        else:
            repairing.decode(packet)
            guessing.decode(packet)
    assert left_by_repair < 0.6 * left_by_guess


def test_a_gap_of_any_length_is_filled() -> None:
    decoder = OpusDecoder()
    for packet in packets(OpusEncoder(GOOD), speech(0.2)):
        decoder.decode(packet or b"")
    assert [decoder.conceal(count).size for count in (120, 960, 1_920, PACKET_MAX_SAMPLES)] == [
        120,
        960,
        1_920,
        PACKET_MAX_SAMPLES,
    ]
    assert np.abs(decoder.conceal(960)).max() < 200  # a voice that stays away has faded
    with pytest.raises(CodecError, match="conceals no 100 samples"):
        decoder.conceal(100)


def test_a_frame_of_another_length_than_opus_has_is_our_mistake() -> None:
    with pytest.raises(CodecError, match="encodes no 1000 samples"):
        OpusEncoder(GOOD).encode(np.zeros(1_000, dtype=np.int16))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_the_other_side_sends_it_never_raises(payload: bytes) -> None:
    decoder = OpusDecoder()
    assert 0 < decoder.decode(payload).size <= PACKET_MAX_SAMPLES
    assert 0 < decoder.decode_fec(payload).size <= PACKET_MAX_SAMPLES


def test_what_is_no_opus_is_counted_and_concealed_as_long_as_the_last_packet() -> None:
    decoder = OpusDecoder()
    decoder.decode(packets(OpusEncoder(VoiceMode(20_000, 40, True, True)), speech(0.2))[0] or b"")
    assert decoder.decode(b"").size == 1_920
    assert decoder.refused_count == 1


def test_closing_twice_does_no_harm() -> None:
    encoder, decoder = OpusEncoder(GOOD), OpusDecoder()
    for _ in range(2):
        encoder.close()
        decoder.close()
