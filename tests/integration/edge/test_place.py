"""`edge place` on real folders: what an engineer puts on the card is taken, or answered, at every start."""

import os
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.config import read_config
from edge.enrolment.enrolled_config import enrolled_config
from edge.place.place_file import ANSWER_NAME, PLACE_NAME

BUTTON = '[button]\ngpio = "gpiochip0:17"\n'
OTHER = '[button]\ngpio = "gpiochip0:27"\n'


class Card:
    """A box that is enrolled, and the boot partition of its card."""

    def __init__(self, folder: Path) -> None:
        self.data, self.boot, self.networks = folder / "data", folder / "boot", folder / "network"
        for one in (self.data, self.boot, self.networks):
            one.mkdir()
        self.text, self.answer = self.boot / PLACE_NAME, self.boot / ANSWER_NAME
        self.box = self.data / "box.toml"
        self.box.write_text(enrolled_config("", station="con-dao-01", box=1, host="hub.vn", port=8883))

    def start(self) -> int:
        folders = {"--data": self.data, "--boot": self.boot, "--networks": self.networks}
        words = [word for option, path in folders.items() for word in (option, str(path))]
        done = CliRunner().invoke(app, ["place", *words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code

    def line(self) -> str | None:
        button = read_config(self.box).button
        return None if button is None else button.place


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def files(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        one.name: (one.read_bytes(), one.stat().st_ino, one.stat().st_mtime_ns) for one in folder.iterdir()
    }


def test_a_text_is_taken_once_and_written_once(card: Card) -> None:
    card.text.write_text(BUTTON)
    assert card.start() == 0
    assert card.line() == "gpiochip0:17"
    assert card.answer.read_text().startswith("taken: button is set now")
    assert card.box.stat().st_mode & 0o777 == 0o644, "services of other users read it"
    before = files(card.data), files(card.boot)
    assert card.start() == 0
    assert (files(card.data), files(card.boot)) == before, "nothing is written at every start"
    assert card.text.read_text() == BUTTON, "it stays where the engineer put it"


def test_a_wrong_text_changes_nothing_and_stops_nothing(card: Card) -> None:
    card.text.write_text(BUTTON)
    card.start()
    before = files(card.data)
    for wrong in ('[button]\ngpio = "17"\n', "[hub]\nhost = 'elsewhere'\n", "[button\n"):
        card.text.write_text(wrong)
        assert card.start() == 0
        assert files(card.data) == before
        assert card.answer.read_text().startswith("not taken: haidang-box.txt: ")
        assert 'gpio = "gpiochip0:17"' in card.answer.read_text(), "what the box goes on with"
    card.text.write_text(BUTTON)
    assert card.start() == 0
    assert card.answer.read_text().startswith("taken: button"), "the answer is of this text, not the last"


def test_without_a_text_nothing_is_touched(card: Card) -> None:
    before = files(card.data)
    assert card.start() == 0
    assert (files(card.data), files(card.boot)) == (before, {})


def test_a_text_that_cannot_be_read_and_a_box_that_has_lost_its_file_are_told(card: Card) -> None:
    card.text.mkdir()
    assert card.start() == 0
    assert "haidang-box.txt: cannot be read: Is a directory" in card.answer.read_text()
    card.text.rmdir()
    card.text.write_text(BUTTON)
    card.box.unlink()
    assert card.start() == 0
    assert "box.toml: cannot be read: No such file" in card.answer.read_text()
    assert not card.box.exists()


WIFI: Final = '[[wifi]]\nname = "tram"\npassword = "12345678"\n'


def test_networks_come_and_go_with_the_text_and_nobody_elses_do(card: Card) -> None:
    other = card.networks / "of-somebody.nmconnection"
    other.write_text("[connection]\n")
    card.text.write_text(BUTTON + WIFI + "[mobile]\n")
    assert card.start() == 0
    wifi = card.networks / "haidang-wifi-1.nmconnection"
    assert wifi.stat().st_mode & 0o777 == 0o600, "NetworkManager reads no other"
    assert card.answer.read_text().startswith("taken: button, haidang-mobile, haidang-wifi-1 is set now")
    assert "12345678" not in card.answer.read_text() + card.box.read_text()
    before = files(card.networks), files(card.boot)
    assert card.start() == 0
    assert (files(card.networks), files(card.boot)) == before
    card.text.write_text(BUTTON + WIFI.replace("12345678", "short"))
    assert card.start() == 0
    assert files(card.networks) == before[0], "a text that is wrong changes none of them"
    card.text.write_text(BUTTON)
    assert card.start() == 0
    assert [one.name for one in card.networks.iterdir()] == [other.name]
    assert "does not have it: haidang-mobile, haidang-wifi-1." in card.answer.read_text()


class PowerCutError(BaseException):
    """The power went."""


@pytest.mark.parametrize("steps", range(12))
def test_a_power_cut_leaves_the_old_or_the_new_and_the_next_start_takes_it(
    card: Card, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Cut at each step that the disk sees: a file made, synced, renamed, its folder synced."""
    card.text.write_text(BUTTON)
    card.start()
    card.text.write_text(OTHER)
    left = [steps]

    def cut() -> None:
        if not left[0]:
            raise PowerCutError
        left[0] -= 1

    real_open, real_sync, real_replace = os.open, os.fsync, Path.replace

    def open_(path: str | Path, flags: int, mode: int = 0o777, **more: int) -> int:
        if flags & os.O_CREAT:
            cut()
        return real_open(path, flags, mode, **more)

    def sync(fd: int) -> None:
        cut()
        real_sync(fd)

    def replace(self: Path, target: Path) -> Path:
        cut()
        return real_replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", open_)
        patched.setattr(os, "fsync", sync)
        patched.setattr(Path, "replace", replace)
        try:
            card.start()
            is_cut = False
        except PowerCutError:
            is_cut = True
    assert is_cut == (steps < 8), "two files of four steps each"
    assert card.line() == ("gpiochip0:17" if steps < 3 else "gpiochip0:27")
    assert card.start() == 0
    assert card.line() == "gpiochip0:27"
    assert card.answer.read_text().startswith("taken: button")
    assert not list(card.data.glob(".*.new"))


def test_a_disk_that_takes_nothing_is_a_fault_and_the_old_file_is_there(card: Card) -> None:
    card.text.write_text(BUTTON)
    (card.data / ".box.toml.new").mkdir()  # nobody can write there
    assert card.start() == 1
    assert card.line() is None


def test_a_boot_partition_that_takes_nothing_stops_nothing(card: Card) -> None:
    card.text.write_text(BUTTON)
    (card.boot / f".{ANSWER_NAME}.new").mkdir()
    assert card.start() == 0
    assert card.line() == "gpiochip0:17"
