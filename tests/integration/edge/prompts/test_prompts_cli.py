"""`edge prompts …` as an engineer types it, where no service runs."""

from pathlib import Path

from typer.testing import CliRunner, Result

from edge.call.prompts_due import Prompt
from edge.cli import app
from edge.prompts.sounds import wav_of
from edge.video.voice.speech import speech
from tests.integration.edge.prompts.speakers import recording

BOX = """
station = "con-dao-01"
data_dir = "data"
[hub]
host = "hub.example"
ca = "ca"
certificate = "crt"
key = "key"
seal_key = "seal"
[call]
languages = ["vi", "{}"]
"""


def type_in(folder: Path, *words: str, language: str = "en") -> Result:
    file = folder / "box.toml"
    file.write_text(BOX.format(language), encoding="utf-8")
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["prompts", *words, "--config", str(file)])


def test_list_shows_every_sentence_and_which_are_recordings(tmp_path: Path) -> None:
    recording(tmp_path / "voices", "en", "ringing", wav_of(speech(1.0)))
    said = type_in(tmp_path, "list")
    assert said.exit_code == 0, said.stderr
    rows = {line.split()[0]: line for line in said.stdout.splitlines()}
    assert len(rows) == 1 + len(Prompt)
    assert "Trung tâm đã trả lời." in rows["answered"]
    assert "The centre has answered." in rows["answered"]
    assert "[ringing.wav]" in rows["ringing"]


def test_list_names_what_a_language_lacks(tmp_path: Path) -> None:
    recording(tmp_path / "voices", "hmn", "ringing", wav_of(speech(1.0)))
    said = type_in(tmp_path, "list", language="hmn")
    assert said.exit_code == 1
    assert "✗ hmn has no words for registered, kept, at-hub" in said.stderr


def test_make_makes_them_and_tells_of_a_broken_recording(tmp_path: Path) -> None:
    path = recording(tmp_path / "voices", "en", "ringing", b"no sound")
    said = type_in(tmp_path, "make")
    assert said.exit_code == 1
    assert f"{len(Prompt)} of {len(Prompt)} prompts can be heard" in said.stdout
    assert f"✗ {path}: is no WAV file that can be played" in said.stderr
    path.unlink()
    assert type_in(tmp_path, "make").exit_code == 0
    assert len(list((tmp_path / "data" / "prompts").glob("ringing-*.wav"))) == 2


def test_play_without_a_service_and_of_no_prompt_say_why(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert "is it running?" in type_in(tmp_path, "play", "ringing").stderr
    said = type_in(tmp_path, "play", "rings")
    assert (said.exit_code, said.stderr.startswith("rings: expected a prompt, one of registered")) == (
        1,
        True,
    )
