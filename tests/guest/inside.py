"""Runs inside the virtual machine: real USB serial adapters, a real input device, a real GPIO line.

Each step says what it found as a JSON line; `ask` tells the outside what to do to the hardware.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import evdev  # type: ignore[import-not-found]  # Debian's package, inside the machine

from firmware_bridge.contacts.contact_service import BoxButton, OpenContact
from firmware_bridge.contacts.gpio_contact import GpioContact
from firmware_bridge.contacts.input_contact import InputContact
from firmware_bridge.events import (
    ButtonFault,
    ButtonPressed,
    ButtonReleased,
    Event,
    InstrumentConnected,
    SampleBlock,
)
from firmware_bridge.ports.device_settings import DeviceSettings
from firmware_bridge.ports.devices_service import DevicesService
from firmware_bridge.ports.hotplug import list_ports
from tests.guest.machine import WORD

REPLUGS: Final = 5
PRESSES: Final = 5
LIMIT_S: Final = 120.0
DRIVER: Final = "berry-bm1000"
POWER_KEY: Final = "gpiochip0:3"  # of the machine "virt": its power button hangs there


def say(**found: Any) -> None:
    """Tell the outside."""
    sys.stdout.write(WORD + json.dumps(found) + "\n")
    sys.stdout.flush()


def ask(what: str, **details: Any) -> None:
    """Have the outside change the hardware."""
    say(ask=what, **details)


def main() -> None:
    """Run every step; a failed one says why and the next goes on."""
    subprocess.Popen(["/lib/systemd/systemd-udevd", "--daemon"]).wait()
    with contextlib.suppress(OSError):  # the kernel's own driver of the power button lets go of its line
        Path("/sys/bus/platform/drivers/gpio-keys/unbind").write_text("gpio-keys", encoding="ascii")
    for step in (udev_tells, an_input_device, a_gpio_line):
        try:
            asyncio.run(step())
        except Exception as error:  # noqa: BLE001 - the outside judges
            say(step=step.__name__, error=f"{type(error).__name__}: {error}")


class Heard:
    """Events of devices, with the time at which each was told."""

    def __init__(self) -> None:
        self.events: list[tuple[float, str, Event]] = []
        self.questions: list[tuple[str, tuple[str, ...]]] = []
        self._news = asyncio.Event()

    def hear(self, device: str, event: Event) -> None:
        """Take one event."""
        self.events.append((time.monotonic(), device, event))
        self._news.set()

    def ask(self, device: str, candidates: tuple[str, ...], _port: str) -> None:
        """Take one question."""
        self.questions.append((device, candidates))
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something that was told makes it true."""
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def first(self, kind: type[Event], *, since: int, device: str | None = None) -> float | None:
        """Return when the first event of a kind was told, from the `since`-th event on."""
        told = self.events[since:]
        return next((at for at, of, e in told if isinstance(e, kind) and device in (None, of)), None)


async def udev_tells() -> None:
    """Adapters with and without serial numbers come, go, and change places."""
    heard = Heard()
    service = DevicesService(
        [],
        heard.hear,
        boottime_s=time.monotonic,
        on_question=heard.ask,
        on_confirmed=lambda *_: None,
        on_known=lambda _: None,
    )
    say(ports_before=[one.name for one in list_ports()])
    running: asyncio.Task[None] | None = asyncio.create_task(service.run())
    ask("plug", name="a", serial="HD-40127", socket=1)
    await until_there(1)
    [adapter] = list_ports()
    say(adapter=adapter.name, vid_pid=adapter.vid_pid, place=adapter.place, serial=adapter.serial)
    assert running is not None
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    # several drivers read these five bytes: the configuration says which
    settings = [DeviceSettings(where=adapter.name, driver=DRIVER, name="oximeter-a")]
    settings += [DeviceSettings(where=place_of(adapter.place, socket), driver=DRIVER) for socket in (2, 3)]
    service = DevicesService(
        settings,
        heard.hear,
        boottime_s=time.monotonic,
        on_question=heard.ask,
        on_confirmed=lambda *_: None,
        on_known=lambda _: None,
    )
    running = asyncio.create_task(service.run())
    await heard.until(lambda: heard.first(SampleBlock, since=0) is not None)
    await replugs(heard)
    await changed_places(heard)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def replugs(heard: Heard) -> None:
    """The adapter is pulled and plugged in at another socket: from the node in /dev to samples."""
    waited_s = []
    for number in range(REPLUGS):
        ask("unplug", name="a")
        await until_there(0)
        since = len(heard.events)
        ask("plug", name="a", serial="HD-40127", socket=1 + number % 2)
        await until_there(1)
        there_s = time.monotonic()
        await heard.until(lambda since=since: heard.first(SampleBlock, since=since) is not None)  # type: ignore[misc]
        told_s = heard.first(SampleBlock, since=since)
        assert told_s is not None
        waited_s.append(told_s - there_s)
    devices = {device for _, device, event in heard.events if isinstance(event, InstrumentConnected)}
    say(replugged_s=[round(one, 3) for one in waited_s], devices=sorted(devices))
    ask("unplug", name="a")
    await until_there(0)


