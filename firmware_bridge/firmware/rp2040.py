"""The RP2040 under the program: pins, buses, USB. Wiring: docs/board.md. Not yet run on a board.

Conversions are read in the interrupt of the ECG's data-ready pin, so that neither a garbage collection nor
a slow turn of the loop costs one; everything else is asked for by the loop.
"""

import array
import binascii
import json
import os
import select
import sys
import time

import machine
import micropython

from firmware_bridge.firmware import ads1292r, wire
from firmware_bridge.firmware.board import Identity
from firmware_bridge.firmware.hal import Hal
from firmware_bridge.firmware.loop import level_of
from firmware_bridge.firmware.max30102 import Max30102
from firmware_bridge.firmware.saturation import Calibration
from firmware_bridge.firmware.warm_ram import WarmRam

SDA, SCL, PLETH_READY = 4, 5, 6
CALL_LED, STATUS_LED, BUZZER = 10, 11, 12
CAMERA_BUTTON = 15
MISO, SELECT, CLOCK, MOSI, ECG_READY, ECG_START, ECG_RESET = 16, 17, 18, 19, 20, 21, 22
CALL_LOOP = 26

SLOTS = 64  # conversions that may wait: 256 ms
WATCHDOG_MS = 2000
WRITE_BYTES = 64  # a millisecond: what USB carries off, so that a write never waits and never overwrites
READ_BYTES = 256  # a turn
FIFO_MS = 50  # the finger sensor is asked that often should its interrupt not come
LED_HZ, BUZZER_HZ = 1000, 2700
HW_REVISION, NOT_FOR_PATIENTS = 1, 0x80
SETTINGS_FILE, BOOT_FILE = "board.json", "boot.txt"
BOOTS_REMEMBERED = 8  # twice what the box asks its spool for
POWER_UP_MS, RESET_MS, SETTLE_MS = 1100, 1, 200

_IDLE, _POWERED, _RESETTING, _SETTLING, _RUNNING = range(5)  # of setting up the ECG


