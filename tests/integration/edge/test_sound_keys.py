"""Keys of a speakerphone: what its events mean, and that it comes and goes. FIFOs stand for devices."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edge import sound_keys_service
from edge.call.own_sound import WORDS
from edge.errors import IllegalInputError
from edge.sound_keys_service import SoundKeysService
from firmware_bridge.contacts.sound_keys import SoundKey, input_devices, wanted
from firmware_bridge.errors import PortLostError, PortMissingError
from tests.integration.edge.loops import in_a_loop

KEY, RELATIVE = 1, 2
QUIETER, LOUDER, MUTE, MIC_MUTE, SPACE = 114, 115, 113, 248, 57


class PipeKeys:
    """Reads events of three bytes, kind, code and value, from a FIFO; a mouse has no such keys."""

    def __init__(self, place: str) -> None:
        try:
            self._fd = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError as error:
            raise PortMissingError(place, "no such device", "plug it in") from error
        self._place, self.has_any = place, not place.endswith("mouse")

    def __enter__(self) -> "PipeKeys":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def fileno(self) -> int:
        return self._fd

    def wanted(self) -> list[SoundKey]:
        data = os.read(self._fd, 300)
        if not data:
            raise PortLostError(self._place, "it went away", "plug it in again")
        found = [wanted(*data[at : at + 3]) for at in range(0, len(data), 3)]
        return [one for one in found if one is not None]


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ((KEY, LOUDER, 1), SoundKey.LOUDER),
        ((KEY, LOUDER, 2), SoundKey.LOUDER),  # held
        ((KEY, LOUDER, 0), None),  # let go
        ((KEY, QUIETER, 1), SoundKey.QUIETER),
        ((KEY, MUTE, 1), SoundKey.MUTE),
        ((KEY, MIC_MUTE, 1), SoundKey.MUTE),
        ((KEY, MIC_MUTE, 2), None),  # held: muted once
        ((KEY, SPACE, 1), None),
        ((RELATIVE, LOUDER, 1), None),
    ],
)
def test_an_event_has_one_meaning(event: tuple[int, int, int], key: SoundKey | None) -> None:
    assert wanted(*event) is key


def test_the_keys_say_words_that_the_panel_says() -> None:
    assert {key.value for key in SoundKey} <= set(WORDS)


@in_a_loop
async def test_keys_are_heard_as_their_device_comes_goes_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_keys_service, "LOOK_EVERY_S", 0.01)
    said: list[str] = []
    news = asyncio.Event()

    def turn(word: str) -> None:
        said.append(word)
        news.set()
        if word == SoundKey.MUTE:
            raise IllegalInputError("no call is open")

    async def until(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not is_so():
                news.clear()
                await news.wait()

    def devices() -> list[tuple[str, int]]:
        return input_devices(tmp_path)

    os.mkfifo(tmp_path / "event0-mouse")
    task = asyncio.create_task(SoundKeysService(turn, devices=devices, opener=PipeKeys).run())
    for count in (1, 2):
        place = tmp_path / "event1"
        os.mkfifo(place)
        writer = await asyncio.to_thread(os.open, place, os.O_WRONLY)  # waits for who reads
        os.write(writer, bytes((KEY, MUTE, 1, KEY, QUIETER, 1, KEY, QUIETER, 0)))
        await until(lambda count=count: len(said) == 2 * count)  # type: ignore[misc]
        place.unlink()
        os.close(writer)
    assert said == ["mute or unmute", "quieter"] * 2
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
