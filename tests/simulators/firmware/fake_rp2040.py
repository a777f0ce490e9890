"""MicroPython's modules of an RP2040, made up for CPython: pins, buses, chips, memory; a start is an import.

`Chips` is the hardware; it outlives a reset. What cannot be seen from here (levels, timing, interrupts at any
moment) is not tested by it.
"""

import importlib
import select
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from firmware_bridge.firmware import ads1292r, max30102

SCRATCH: Final = 0x4005_800C
TICKS: Final = 1 << 30  # of time.ticks_us, after which it starts again
HEAP_START: Final = 0x2000_8000
MODULES: Final = ("warm_ram", "rp2040")


class ResetError(Exception):
    """The program asked for a reset."""


class Pin:
    """A pin: what is driven or read, and who is told when it falls."""

    IN, OUT, PULL_UP, IRQ_FALLING = 0, 1, 2, 4

    def __init__(self, chips: "Chips", number: int) -> None:
        self.number, self._chips = number, chips
        self.level = 1
        self.handler: Callable[[Any], None] | None = None

    def value(self, level: int | None = None) -> int:
        if level is not None:
            self.level = level
            self._chips.on_pin(self.number, level)
        return self.level

    def irq(self, handler: Callable[[Any], None] | None, trigger: int = 0, hard: bool = False) -> None:
        assert handler is None or (trigger == self.IRQ_FALLING and hard)
        self.handler = handler

    def fall(self) -> None:
        """The outside pulls it low."""
        if self.handler:
            self.handler(self)


class Chips:
    """ADS1292R, MAX30102, the RP2040's own parts. `now_us`: its clock."""

    def __init__(self) -> None:
        self.now_us = 1_000_000
        self.pins: dict[int, Pin] = {}
        self.memory: dict[int, int] = {}
        self.heap = bytearray(1 << 17)  # as the last boot left it
        self.claimed = bytearray()  # the block in it that outlives a warm reset
        self.reset_cause = 1
        self.loop = 36_000
        self.duties: dict[int, int] = {}
        self.fed = 0
        self.is_in_bootloader = False
        self.usb_in, self.usb_out = bytearray(), bytearray()
        self.is_usb_full = False
        self.ecg_id = ads1292r.ID_ADS1292R
        self.ecg_registers: dict[int, int] = {}
        self.is_ecg_reading = self.is_ecg_started = False
        self.conversion = b"\xc0" + bytes(8)
        self.fifo: list[tuple[int, int]] = []
        self.has_sensor = True
        self._spoken: list[int] = []
        self._answer = b""

    def pin(self, number: int, *modes: int, value: int | None = None) -> Pin:
        pin = self.pins.setdefault(number, Pin(self, number))
        if value is not None:
            pin.value(value)
        return pin

    def on_pin(self, number: int, level: int) -> None:
        """ECG_START and ECG_RESET of docs/board.md."""
        if number == 21:
            self.is_ecg_started = bool(level)
        if number == 22 and not level:
            self.ecg_registers, self.is_ecg_reading, self._spoken = {}, False, []

    # The SPI bus, with the ADS1292R on it

    def write(self, data: bytes) -> None:
        self._spoken += data
        opcode = self._spoken[0]
        if opcode in (ads1292r.STOP_READING, ads1292r.READ_ON):
            self.is_ecg_reading = opcode == ads1292r.READ_ON
            self._spoken = []
        elif opcode & 0xE0 == ads1292r.READ_REGISTER and len(self._spoken) == 2:
            assert not self.is_ecg_reading
            self._answer, self._spoken = bytes([self.ecg_id]), []
        elif opcode & 0xE0 == ads1292r.WRITE_REGISTER and len(self._spoken) > 1:
            first, count = opcode & 0x1F, self._spoken[1] + 1
            if len(self._spoken) == 2 + count:
                self.ecg_registers.update(enumerate(self._spoken[2:], start=first))
                self._spoken = []

    def read(self, count: int) -> bytes:
        return self._answer[:count]

    def readinto(self, buffer: bytearray) -> None:
        assert self.is_ecg_reading
        buffer[:] = self.conversion

    # The I2C bus, with the MAX30102 on it

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        if not self.has_sensor:
            raise OSError(5, "no answer")
        assert address == max30102.ADDRESS
        if register == 0xFF:
            return b"\x15"
        if register == 0x04:
            return bytes([len(self.fifo) % 32, 0, 0])
        if register == 0x07:
            taken, self.fifo = self.fifo, []
            return b"".join(red.to_bytes(3, "big") + infrared.to_bytes(3, "big") for red, infrared in taken)
        return bytes(count)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        pass

    # USB

    def take_usb(self, count: int) -> bytes:
        taken = bytes(self.usb_in[:count])
        del self.usb_in[:count]
        return taken

    def send_usb(self, data: bytes) -> int:
        self.usb_out += data
        return len(data)


