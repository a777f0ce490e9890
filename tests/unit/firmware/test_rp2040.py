"""The RP2040's hardware layer over made-up pins, buses and chips: what it says to them, and what it keeps."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware_bridge.firmware import ads1292r, wire
from firmware_bridge.firmware.app import App
from firmware_bridge.firmware.ring import EventRing
from tests.simulators.firmware.fake_rp2040 import SCRATCH, Chips, ResetError, started

ECG_READY, PLETH_READY = 20, 6
MS = 1000


@pytest.fixture(autouse=True)
def flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def chips() -> Chips:
    return Chips()


@pytest.fixture
def board(chips: Chips, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    with started(chips, monkeypatch) as board:
        yield board


def run(app: App, chips: Chips, ms: int) -> None:
    """Let time pass; the ECG converts each 4 ms once it was started."""
    for _ in range(ms):
        chips.now_us += MS
        if chips.is_ecg_started and chips.now_us % (4 * MS) == 0:
            chips.pins[ECG_READY].fall()
        app.step()


def press(ring: EventRing, boot_id: int) -> None:
    ring.put_event(1, 1, boot_id=boot_id, t_edge_us=1, press_count=1, bounce=1, now_us=1)


def test_the_ecg_is_powered_reset_identified_configured_and_started(
    board: SimpleNamespace, chips: Chips
) -> None:
    app = App(board.hal)
    run(app, chips, 1000)
    assert not chips.is_ecg_started  # its reference is still settling
    run(app, chips, 500)
    assert chips.is_ecg_started
    assert chips.is_ecg_reading
    assert bytes(chips.ecg_registers[n] for n in range(1, 12)) == ads1292r.REGISTERS
    run(app, chips, 100)
    assert app.ecg.is_alive


def test_an_ecg_of_another_kind_is_not_started_and_the_board_works_on(
    board: SimpleNamespace, chips: Chips
) -> None:
    chips.ecg_id = 0x00
    app = App(board.hal)
    run(app, chips, 3000)
    assert not chips.is_ecg_started
    assert chips.fed > 2900
    chips.ecg_id = ads1292r.ID_ADS1292R
    run(app, chips, 10_000)
    assert app.ecg.is_alive


def test_a_conversion_is_read_in_its_interrupt_and_dated_by_it(board: SimpleNamespace, chips: Chips) -> None:
    app = App(board.hal)
    run(app, chips, 1500)
    while board.hal.take_conversion() is not None:
        pass
    at_us = board.hal.now_us()
    for n in range(3):
        chips.conversion = b"\xc0\x00\x00" + bytes([n] * 6)
        chips.pins[ECG_READY].fall()
        chips.now_us += 4 * MS
    taken = [board.hal.take_conversion() for _ in range(4)]
    assert taken[3] is None
    assert [raw[3:] for raw, _ in taken[:3]] == [bytes([n] * 6) for n in range(3)]
    assert [t_us - at_us for _, t_us in taken[:3]] == [0, 4 * MS, 8 * MS]


def test_more_conversions_than_slots_overwrite_none_that_waits(board: SimpleNamespace, chips: Chips) -> None:
    app = App(board.hal)
    run(app, chips, 1500)
    while board.hal.take_conversion() is not None:
        pass
    for n in range(100):
        chips.conversion = b"\xc0\x00\x00" + bytes([n] * 6)
        chips.pins[ECG_READY].fall()
    waiting = []
    while (taken := board.hal.take_conversion()) is not None:
        waiting.append(taken[0][3])
    assert waiting == list(range(63))


def test_the_finger_sensor_is_dated_by_its_interrupt(board: SimpleNamespace, chips: Chips) -> None:
    app = App(board.hal)
    run(app, chips, 2)
    assert app.pleth.is_alive
    chips.fifo = [(80_000, 100_000)]
    chips.pins[PLETH_READY].fall()
    ready_us = board.hal.now_us()
    chips.now_us += 3 * MS
    assert board.hal.take_pleth() == ([(80_000, 100_000)], 0, ready_us)
    assert board.hal.take_pleth() is None


def test_usb_is_written_in_pieces_that_never_wait(board: SimpleNamespace, chips: Chips) -> None:
    board.hal.now_us()
    chips.now_us += MS
    assert board.hal.write(b"x" * 200) == 64
    assert board.hal.write(b"x" * 200) == 0  # in the same millisecond
    chips.now_us += MS
    chips.is_usb_full = True
    assert board.hal.write(b"x") == 0
    chips.usb_in += b"\x03\x00abc"
    assert board.hal.read() == b"\x03\x00abc"
    assert board.hal.read() == b""


def test_lamps_and_buzzer_have_their_levels(board: SimpleNamespace, chips: Chips) -> None:
    board.hal.drive(wire.CALL_LED, 255)
    board.hal.drive(wire.STATUS_LED, 128)
    board.hal.drive(wire.BUZZER, 255)
    assert chips.duties == {10: 65_535, 11: 32_896, 12: 32_767}
    chips.pins[15].level = 0
    assert board.hal.is_camera_down()
    chips.loop = 11_800
    assert board.hal.call_loop() == 11_800


def test_time_goes_on_where_the_counter_of_the_chip_starts_again(
    board: SimpleNamespace, chips: Chips
) -> None:
    begun_us, last_us = board.hal.now_us(), 0
    for _ in range(5000):
        chips.now_us += 1_000_000
        now_us = board.hal.now_us()
        assert now_us > last_us
        last_us = now_us
    assert last_us - begun_us == 5000 * 1_000_000


def test_a_press_outlives_a_warm_reset_and_no_cold_one(chips: Chips, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(chips, monkeypatch) as board:
        assert (board.ram.cause, board.ram.kept) == (wire.CAUSE_POWER, b"")
        ring = EventRing()
        press(ring, 7)
        board.hal.keep(ring.kept(7))
        press(ring, 7)
        board.hal.keep(ring.kept(7))
    chips.reset_cause = 3
    with started(chips, monkeypatch) as board:
        assert board.hal.cause == wire.CAUSE_WATCHDOG
        assert len(EventRing(board.hal.kept)) == 2
    with started(chips, monkeypatch) as board:  # nothing was kept meanwhile: it is still there
        assert len(EventRing(board.hal.kept)) == 2
    chips.reset_cause, chips.memory = 1, {}
    with started(chips, monkeypatch) as board:
        assert board.hal.kept == b""


def test_a_reset_in_the_middle_of_keeping_leaves_what_was_there_before(
    chips: Chips, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(chips, monkeypatch) as board:
        ring = EventRing()
        press(ring, 7)
        board.hal.keep(ring.kept(7))
        half = chips.memory[SCRATCH + 4]
        board.hal.keep(b"\xff" * 300)
        chips.memory[SCRATCH + 4] = half  # it did not come so far
    chips.reset_cause = 3
    with started(chips, monkeypatch) as board:
        assert len(EventRing(board.hal.kept)) == 1


def test_the_next_start_knows_why(chips: Chips, monkeypatch: pytest.MonkeyPatch) -> None:
    for note, cause in ((1, wire.CAUSE_SOFTWARE), (2, wire.CAUSE_FAULT)):
        chips.reset_cause = 3
        with started(chips, monkeypatch) as board, pytest.raises(ResetError):
            board.ram.reset(note)
        with started(chips, monkeypatch) as board:
            assert board.hal.cause == cause
        with started(chips, monkeypatch) as board:
            assert board.hal.cause == wire.CAUSE_WATCHDOG
    chips.reset_cause = 1
    chips.memory[0x4006_4008] = 1 << 16
    with started(chips, monkeypatch) as board:
        assert board.hal.cause == wire.CAUSE_PIN


def test_a_boot_never_has_the_name_of_one_that_the_box_remembers(
    chips: Chips, flash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [bytes([1, n]) for n in range(20)]
    with started(chips, monkeypatch) as board:
        (flash / "boot.txt").unlink()
        for n, name in enumerate(names):
            drawn = [*reversed(names[:n][-8:]), name]  # each of the eight before is drawn first
            monkeypatch.setattr(board.module.os, "urandom", lambda _, drawn=drawn: drawn.pop(0))
            assert board.module._new_boot_name() == int.from_bytes(name, "little")
    assert len((flash / "boot.txt").read_bytes()) == 16


def test_a_board_is_not_for_patients_unless_somebody_says_that_it_is_isolated(
    chips: Chips, flash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, revision in (
        (None, 0x81),
        ("not json", 0x81),
        ('["isolated"]', 0x81),
        ('{"isolated": "yes"}', 0x81),
        ('{"isolated": true}', 0x01),
    ):
        if text is not None:
            (flash / "board.json").write_text(text, encoding="utf-8")
        with started(chips, monkeypatch) as board:
            assert board.hal.identity.hw_revision == revision
            assert board.hal.calibration is None
            assert board.hal.identity.uid == b"HD000009"
            assert board.hal.identity.build_hash != 0


def test_a_stored_calibration_is_used(chips: Chips, flash: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (flash / "board.json").write_text(json.dumps({"spo2": [110.0, -25.0, 0.0]}), encoding="utf-8")
    with started(chips, monkeypatch) as board:
        calibration = board.hal.calibration
        assert (calibration.a, calibration.b, calibration.c) == (110.0, -25.0, 0.0)


def test_both_buttons_held_at_power_up_ask_for_service_and_nothing_less_does(
    board: SimpleNamespace, chips: Chips
) -> None:
    asked = board.module.is_service_asked
    for is_camera_down, loop, cause, expected in (
        (True, 11_800, wire.CAUSE_POWER, True),
        (True, 36_000, wire.CAUSE_POWER, False),
        (False, 11_800, wire.CAUSE_POWER, False),
        (True, 11_800, wire.CAUSE_WATCHDOG, False),
        (True, 0, wire.CAUSE_POWER, False),
    ):
        chips.pins[15].level, chips.loop = int(not is_camera_down), loop
        assert asked(cause) is expected


def test_the_watchdog_runs_from_the_first_feeding_and_the_boot_loader_is_entered(
    board: SimpleNamespace, chips: Chips
) -> None:
    assert chips.fed == 0
    board.hal.feed_watchdog()
    assert chips.fed == 1
    board.hal.enter_bootloader()
    assert chips.is_in_bootloader
