from pathlib import Path

import pytest

from edge.call.prompts_due import Prompt
from edge.prompts.languages import (
    OURS,
    PROMPT_OF_STEM,
    Language,
    Recording,
    Sentence,
    lacks_of,
    lines_of,
    read_language,
)

EMPTY = Language("vi")


def write(home: Path, language: str, text: str | None = None, *recordings: str) -> Path:
    folder = home / language
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (folder / "prompts.toml").write_text(text, encoding="utf-8")
    for name in recordings:
        (folder / f"{name}.wav").write_bytes(b"sound")
    return folder


def sentence(**sentences: str) -> str:
    lines = "\n".join(f'{stem.replace("_", "-")} = "{text}"' for stem, text in sentences.items())
    return f'espeak = "km"\nwords_a_minute = 120\n[sentences]\n{lines}\n'


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_project_has_a_sentence_for_every_prompt(language: str) -> None:
    ours = read_language(language, [OURS])
    assert ours.faults == ()
    assert lacks_of([ours]) == []
    assert set(ours.words) == set(Prompt)


def test_a_prompt_is_called_in_files_what_it_is_called_in_the_code() -> None:
    assert PROMPT_OF_STEM["at-hub"] is Prompt.AT_HUB
    assert len(PROMPT_OF_STEM) == len(Prompt)


def test_a_language_is_added_by_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "km", sentence(ringing="រោទ៍", at_hub="បាន"))
    khmer = read_language("km", [tmp_path])
    assert khmer.words[Prompt.RINGING] == (Sentence("km", 120, "រោទ៍"),)
    assert khmer.faults == ()


def test_a_recording_goes_before_the_sentence_and_the_station_before_the_project(tmp_path: Path) -> None:
    own, project = tmp_path / "own", tmp_path / "project"
    write(project, "km", sentence(ringing="a", ended="b", held="c"), "ended")
    folder = write(own, "km", sentence(held="d"), "ringing")
    words = read_language("km", [own, project]).words
    assert words[Prompt.RINGING] == (Recording(folder / "ringing.wav"), Sentence("km", 120, "a"))
    assert words[Prompt.ENDED] == (Recording(project / "km" / "ended.wav"), Sentence("km", 120, "b"))
    assert words[Prompt.HELD] == (Sentence("km", 120, "d"), Sentence("km", 120, "c"))


def test_a_language_that_nobody_speaks_by_machine_is_recordings_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, "hmn", None, "ringing")
    hmong = read_language("hmn", [tmp_path])
    assert hmong.words[Prompt.RINGING] == (Recording(folder / "ringing.wav"),)
    assert lacks_of([hmong])[0].startswith("hmn has no words for registered, kept, at-hub, answered")


def test_the_languages_are_said_in_their_order(tmp_path: Path) -> None:
    vietnamese, english = read_language("vi", [OURS]), read_language("en", [OURS])
    lines = lines_of(Prompt.ENDED, [english, vietnamese], vietnamese)
    assert [line[0] for line in lines] == [english.words[Prompt.ENDED][0], vietnamese.words[Prompt.ENDED][0]]


def test_what_a_language_lacks_is_said_in_vietnamese_and_otherwise_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, "km", sentence(ringing="a"))
    khmer, vietnamese = read_language("km", [tmp_path]), read_language("vi", [OURS])
    assert lines_of(Prompt.ENDED, [khmer], vietnamese) == [vietnamese.words[Prompt.ENDED]]
    assert lines_of(Prompt.RINGING, [khmer], vietnamese) == [
        (*khmer.words[Prompt.RINGING], *vietnamese.words[Prompt.RINGING])
    ]
    assert lines_of(Prompt.ENDED, [vietnamese, khmer], vietnamese) == [vietnamese.words[Prompt.ENDED], ()]
    assert lines_of(Prompt.ENDED, [khmer], EMPTY) == [()]


def test_a_language_without_a_folder_says_where_to_make_one(tmp_path: Path) -> None:
    (fault,) = read_language("km", [tmp_path, OURS]).faults
    assert fault == f"there is no language 'km'; make {tmp_path / 'km'}, or change [call] languages"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("espeak = ", "cannot be read"),
        ("[sentences]\n", "espeak: expected a voice"),
        ('espeak = "-f /etc/passwd"\n[sentences]\n', "espeak: expected a voice"),
        ('espeak = "vi"\nwords_a_minute = 900\n[sentences]\n', "words_a_minute: expected 80"),
        ('espeak = "vi"\n', "[sentences]: expected a table"),
        ('espeak = "vi"\n[sentences]\nrings = "x"\n', "rings: is no prompt's name"),
        ('espeak = "vi"\n[sentences]\nringing = 5\n', "ringing: expected a sentence"),
        (f'espeak = "vi"\n[sentences]\nringing = "{"a" * 301}"\n', "ringing: expected a sentence"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_the_project_s_words_are_said(
    tmp_path: Path, text: str, words: str
) -> None:
    folder = write(tmp_path, "vi", text)
    language = read_language("vi", [tmp_path, OURS])
    (fault,) = language.faults
    assert fault.startswith(f"{folder / 'prompts.toml'}: ")
    assert words in fault
    assert language.words == read_language("vi", [OURS]).words


def test_a_recording_under_a_wrong_name_is_found(tmp_path: Path) -> None:
    folder = write(tmp_path, "vi", None, "rings")
    (fault,) = read_language("vi", [tmp_path]).faults
    assert fault.startswith(f"{folder / 'rings.wav'}: is no prompt's name; there are registered, ")