class Poll:
    """`select.poll` of one stream."""

    def __init__(self, chips: Chips) -> None:
        self._chips, self._flag = chips, 0

    def register(self, stream: object, flag: int) -> None:
        self._flag = flag

    def poll(self, timeout_ms: int) -> list[int]:
        is_ready = self._chips.usb_in if self._flag == select.POLLIN else not self._chips.is_usb_full
        return [1] if is_ready else []


def modules(chips: Chips) -> dict[str, types.ModuleType]:
    """Return `machine`, `micropython` and `uctypes` over `chips`."""
    machine = types.ModuleType("machine")

    class PinFactory:
        IN, OUT, PULL_UP, IRQ_FALLING = Pin.IN, Pin.OUT, Pin.PULL_UP, Pin.IRQ_FALLING

        def __new__(cls, number: int, *modes: int, value: int | None = None) -> Any:
            return chips.pin(number, *modes, value=value)

    class Memory(dict[int, int]):
        def __missing__(self, key: int) -> int:
            return 0

    def reset() -> None:
        raise ResetError

    def bootloader() -> None:
        chips.is_in_bootloader = True

    chips.memory = Memory(chips.memory)
    vars(machine).update(
        Pin=PinFactory,
        PWM=lambda pin, **_: types.SimpleNamespace(
            duty_u16=lambda duty: chips.duties.__setitem__(pin.number, duty)
        ),
        ADC=lambda _: types.SimpleNamespace(read_u16=lambda: chips.loop),
        SPI=lambda *_, **__: chips,
        I2C=lambda *_, **__: chips,
        WDT=lambda **_: types.SimpleNamespace(feed=lambda: setattr(chips, "fed", chips.fed + 1)),
        WDT_RESET=3,
        reset_cause=lambda: chips.reset_cause,
        unique_id=lambda: b"HD000009",
        mem32=chips.memory,
        reset=reset,
        bootloader=bootloader,
    )
    micropython = types.ModuleType("micropython")
    vars(micropython).update(kbd_intr=lambda _: None)
    uctypes = types.ModuleType("uctypes")
    vars(uctypes).update(
        addressof=lambda block: _place(chips, block),
        bytearray_at=lambda at, size: chips.heap[at - HEAP_START : at - HEAP_START + size],
    )
    return {"machine": machine, "micropython": micropython, "uctypes": uctypes}


def _place(chips: Chips, block: bytearray) -> int:
    """Note where the claimed block is; what it holds when the boot ends is copied there by `started`."""
    chips.claimed = block
    return HEAP_START + 0x4000


@contextmanager
def started(chips: Chips, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.SimpleNamespace]:
    """Start the board: `ram` and `hal` of the program. A warm reset keeps `chips`' memory when this ends."""
    with monkeypatch.context() as patch:
        for name, module in modules(chips).items():
            patch.setitem(sys.modules, name, module)
        for name in MODULES:
            patch.delitem(sys.modules, f"firmware_bridge.firmware.{name}", raising=False)
        patch.setattr(time, "ticks_us", lambda: chips.now_us % TICKS, raising=False)
        patch.setattr(time, "ticks_ms", lambda: chips.now_us // 1000, raising=False)
        patch.setattr(
            time, "ticks_diff", lambda a, b: (a - b + TICKS // 2) % TICKS - TICKS // 2, raising=False
        )
        patch.setattr(time, "ticks_add", lambda a, b: a + b, raising=False)
        patch.setattr(time, "sleep_us", lambda _: None, raising=False)
        patch.setattr(time, "sleep_ms", lambda _: None, raising=False)
        ram = importlib.import_module("firmware_bridge.firmware.warm_ram").WarmRam()
        rp2040 = importlib.import_module("firmware_bridge.firmware.rp2040")
        poll = types.SimpleNamespace(poll=lambda: Poll(chips), POLLIN=select.POLLIN, POLLOUT=select.POLLOUT)
        patch.setattr(rp2040, "select", poll)
        patch.setattr(
            rp2040,
            "sys",
            types.SimpleNamespace(
                stdin=types.SimpleNamespace(buffer=types.SimpleNamespace(read=chips.take_usb)),
                stdout=types.SimpleNamespace(buffer=types.SimpleNamespace(write=chips.send_usb)),
            ),
        )
        yield types.SimpleNamespace(ram=ram, hal=rp2040.Rp2040(ram), module=rp2040)
        at = chips.memory[SCRATCH] - HEAP_START
        chips.heap[at : at + len(chips.claimed)] = chips.claimed