class Rp2040(Hal):
    """One boot of the board."""

    def __init__(self, ram: WarmRam) -> None:
        settings = _settings()
        isolated = settings.get("isolated") is True
        self.identity = Identity(
            machine.unique_id(),
            hw_revision=HW_REVISION if isolated else HW_REVISION | NOT_FOR_PATIENTS,
            build_hash=_build_hash(),
        )
        spo2 = settings.get("spo2")
        self.calibration = Calibration(spo2[0], spo2[1], spo2[2]) if spo2 else None
        self.cause, self.kept = ram.cause, ram.kept
        self.random16 = _new_boot_name()
        self._ram = ram
        self._watchdog = None
        self._ticks, self._us = time.ticks_us(), 0
        self._outputs = {
            wire.CALL_LED: machine.PWM(machine.Pin(CALL_LED), freq=LED_HZ, duty_u16=0),
            wire.STATUS_LED: machine.PWM(machine.Pin(STATUS_LED), freq=LED_HZ, duty_u16=0),
            wire.BUZZER: machine.PWM(machine.Pin(BUZZER), freq=BUZZER_HZ, duty_u16=0),
        }
        self._loop = machine.ADC(CALL_LOOP)
        self._camera = machine.Pin(CAMERA_BUTTON, machine.Pin.IN, machine.Pin.PULL_UP)
        self._open_usb()
        self._open_ecg()
        self._open_pleth()

    def now_us(self) -> int:
        ticks = time.ticks_us()
        self._us += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._us

    # The host

    def _open_usb(self) -> None:
        micropython.kbd_intr(-1)  # 03 is a byte as any
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable.register(sys.stdout, select.POLLOUT)
        self._wrote_ms = 0

    def read(self) -> bytes:
        data = b""
        while len(data) < READ_BYTES and self._readable.poll(0):
            data += self._in.read(1)
        return data

    def write(self, data: bytes) -> int:
        now_ms = time.ticks_ms()
        if now_ms == self._wrote_ms or not self._writable.poll(0):
            return 0
        self._wrote_ms = now_ms
        return self._out.write(data[:WRITE_BYTES]) or 0

    # Buttons, lamps

    def call_loop(self) -> int:
        return self._loop.read_u16()

    def is_camera_down(self) -> bool:
        return not self._camera.value()

    def drive(self, output: int, level: int) -> None:
        duty = level * 257
        self._outputs[output].duty_u16(duty // 2 if output == wire.BUZZER else duty)

    # ECG

    def _open_ecg(self) -> None:
        pin = machine.Pin
        self._spi = machine.SPI(
            0, baudrate=1_000_000, polarity=0, phase=1, sck=pin(CLOCK), mosi=pin(MOSI), miso=pin(MISO)
        )
        pin(SELECT, pin.OUT, value=0)  # alone on its bus
        self._ecg_start, self._ecg_reset = pin(ECG_START, pin.OUT, value=0), pin(ECG_RESET, pin.OUT, value=1)
        self._ecg_ready = pin(ECG_READY, pin.IN)
        self._raw = [bytearray(ads1292r.CONVERSION_BYTES) for _ in range(SLOTS)]
        self._raw_ticks = array.array("i", [0] * SLOTS)
        self._head = self._tail = 0  # the interrupt writes at head, the loop reads at tail
        self._ecg_phase, self._ecg_due_ms = _IDLE, 0
        self._on_ready_bound = self._on_ready  # made once: an interrupt may not allocate

    def start_ecg(self) -> None:
        self._ecg_ready.irq(None)
        self._ecg_start.value(0)
        is_first = self._ecg_phase == _IDLE
        self._ecg_phase = _POWERED
        self._ecg_due_ms = time.ticks_add(time.ticks_ms(), POWER_UP_MS if is_first else 0)

    def take_conversion(self) -> tuple[bytes, int] | None:
        if self._ecg_phase != _RUNNING:
            self._set_up_ecg()
            return None
        at = self._tail
        if at == self._head:
            return None
        raw = bytes(self._raw[at])
        now_us = self.now_us()
        at_us = now_us - time.ticks_diff(self._ticks, self._raw_ticks[at])
        self._tail = (at + 1) % SLOTS
        return raw, at_us

    def _on_ready(self, _pin: machine.Pin) -> None:
        """Interrupt: keep one conversion. Where no slot is free it is lost, and the time says so."""
        head = self._head
        after = (head + 1) % SLOTS
        if after != self._tail:
            self._raw_ticks[head] = time.ticks_us()
            self._spi.readinto(self._raw[head])
            self._head = after

    def _set_up_ecg(self) -> None:
        """Go on setting up, a step whenever its time has come."""
        if self._ecg_phase == _IDLE or time.ticks_diff(time.ticks_ms(), self._ecg_due_ms) < 0:
            return
        if self._ecg_phase == _POWERED:
            self._ecg_reset.value(0)
            self._ecg_phase, wait_ms = _RESETTING, RESET_MS
        elif self._ecg_phase == _RESETTING:
            self._ecg_reset.value(1)
            self._ecg_phase, wait_ms = _SETTLING, SETTLE_MS
        else:
            self._run_ecg()
            return
        self._ecg_due_ms = time.ticks_add(time.ticks_ms(), wait_ms + 1)

    def _run_ecg(self) -> None:
        self._command(ads1292r.STOP_READING)
        self._command(ads1292r.READ_REGISTER | ads1292r.ID_REGISTER, 0)
        if self._spi.read(1)[0] != ads1292r.ID_ADS1292R:
            self._ecg_phase = _POWERED  # there is none, or it does not answer: until it is asked for again
            self._ecg_due_ms = time.ticks_add(time.ticks_ms(), 60_000)
            return
        self._command(ads1292r.WRITE_REGISTER | 1, len(ads1292r.REGISTERS) - 1, *ads1292r.REGISTERS)
        self._command(ads1292r.READ_ON)
        self._head = self._tail = 0
        self._ecg_phase = _RUNNING
        self._ecg_ready.irq(self._on_ready_bound, machine.Pin.IRQ_FALLING, hard=True)
        self._ecg_start.value(1)

    def _command(self, *sent: int) -> None:
        """Send bytes as slowly as the chip takes them: four of its clocks after each."""
        for byte in sent:
            self._spi.write(bytes([byte]))
            time.sleep_us(10)

    # Pleth

    def _open_pleth(self) -> None:
        pin = machine.Pin
        self._sensor = Max30102(machine.I2C(0, sda=pin(SDA), scl=pin(SCL), freq=400_000))
        self._pleth_ticks, self._is_pleth_ready, self._asked_ms = 0, False, 0
        ready = pin(PLETH_READY, pin.IN, pin.PULL_UP)
        ready.irq(self._on_pleth_ready, pin.IRQ_FALLING, hard=True)

    def _on_pleth_ready(self, _pin: machine.Pin) -> None:
        self._pleth_ticks = time.ticks_us()
        self._is_pleth_ready = True

    def start_pleth(self) -> bool:
        return self._sensor.start()

    def take_pleth(self) -> tuple[list[tuple[int, int]], int, int] | None:
        now_ms = time.ticks_ms()
        is_ready, self._is_pleth_ready = self._is_pleth_ready, False
        if not is_ready and time.ticks_diff(now_ms, self._asked_ms) < FIFO_MS:
            return None
        self._asked_ms = now_ms
        at_us = self.now_us()
        if is_ready:
            at_us -= time.ticks_diff(self._ticks, self._pleth_ticks)
        samples, lost = self._sensor.read()
        return (samples, lost, at_us) if samples else None

    # Resets

    def keep(self, data: bytes) -> None:
        self._ram.keep(data)

    def feed_watchdog(self) -> None:
        if self._watchdog is None:
            self._watchdog = machine.WDT(timeout=WATCHDOG_MS)
        self._watchdog.feed()

    def enter_bootloader(self) -> None:
        time.sleep_ms(50)  # the answer is still in the USB block
        machine.bootloader()


def is_service_asked(cause: int) -> bool:
    """Whether both buttons are held while power comes: somebody wants MicroPython's prompt instead."""
    is_camera_down = not machine.Pin(CAMERA_BUTTON, machine.Pin.IN, machine.Pin.PULL_UP).value()
    is_call_down = level_of(machine.ADC(CALL_LOOP).read_u16()) == wire.BUTTON_DOWN
    return cause == wire.CAUSE_POWER and is_camera_down and is_call_down


def _settings() -> dict[str, object]:
    """Return what `board.json` says: `isolated` true or false, `spo2` three numbers; {} where there is
    none.
    """
    try:
        with open(SETTINGS_FILE) as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _new_boot_name() -> int:
    """Return 16 random bits that name no earlier boot which the box may remember: a press of a name that
    comes again would be taken for one that is stored.
    """
    names = b""
    try:
        with open(BOOT_FILE, "rb") as file:
            names = file.read(2 * BOOTS_REMEMBERED)
    except OSError:
        pass
    known = [names[at : at + 2] for at in range(0, len(names), 2)]
    name = os.urandom(2)
    while name in known:
        name = os.urandom(2)
    try:
        with open(BOOT_FILE, "wb") as file:
            file.write((name + names)[: 2 * BOOTS_REMEMBERED])
    except OSError:
        pass  # a full or worn-out flash: a start in some thousands may repeat a name
    return int.from_bytes(name, "little")


def _build_hash() -> int:
    """Return the CRC-32 over the program's files, in the order of their names; 0 where they are not files."""
    crc = 0
    try:
        folder = __file__.rsplit("/", 1)[0]
        for name in sorted(os.listdir(folder)):
            if not name.endswith((".py", ".mpy")):
                continue
            with open(folder + "/" + name, "rb") as file:
                while chunk := file.read(1024):
                    crc = binascii.crc32(chunk, crc)
    except (OSError, NameError):
        return 0
    return crc
