import numpy as np

from contract.codes import Condition
from firmware_bridge.drivers.catalogue import driver_named
from firmware_bridge.events import (
    BoardConnected,
    ConditionsChanged,
    InstrumentConnected,
    InstrumentLost,
    LeadState,
    LossReason,
    PortMissing,
    PortProblem,
    ProbeState,
    SampleBlock,
    SamplesLost,
    SingleMeasurement,
    StreamDescription,
    StreamKind,
    StreamUnit,
)
from firmware_bridge.terminal.screen import STALE_S, Screen

BERRY = driver_named("berry-bm1000")
PLETH, SPO2, _PULSE = range(3)


def connected(screen: Screen | None = None) -> Screen:
    screen = screen or Screen(columns=40)
    streams = BERRY.streams
    event = InstrumentConnected("oximeter", 1, BERRY.name, BERRY.device, BERRY.unverified, streams, 0)
    screen.on_event(event, now_s=0.0)
    return screen


def block(stream_id: int, *samples: int) -> SampleBlock:
    column = np.array(samples, np.int32).reshape(-1, 1)
    return SampleBlock(stream_id, 1, 0, column, 0, 0, None, is_settling=False, is_clipped=False)


def test_numbers_conditions_and_the_wave_are_shown() -> None:
    screen = connected()
    screen.on_event(block(SPO2, 97), now_s=1.0)
    screen.on_event(block(PLETH, *range(100)), now_s=1.0)
    screen.on_event(ConditionsChanged("oximeter", frozenset({Condition.WEAK_SIGNAL}), 0), now_s=1.0)
    lines = screen.lines(now_s=1.5)
    assert BERRY.device in lines[0]
    assert "unverified" in lines[0]
    assert "spo2 97 %" in lines[1]
    assert lines[2] == "weak signal"
    assert any(chr(0x2800) < cell <= chr(0x28FF) for line in lines[3:] for cell in line)


def test_an_old_number_is_no_number() -> None:
    screen = connected()
    screen.on_event(block(SPO2, 97), now_s=1.0)
    assert "spo2 ---" in screen.lines(now_s=1.0 + STALE_S)[1]
    screen.on_event(block(SPO2, 96), now_s=9.0)
    screen.on_event(SamplesLost(SPO2, 1, 2, 1, LossReason.NO_VALUE), now_s=9.1)
    assert "spo2 ---" in screen.lines(now_s=9.2)[1]


def test_loss_is_counted_and_single_measurements_and_a_pulled_cable_are_told() -> None:
    screen = connected()
    screen.on_event(SamplesLost(PLETH, 1, 0, 7, LossReason.ON_THE_WIRE), now_s=1.0)
    values = ((150021, 118.0, "mm[Hg]"), (150022, 76.0, "mm[Hg]"))
    screen.on_event(SingleMeasurement("cuff", values, "2026-11-26 08:30", "", 0), now_s=1.0)
    screen.on_event(InstrumentLost("oximeter", "unplugged", "plug it in", 0), now_s=2.0)
    lines = screen.lines(now_s=2.0)
    assert "pleth, 7 samples lost" in lines
    assert "Sys 118 mm[Hg], Dia 76 mm[Hg] (its own clock: 2026-11-26 08:30)" in lines
    assert "lost: unplugged; plug it in" in lines


def test_what_is_not_heard_is_not_said_to_be_well() -> None:
    screen = Screen(columns=40)
    screen.on_event(PortMissing("/dev/x", PortProblem.MISSING, "no such device", "plug it in", 0), now_s=0.0)
    assert screen.lines(now_s=0.0)[2:] == ["not heard now", "/dev/x: no such device; plug it in"]
    connected(screen)
    assert screen.lines(now_s=0.0)[2] == "no trouble is told"
    screen.on_event(InstrumentLost("oximeter", "unplugged", "plug it in", 0), now_s=2.0)
    assert screen.lines(now_s=2.0)[2] == "not heard now"


def test_what_was_the_matter_before_it_was_plugged_in_again_is_not_shown() -> None:
    screen = connected()
    screen.on_event(ConditionsChanged("oximeter", frozenset({Condition.PROBE_OFF}), 0), now_s=1.0)
    connected(screen)
    assert screen.lines(now_s=2.0)[2] == "no trouble is told"


def test_electrodes_off_at_our_board_are_shown_until_they_are_on() -> None:
    screen = Screen(columns=40)
    ecg = StreamDescription(1, StreamKind.ECG, 131330, 250_000, 1, 24, 1.0, StreamUnit.MICROVOLT)
    board = BoardConnected(
        bytes(8), 1, 0, "1.0", 1, 0, 0, (ecg,), has_button=True, has_button_loop=True, has_buzzer=True,
        is_schema_known=True, box_t_us=0,
    )  # fmt: skip
    screen.on_event(board, now_s=0.0)
    screen.on_event(LeadState(1, 0b10, ProbeState.ON, 0), now_s=0.0)
    assert screen.lines(now_s=0.0)[2].endswith("electrodes off")
    screen.on_event(LeadState(1, 0, ProbeState.ON, 0), now_s=0.0)
    assert screen.lines(now_s=0.0)[2] == "no trouble is told"