async def changed_places(heard: Heard) -> None:
    """Adapters without serial numbers are known by their places; when these changed, they are asked about."""
    since = len(heard.events)
    for name, socket in (("b", 2), ("c", 3)):
        ask("plug", name=name, serial="0", socket=socket)
    await until_there(2)
    await heard.until(lambda: len(connected(heard, since)) == 2)
    before = connected(heard, since)
    asked_before = len(heard.questions)
    for name in ("b", "c"):
        ask("unplug", name=name)
    await until_there(0)
    since = len(heard.events)
    for name, socket in (("b", 3), ("c", 2)):
        ask("plug", name=name, serial="0", socket=socket)
    await heard.until(lambda: len(connected(heard, since)) == 2)
    after = connected(heard, since)
    say(
        before=sorted(before),
        after=sorted(after),
        asked=[device for device, _ in heard.questions[asked_before:]],
        candidates=sorted({one for _, candidates in heard.questions[asked_before:] for one in candidates}),
    )


def connected(heard: Heard, since: int) -> set[str]:
    """Return the devices that have connected since."""
    return {device for _, device, event in heard.events[since:] if isinstance(event, InstrumentConnected)}


def place_of(place: str, socket: int) -> str:
    """Return the place of another socket of the same controller."""
    head, _, tail = place.rpartition(":1:")
    return f"{head}:{socket}:{tail}"


async def until_there(count: int) -> None:
    """Wait until so many adapters are there; what changes is told by nobody whom this may ask."""
    async with asyncio.timeout(LIMIT_S):
        while len(list_ports()) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def an_input_device() -> None:
    """A USB button, as the kernel's uinput makes one."""
    with evdev.UInput({evdev.ecodes.EV_KEY: [evdev.ecodes.KEY_F13]}, name="call button") as made:
        async with asyncio.timeout(LIMIT_S):
            while not Path(made.device.path).exists():  # noqa: ASYNC110, ASYNC240
                await asyncio.sleep(0.02)

        def press(is_down: bool) -> None:
            made.write(evdev.ecodes.EV_KEY, evdev.ecodes.KEY_F13, int(is_down))
            made.syn()

        presses, ages_s = await pressed(InputContact, made.device.path, press, is_down_at_rest=False)
    say(input_presses=presses, input_age_s=ages_s)


async def a_gpio_line() -> None:
    """The machine's power button: it is high for 0.1 s when it is pressed."""

    def press(is_down: bool) -> None:
        if not is_down:  # low is down here, so that the pulse is a release and another press
            ask("power button")

    presses, ages_s = await pressed(GpioContact, POWER_KEY, press, is_down_at_rest=True)
    say(gpio_presses=presses, gpio_age_s=ages_s)


async def pressed(
    opener: Callable[[str], OpenContact],
    place: str,
    press: Callable[[bool], None],
    *,
    is_down_at_rest: bool,
) -> tuple[int, list[float]]:
    """Press PRESSES times; return how many were told, one that was down before left out, and their ages."""
    heard = Heard()
    button = BoxButton(
        place,
        opener,
        lambda event: heard.hear(place, event),
        boot=1,
        last_presses={},
        boottime_s=time.monotonic,
    )
    running = asyncio.create_task(button.run())
    await heard.until(lambda: count_of(heard, ButtonFault) > 0)  # it can be read
    if is_down_at_rest:
        await heard.until(lambda: count_of(heard) == 1)
    before = count_of(heard)
    for number in range(1, PRESSES + 1):
        press(True)
        press(False)
        await heard.until(lambda number=number: count_of(heard) >= before + number)  # type: ignore[misc]
        if not is_down_at_rest:  # the next edge down is another press only after it came up
            await heard.until(lambda number=number: count_of(heard, ButtonReleased) >= number)  # type: ignore[misc]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ages_s = [round(at - e.box_t_us / 1e6, 3) for at, _, e in heard.events if isinstance(e, ButtonPressed)]
    return count_of(heard) - before, ages_s


def count_of(heard: Heard, kind: type[Event] = ButtonPressed) -> int:
    """Return how many presses, or events of another kind, were told."""
    return sum(isinstance(event, kind) for _, _, event in heard.events)


if __name__ == "__main__":
    main()
