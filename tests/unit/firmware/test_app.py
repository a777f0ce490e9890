"""The loop over made-up hardware. Runs under CPython and under MicroPython: nothing imported but ours."""

from firmware_bridge.firmware import frames, ring, wire
from firmware_bridge.firmware.app import App
from firmware_bridge.firmware.board import Identity
from firmware_bridge.firmware.hal import Hal
from firmware_bridge.firmware.ring import EventRing

BOOT = 0xBEEF
MS = 1000
REST, DOWN = 36_000, 11_800


class Bench(Hal):
    """Hardware whose every reading a test sets. `wire_room`: how many bytes the wire takes in a turn."""

    def __init__(self, kept: bytes = b"") -> None:
        self.identity = Identity(b"HD000001", hw_revision=0x81)
        self.calibration = None
        self.cause = wire.CAUSE_WATCHDOG
        self.kept = kept
        self.random16 = BOOT
        self.now = 0
        self.loop = REST
        self.has_ecg = self.has_pleth = True
        self.is_pleth_set_up = False
        self.wire_room = 1000
        self.sent = b""
        self.from_host = b""
        self.driven: dict[int, int] = {}
        self.fed_ms: list[int] = []
        self.log: list[str] = []
        self.ecg_starts = 0
        self.converted = 0
        self.is_converting = True
        self.app = App(self)

    def turn(self, count: int = 1) -> None:
        """Let so many milliseconds pass."""
        for _ in range(count):
            self.now += MS
            self.app.step()

    def now_us(self) -> int:
        return self.now

    def read(self) -> bytes:
        data, self.from_host = self.from_host, b""
        return data

    def write(self, data: bytes) -> int:
        taken = data[: self.wire_room]
        self.sent += taken
        if taken:
            self.log.append("write")
        return len(taken)

    def call_loop(self) -> int:
        return self.loop

    def is_camera_down(self) -> bool:
        return False

    def start_ecg(self) -> None:
        self.ecg_starts += 1

    def take_conversion(self) -> tuple[bytes, int] | None:
        if not (self.has_ecg and self.is_converting) or self.now % 4000 or self.converted == self.now:
            return None
        self.converted = self.now
        return b"\xc0" + bytes(8), self.now

    def start_pleth(self) -> bool:
        self.is_pleth_set_up = self.has_pleth
        return self.has_pleth

    def take_pleth(self) -> tuple[list[tuple[int, int]], int, int] | None:
        if not self.has_pleth:
            raise OSError(5)
        if not self.is_pleth_set_up or self.now % 10_000:
            return None
        return [(80_000, 100_000)], 0, self.now

    def drive(self, output: int, level: int) -> None:
        self.driven[output] = level

    def keep(self, data: bytes) -> None:
        self.kept = data
        self.log.append("keep")

    def feed_watchdog(self) -> None:
        self.fed_ms.append(self.now // MS)

    def enter_bootloader(self) -> None:
        self.log.append("bootloader")


def types(data: bytes) -> list[int]:
    """Return the types of the frames in `data`."""
    packets = [frames.unstuff(part) for part in data.split(b"\0") if part]
    return [packet[1] for packet in packets if packet]


def test_a_press_is_in_memory_before_it_is_on_the_wire() -> None:
    hal = Bench()
    hal.turn(10)
    hal.log, hal.sent = [], b""
    hal.loop = DOWN
    hal.turn()
    assert hal.log == ["keep", "write"]
    assert types(hal.sent) == [wire.EVENT]
    assert len(EventRing(hal.kept)) == 1
    assert len(hal.kept) <= ring.KEPT_MAX_BYTES


def test_what_the_memory_kept_is_told_after_a_reset() -> None:
    before = Bench()
    before.turn(10)
    before.loop = DOWN
    before.turn()
    after = Bench(kept=before.kept)
    after.turn(10)
    assert after.app.board.boot_id != BOOT
    assert types(after.sent).count(wire.EVENT) == 1


def test_a_slow_wire_takes_frames_in_pieces_and_a_press_waits_for_one_frame_at_most() -> None:
    hal = Bench()
    hal.wire_room = 7
    hal.turn(4)
    assert 0 < len(hal.sent) <= 28
    hal.loop = DOWN
    hal.turn(60)
    hal.wire_room = 1000
    hal.turn(5)
    assert types(hal.sent)[:2] == [wire.HELLO, wire.EVENT]


def test_the_watchdog_is_fed_while_the_ecg_converts_and_not_when_it_stalls() -> None:
    hal = Bench()
    hal.turn(1000)
    assert hal.fed_ms[-1] > 990
    assert hal.app.ecg.is_alive
    starts = hal.ecg_starts
    hal.is_converting = False
    hal.turn(3000)
    assert hal.fed_ms[-1] <= 1004  # the chip resets itself two seconds later
    assert hal.ecg_starts > starts  # and meanwhile it was tried


def test_an_ecg_that_never_answered_does_not_take_the_button_with_it() -> None:
    hal = Bench()
    hal.has_ecg = False
    hal.app = App(hal)
    hal.turn(20_000)
    assert hal.fed_ms[-1] == 20_000
    assert not hal.app.ecg.is_alive
    hal.loop, hal.sent = DOWN, b""
    hal.turn()
    assert types(hal.sent)[0] == wire.EVENT
    hal.loop = REST
    hal.has_ecg = True
    hal.turn(12_000)
    assert hal.app.ecg.is_alive


def test_a_finger_sensor_that_goes_away_is_asked_for_again() -> None:
    hal = Bench()
    hal.turn(10)
    assert hal.app.pleth.is_alive
    hal.has_pleth = False
    hal.turn(10)
    assert not hal.app.pleth.is_alive
    hal.has_pleth = True
    hal.turn(10_000)
    assert hal.app.pleth.is_alive


def test_a_finger_sensor_that_lost_its_settings_is_set_up_again_and_no_finger_is_told_meanwhile() -> None:
    hal = Bench()
    hal.turn(11_000)
    assert hal.app.pleth.has_finger
    hal.is_pleth_set_up = False  # its supply was gone for a moment: it answers, and measures nothing
    hal.turn(990)
    assert hal.app.pleth.is_alive
    hal.turn(20)
    assert (hal.app.pleth.is_alive, hal.is_pleth_set_up) == (True, True)
    hal.turn(100)
    assert hal.app.pleth.has_finger


def test_lamps_are_driven_when_they_change_and_buzz_when_nobody_listens() -> None:
    hal = Bench()
    hal.turn(10)
    assert hal.driven == {wire.CALL_LED: 0, wire.STATUS_LED: 0, wire.BUZZER: 0}
    hal.loop = DOWN
    hal.turn(100)
    hal.loop = REST
    lit = 0
    for _ in range(4000):
        hal.turn()
        lit += hal.driven[wire.BUZZER] == 255
    assert 100 < lit < 400


def test_it_leaves_for_the_boot_loader_when_the_answer_is_on_the_wire() -> None:
    hal = Bench()
    hal.turn(10)
    magic = wire.BOOTLOADER_MAGIC + b"HD000001" + b"\x07\x00"
    hal.from_host = frames.encode(wire.ENTER_BOOTLOADER, magic, seq=0, boot_id=BOOT, t_us=0)
    hal.sent, hal.wire_room, hal.log = b"", 7, []
    hal.turn(2)
    assert "bootloader" not in hal.log
    hal.turn(20)
    assert types(hal.sent) == [wire.OUTPUT_RSP]
    assert hal.log[-1] == "bootloader"
