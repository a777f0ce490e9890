"""Prompts made into files by the real espeak-ng, and by programs that stand in for a bad one."""

import os
import time
import wave
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from edge.call.prompts_due import Prompt
from edge.errors import PromptError
from edge.prompts.espeak import LOWEST, Espeak
from edge.prompts.languages import OURS, Recording, Sentence, read_language
from edge.prompts.maker import PromptMaker
from edge.prompts.sounds import Sound, at_voice_rate, read_made, speech_of, wav_of
from edge.video.media import VOICE_HZ
from edge.video.voice.speech import speech
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.prompts.speakers import program, recording, runs
from tests.simulators.room_acoustics import level_db

SECONDS_A_WORD: Final = (0.15, 0.8)  # of whoever speaks so that it can be followed


def maker(
    folder: Path, *languages: str, espeak: Espeak | None = None, homes: tuple[Path, ...] = (OURS,)
) -> PromptMaker:
    return PromptMaker(languages, homes=homes, cache=folder / "prompts", espeak=espeak or Espeak())


def counted(folder: Path) -> Espeak:
    """The real one, its runs counted."""
    return Espeak(program(folder, 'exec espeak-ng "$@"'))


def spoken_share(sound: Sound) -> float:
    """Which share of its time somebody speaks."""
    pieces = sound[: len(sound) // 480 * 480].reshape(-1, 480)
    return float(np.mean([level_db(piece) > -40.0 for piece in pieces]))


@pytest.mark.parametrize("language", ["vi", "en"])
@in_a_loop
async def test_every_sentence_is_spoken_in_the_time_that_its_words_take(language: str) -> None:
    espeak = Espeak()
    await espeak.begin()
    assert "eSpeak" in espeak.version
    for words in read_language(language, [OURS]).words.values():
        assert isinstance(words[0], Sentence)
        sound = speech_of(await espeak.speak(words[0]))
        seconds, count = len(sound) / VOICE_HZ, len(words[0].text.split())
        assert count * SECONDS_A_WORD[0] < seconds < count * SECONDS_A_WORD[1], words[0].text
        assert level_db(sound) > -30.0
        assert spoken_share(sound) > 0.3


@in_a_loop
async def test_a_prompt_is_one_file_of_all_languages_in_their_order(tmp_path: Path) -> None:
    lengths = {}
    for languages in (("vi",), ("en",), ("vi", "en")):
        prompts = maker(tmp_path, *languages)
        assert await prompts.begin() == ()
        made = await prompts.make(Prompt.ENDED)
        assert made.file is not None
        assert [words.voice for words in made.words if isinstance(words, Sentence)] == [
            {"vi": "vi", "en": "en-gb"}[language] for language in languages
        ]
        lengths[languages] = len(read_made(made.file))
    assert lengths["vi", "en"] == pytest.approx(lengths[("vi",)] + lengths[("en",)] + 0.35 * VOICE_HZ, abs=2)


@in_a_loop
async def test_what_is_made_is_not_made_again_until_its_words_change(tmp_path: Path) -> None:
    first = maker(tmp_path, "vi", espeak=counted(tmp_path))
    await first.begin()
    made = await first.make(Prompt.ENDED)
    assert len(runs(tmp_path)) == 2  # its version, its speech
    again = maker(tmp_path, "vi", espeak=counted(tmp_path))
    await again.begin()
    assert await again.make(Prompt.ENDED) == made
    assert len(runs(tmp_path)) == 3
    own = tmp_path / "voices"
    recording(own, "vi", "ended", wav_of(speech(1.5)))
    other = maker(tmp_path, "vi", espeak=counted(tmp_path), homes=(own, OURS))
    await other.begin()
    assert (await other.make(Prompt.ENDED)).file != made.file


@in_a_loop
async def test_half_a_file_that_a_power_cut_left_is_made_again(tmp_path: Path) -> None:
    prompts = maker(tmp_path, "vi")
    await prompts.begin()
    file = (await prompts.make(Prompt.ENDED)).file
    assert file is not None
    whole = file.read_bytes()
    file.write_bytes(whole[:1_000])
    assert (await prompts.make(Prompt.ENDED)).file == file
    assert file.read_bytes() == whole


@in_a_loop
async def test_a_recording_is_played_in_place_of_the_sentence(tmp_path: Path) -> None:
    with wave.open(str(recording(tmp_path, "vi", "ended", b"")), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
        file.writeframes(speech(1.5)[::3].tobytes())
    prompts = maker(tmp_path, "vi", homes=(tmp_path, OURS))
    await prompts.begin()
    made = await prompts.make(Prompt.ENDED)
    assert made.words == (Recording(tmp_path / "vi" / "ended.wav"),)
    assert made.file is not None
    expected = at_voice_rate(speech(1.5)[::3], 16_000)
    assert np.corrcoef(read_made(made.file), expected[: len(read_made(made.file))])[0, 1] > 0.99


@in_a_loop
async def test_a_broken_recording_is_told_at_each_start_and_the_sentence_is_spoken(tmp_path: Path) -> None:
    recording(tmp_path, "vi", "ended", b"not a sound")
    for _ in range(2):
        prompts = maker(tmp_path, "vi", homes=(tmp_path, OURS))
        await prompts.begin()
        made = await prompts.make(Prompt.ENDED)
        assert [type(words) for words in made.words] == [Sentence]
        assert len(made.faults) == 1
        assert "ended.wav: is no WAV file that can be played" in made.faults[0]
        assert made.file is not None
        assert spoken_share(read_made(made.file)) > 0.5


@in_a_loop
async def test_what_a_language_lacks_is_said_in_vietnamese_once(
    tmp_path: Path,
) -> None:
    recording(tmp_path, "hmn", "ringing", wav_of(speech(1.5)))
    prompts = maker(tmp_path, "hmn", "xx", homes=(tmp_path, OURS))
    faults = await prompts.begin()
    assert [fault.partition(" for")[0].partition(";")[0] for fault in faults] == [
        "there is no language 'xx'",
        "hmn has no words",
    ]
    made = await prompts.make(Prompt.ENDED)
    assert [words.voice for words in made.words if isinstance(words, Sentence)] == ["vi"]
    ringing = await prompts.make(Prompt.RINGING)
    assert [type(words) for words in ringing.words] == [Recording, Sentence]


@in_a_loop
async def test_without_espeak_recordings_are_heard_and_the_rest_is_silent(
    tmp_path: Path,
) -> None:
    recording(tmp_path, "vi", "ringing", wav_of(speech(1.5)))
    prompts = maker(tmp_path, "vi", "en", homes=(tmp_path, OURS), espeak=Espeak("espeak-that-is-not-there"))
    await prompts.begin()
    ringing, ended = await prompts.make(Prompt.RINGING), await prompts.make(Prompt.ENDED)
    assert ringing.file is not None
    assert ended.file is None
    assert "espeak-that-is-not-there cannot be run" in ended.faults[0]
    assert "apt-get install espeak-ng" in ended.faults[0]


@in_a_loop
async def test_a_hung_espeak_is_ended_and_not_waited_for_twice(tmp_path: Path) -> None:
    hung = program(tmp_path, '[ "$1" = --version ] && echo 1.51 && exit\nexec sleep 600')
    prompts = maker(tmp_path, "vi", "en", espeak=Espeak(hung, limit_s=1.0))
    await prompts.begin()
    began_s = time.monotonic()
    made = [await prompts.make(prompt) for prompt in Prompt]
    assert time.monotonic() - began_s < 10.0  # once, not 28 times
    assert {one.file for one in made} == {None}
    assert "did not speak within 1 s" in made[0].faults[0]
    assert len(runs(tmp_path)) == 2
    with pytest.raises(ProcessLookupError):
        os.kill(int(runs(tmp_path)[1].split()[0]), 0)


@in_a_loop
async def test_an_espeak_that_fails_or_says_nothing_is_told_in_its_own_words(tmp_path: Path) -> None:
    sentence = Sentence("vi", 150, "x")
    with pytest.raises(PromptError, match="does not speak: no such voice"):
        await Espeak(program(tmp_path, "echo no such voice >&2; exit 1")).speak(sentence)
    with pytest.raises(PromptError, match="does not speak: 0"):
        await Espeak(program(tmp_path, "exit 0")).speak(sentence)


@in_a_loop
async def test_it_speaks_at_the_lowest_priority(tmp_path: Path) -> None:
    nice = program(tmp_path, "cat > /dev/null; sleep 0.2; cut -d' ' -f19 /proc/$$/stat")
    assert int(await Espeak(nice).speak(Sentence("vi", 150, "x"))) == LOWEST


@in_a_loop
async def test_a_card_that_takes_nothing_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "prompts").write_text("a file in the place of the folder")
    prompts = maker(tmp_path, "vi")
    await prompts.begin()
    made = await prompts.make(Prompt.ENDED)
    assert made.file is None
    assert "cannot be written" in made.faults[0]


@in_a_loop
async def test_what_was_made_of_other_words_is_removed(tmp_path: Path) -> None:
    prompts = maker(tmp_path, "vi")
    await prompts.begin()
    made = await prompts.make(Prompt.ENDED)
    (tmp_path / "prompts" / "ended-000000000000.wav").write_bytes(b"old")
    await prompts.keep_only([made])
    assert list((tmp_path / "prompts").iterdir()) == [made.file]
