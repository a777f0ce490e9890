"""A pipe stands for the kernel's line; with the kernel's own the service is tried by `./run bench guest`."""

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.contacts.contact_service import BoxButton
from firmware_bridge.contacts.gpio_contact import GpioContact
from firmware_bridge.contacts.input_contact import InputContact
from firmware_bridge.events import ButtonHeld, ButtonPressed, ButtonReleased, Event, PortMissing, PortProblem
from tests.simulators.pipe_contact import PipeContact


def test_presses_are_told_through_a_loss_of_the_button(tmp_path: Path) -> None:
    asyncio.run(through_a_loss(tmp_path / "line"))


def opened_and_written(place: Path, data: bytes) -> int:
    """Write once the button is open, which may still have been letting go of what was unplugged."""
    while True:
        writer = os.open(place, os.O_WRONLY)  # waits for somebody who reads
        try:
            os.write(writer, data)
        except BrokenPipeError:
            os.close(writer)
        else:
            return writer


async def through_a_loss(place: Path) -> None:
    events: list[Event] = []
    news = asyncio.Event()

    def hear(event: Event) -> None:
        events.append(event)
        news.set()

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():
                news.clear()
                await news.wait()

    button = BoxButton(
        str(place),
        PipeContact,
        hear,
        boot=1,
        last_presses={},
        boottime_s=asyncio.get_running_loop().time,
    )
    task = asyncio.create_task(button.run())
    await until(lambda: bool(events))
    assert isinstance(events[0], PortMissing)
    assert events[0].problem is PortProblem.MISSING
    for count in (1, 2):
        if count == 1:
            os.mkfifo(place)
        writer = await asyncio.to_thread(opened_and_written, place, b"DU")
        await until(lambda n=count: sum(isinstance(e, ButtonPressed) for e in events) == n)  # type: ignore[misc]
        await until(lambda n=count: sum(isinstance(e, ButtonReleased) for e in events) == n)  # type: ignore[misc]
        os.close(writer)  # the button is unplugged
    pressed = [event for event in events if isinstance(event, ButtonPressed)]
    assert [event.press_count for event in pressed] == [1, 2]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_button_that_stays_down_is_told_to_be_held(tmp_path: Path) -> None:
    place = tmp_path / "line"
    os.mkfifo(place)

    async def scenario() -> None:
        told: asyncio.Queue[Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        button = BoxButton(
            str(place),
            PipeContact,
            told.put_nowait,
            boot=1,
            last_presses={},
            boottime_s=lambda: loop.time() * 20,
        )
        task = asyncio.create_task(button.run())
        writer = await asyncio.to_thread(os.open, place, os.O_WRONLY)
        os.write(writer, b"D")
        seen: list[Event] = []
        async with asyncio.timeout(60):
            while not isinstance(event := await told.get(), ButtonHeld):
                seen.append(event)
        (press,) = [event for event in seen if isinstance(event, ButtonPressed)]
        assert event.identity == press.identity
        assert event.box_t_us - press.box_t_us >= 2_000_000
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        os.close(writer)

    asyncio.run(scenario())


class GoesAtOnce(PipeContact):
    """Its cable is pulled just after it was opened."""

    @property
    def is_down(self) -> bool:
        raise OSError(errno.ENODEV, "No such device")

    @is_down.setter
    def is_down(self, value: bool) -> None:
        pass


def test_a_button_that_goes_while_its_level_is_read_is_told_to_be_missing(tmp_path: Path) -> None:
    place = tmp_path / "line"
    os.mkfifo(place)

    async def scenario() -> None:
        told: asyncio.Queue[Event] = asyncio.Queue()
        clock = asyncio.get_running_loop().time
        button = BoxButton(str(place), GoesAtOnce, told.put_nowait, boot=1, last_presses={}, boottime_s=clock)
        task = asyncio.create_task(button.run())
        async with asyncio.timeout(60):
            while not isinstance(event := await told.get(), PortMissing):
                pass
        assert event.problem is PortProblem.MISSING
        assert not task.done()  # it is tried again
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(scenario())


def test_a_place_that_is_not_there_says_what_to_do() -> None:
    for opener, place in ((GpioContact, "gpiochip99:4"), (InputContact, "/dev/input/none")):
        try:
            opener(place)
        except OSError as error:
            assert "; " in str(error), error
        else:
            raise AssertionError(place)
