"""The host's link against a simulated board, in a time that is a number."""

from firmware_bridge.board.catalogue import SCHEMA_HASH, parse_from_board
from firmware_bridge.board.link import BoardLink
from firmware_bridge.board.messages import (
    BoardEvent,
    ButtonState,
    EventKind,
    OutputId,
    OutputPattern,
)
from firmware_bridge.events import (
    BoardConnected,
    BoardLost,
    BoardResumed,
    BoardSilent,
    ButtonFault,
    ButtonFaultKind,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    ClockDrift,
    LeadState,
    LossReason,
    PressKind,
    ProbeState,
    ResetCause,
    ResetsAlarm,
    SampleBlock,
    SamplesLost,
)
from firmware_bridge.frames import Frame
from tests.simulators.board.recordings import ECG, PLETH, PULSE, SPO2, load
from tests.unit.firmware_bridge.pair import UID, Pair


def values(pair: Pair, boot: int, stream_id: int) -> dict[int, int]:
    return {
        event.first_index + k: int(row[0])
        for event in pair.of(SampleBlock)
        if (event.board_boot, event.stream_id) == (boot, stream_id)
        for k, row in enumerate(event.samples)
    }


def lost(pair: Pair, boot: int, stream_id: int) -> set[int]:
    return {
        n
        for event in pair.of(SamplesLost)
        if (event.board_boot, event.stream_id) == (boot, stream_id)
        for n in range(event.first_index, event.first_index + event.count)
    }


def test_a_board_introduces_itself_and_its_samples_come_out_as_they_went_in() -> None:
    pair = Pair()
    pair.run(5.0)
    (connected,) = pair.of(BoardConnected)
    assert (connected.uid, connected.reset_cause, connected.firmware) == (UID, ResetCause.POWER, "0.1.0")
    assert [s.mdc for s in connected.streams] == [131329, 150452, 150456, 149530]
    assert connected.has_button_loop
    assert connected.is_schema_known
    for stream_id in (ECG, PLETH, SPO2, PULSE):
        got = values(pair, connected.board_boot, stream_id)
        assert got == pair.board.truth.samples(connected.board_boot, stream_id)
        expected = load("chi").samples(stream_id, 0, len(got))[:, 0].tolist()
        assert list(got.values()) == expected
    assert len(values(pair, connected.board_boot, ECG)) >= 4.8 * 250
    assert pair.of(SamplesLost) == []


def test_the_time_of_a_sample_is_the_box_time_of_its_measurement() -> None:
    pair = Pair(speed=20.0)
    pair.run(5.0)
    last = [block for block in pair.of(SampleBlock) if block.stream_id == ECG][-1]
    measured_s = 1000.0 + last.board_t_us / 20e6
    assert abs(last.box_t_us / 1e6 - measured_s) < 0.02


def test_another_schema_gives_presses_and_no_samples() -> None:
    pair = Pair(schema_hash=SCHEMA_HASH ^ 1)
    pair.run(2.0)
    (connected,) = pair.of(BoardConnected)
    assert not connected.is_schema_known
    assert connected.streams == ()
    pair.board.press(now_s=pair.now_s)
    pair.run(0.1)
    assert len(pair.of(ButtonPressed)) == 1
    assert pair.of(SampleBlock) == []


def test_a_press_is_told_at_once_and_acknowledged_only_when_it_is_stored() -> None:
    pair = Pair(stores=False)
    pair.run(1.0)
    identity = pair.board.press(now_s=pair.now_s)
    pair.run(0.02)
    (press,) = pair.of(ButtonPressed)
    assert press.identity == identity
    assert press.kind is PressKind.PRESS
    pair.run(2.0)
    assert pair.board.ring.unacked == 1
    pair.link.press_stored(press.identity)
    pair.run(0.02)
    assert pair.board.ring.unacked == 0
    assert pair.of(ButtonPressed) == [press]


def test_a_shown_press_is_told_to_the_board() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(0.05)
    assert pair.board.lamp(now_s=pair.now_s).pattern is OutputPattern.SLOW_BLINK
    pair.link.press_shown(pair.of(ButtonPressed)[0].identity)
    pair.run(0.05)
    assert pair.board.lamp(now_s=pair.now_s).pattern is OutputPattern.STEADY


def test_a_press_that_is_not_delivered_makes_the_board_flash_by_itself() -> None:
    pair = Pair(stores=False)
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(3.1)
    assert pair.board.lamp(now_s=pair.now_s).pattern is OutputPattern.DOUBLE_FLASH


def test_releases_are_told_once_and_acknowledged_directly() -> None:
    pair = Pair(loss_ratio=0.3)
    pair.run_until(lambda: bool(pair.of(BoardConnected)), within_s=20)
    pair.board.press(now_s=pair.now_s)
    pair.board.release(now_s=pair.now_s)
    pair.run_until(lambda: pair.board.ring.unacked == 0, within_s=30)
    assert [event.press_count for event in pair.of(ButtonReleased)] == [1]


def test_a_button_that_is_held_is_told_once_when_the_board_has_shown_it_down_for_two_seconds() -> None:
    pair = Pair()
    pair.run(1.0)
    identity = pair.board.press(now_s=pair.now_s)
    pair.run(1.95)
    assert pair.of(ButtonHeld) == []
    pair.run(0.6)  # a heartbeat comes each half second
    (held,) = pair.of(ButtonHeld)
    assert held.identity == identity
    pair.run(5.0)
    pair.board.release(now_s=pair.now_s)
    pair.run(0.1)
    assert pair.of(ButtonHeld) == [held]


def test_a_release_that_never_comes_makes_no_emergency_of_a_short_press() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(0.1)
    pair.board.release(now_s=pair.now_s)
    told = pair.link.handle

    def hear_no_release(frame: Frame, *, now_s: float) -> None:
        message = parse_from_board(frame)
        if not (isinstance(message, BoardEvent) and message.kind == EventKind.RELEASE):
            told(frame, now_s=now_s)

    pair.link.handle = hear_no_release  # type: ignore[method-assign]
    pair.run(5.0)
    assert pair.board.ring.unacked == 1
    assert pair.of(ButtonHeld) == []


def test_without_a_word_of_the_board_nothing_is_held() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(1.0)
    pair.is_alive = False
    pair.run(4.0)
    assert pair.of(ButtonHeld) == []


def test_a_release_that_comes_late_says_that_the_button_was_held() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(0.1)
    pair.is_joined = False  # the host is busy, and no heartbeat is heard
    pair.run(2.3)
    pair.board.release(now_s=pair.now_s)
    pair.run(1.0)
    pair.is_joined = True
    pair.run(0.3)
    (held,) = pair.of(ButtonHeld)
    (press,) = pair.of(ButtonPressed)
    assert held.box_t_us - press.box_t_us >= 2_000_000


def test_a_button_that_is_down_when_the_board_starts_is_held_by_nobody() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(0.5)
    pair.board.reset(ResetCause.WATCHDOG, now_s=pair.now_s)
    pair.run(5.0)
    assert [press.kind for press in pair.of(ButtonPressed)] == [PressKind.PRESS, PressKind.PRESSED_AT_BOOT]
    assert pair.of(ButtonHeld) == []


def test_no_press_is_lost_and_none_doubled_when_every_third_frame_is_lost_both_ways() -> None:
    pair = Pair(loss_ratio=0.33)
    pair.run_until(lambda: bool(pair.of(BoardConnected)), within_s=20)
    for _ in range(20):
        pair.board.press(now_s=pair.now_s)
        pair.run(0.3)
        pair.board.release(now_s=pair.now_s)
        pair.run(0.3)
    pair.run_until(lambda: pair.board.ring.unacked == 0, within_s=60)
    assert [p.identity for p in pair.of(ButtonPressed)] == pair.board.truth.presses


def test_each_sample_is_either_there_or_told_as_lost_when_frames_are_lost() -> None:
    pair = Pair(loss_ratio=0.2)
    pair.run(20.0)
    pair.board.loss_ratio = 0.0
    pair.run(1.0)
    boot = pair.board.boot_id
    for stream_id in (ECG, PLETH):
        got, missing = values(pair, boot, stream_id), lost(pair, boot, stream_id)
        truth = pair.board.truth.samples(boot, stream_id)
        assert got.items() <= truth.items()
        assert not got.keys() & missing
        assert sorted(got.keys() | missing) == list(range(min(got), max(truth) + 1))
        assert missing
    assert pair.link.lost_frames > 0


def test_a_host_that_does_not_read_is_told_by_gaps_what_the_board_dropped() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.is_joined = False
    pair.run(120.0)
    pair.is_joined = True
    pair.run(2.0)
    reasons = {event.reason for event in pair.of(SamplesLost)}
    assert reasons == {LossReason.BOARD_BUFFER}
    boot = pair.board.boot_id
    for stream_id in (ECG, PLETH):
        got, missing = values(pair, boot, stream_id), lost(pair, boot, stream_id)
        assert sorted(got.keys() | missing) == list(range(max(got) + 1))
        assert missing


def test_a_host_that_starts_later_asks_who_is_there() -> None:
    pair = Pair()
    pair.run(3.0)
    later = BoardLink(last_presses={})
    pair.link, pair.events = later, []
    later.open(now_s=pair.now_s)
    took_s = pair.run_until(lambda: bool(pair.of(BoardConnected)), within_s=1.0)
    assert took_s <= 0.1
    pair.run(1.0)
    assert pair.of(SampleBlock)


def test_a_reset_board_begins_anew_and_keeps_its_unstored_press() -> None:
    pair = Pair(stores=False)
    pair.run(1.0)
    before = pair.board.boot_id
    identity = pair.board.press(now_s=pair.now_s)
    pair.board.release(now_s=pair.now_s)
    pair.board.reset(ResetCause.WATCHDOG, now_s=pair.now_s)  # before one frame of it was sent
    pair.run(1.0)
    first, second = pair.of(BoardConnected)
    assert (first.board_boot, second.board_boot) == (before, pair.board.boot_id)
    assert second.reset_cause == ResetCause.WATCHDOG
    (press,) = pair.of(ButtonPressed)
    assert press.identity == identity
    assert press.origin_boot_id == before
    assert values(pair, second.board_boot, ECG)[0] == int(load("chi").samples(ECG, 0, 1)[0, 0])
    assert pair.link.resets.reset_count == 1


def test_a_button_held_through_a_power_cut_is_a_press_at_boot() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(0.1)
    pair.board.reset(ResetCause.POWER, now_s=pair.now_s)
    pair.run(1.0)
    assert [p.kind for p in pair.of(ButtonPressed)] == [PressKind.PRESS, PressKind.PRESSED_AT_BOOT]


def test_three_resets_in_ten_minutes_are_an_alarm() -> None:
    pair = Pair()
    for _ in range(3):
        pair.run(1.0)
        assert pair.of(ResetsAlarm) == []
        pair.board.reset(ResetCause.BROWNOUT, now_s=pair.now_s)
    pair.run(1.0)
    assert [alarm.reset_count for alarm in pair.of(ResetsAlarm)] == [3]


def test_a_board_that_hangs_is_silent_then_lost_and_connects_again() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.is_alive = False
    pair.run(2.0)
    assert [type(event) for event in pair.events[-1:]] == [BoardSilent]
    pair.run(4.0)
    (told,) = pair.of(BoardLost)
    assert "no heartbeat" in told.reason
    assert told.remedy
    assert pair.link.state.name == "LOST"
    pair.run(20.0)
    assert len(pair.of(BoardLost)) == 1
    pair.is_alive = True
    pair.run(2.0)
    assert len(pair.of(BoardConnected)) == 2
    assert pair.link.state.name == "CONNECTED"


def test_a_short_silence_ends_without_a_new_connection() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.is_alive = False
    pair.run(3.0)
    pair.is_alive = True
    pair.run(1.0)
    assert len(pair.of(BoardSilent)) == len(pair.of(BoardResumed)) == 1
    assert len(pair.of(BoardConnected)) == 1


def test_a_port_where_nobody_speaks_is_told_once() -> None:
    pair = Pair()
    pair.is_alive = False
    pair.run(60.0)
    assert len(pair.of(BoardLost)) == 1


def test_electrodes_and_probe_are_told_after_they_settled() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.events.clear()
    pair.board.attach(now_s=pair.now_s, has_leads=False)
    pair.run(0.15)
    assert pair.of(LeadState) == []
    pair.run(1.0)
    assert [(e.stream_id, e.mask, e.probe) for e in pair.of(LeadState)] == [(ECG, 3, ProbeState.ON)]
    off = [e.lead_off_mask for e in pair.of(SampleBlock) if e.stream_id == ECG]
    assert off[-1] == 3
    pair.board.attach(now_s=pair.now_s, probe=ProbeState.OFF)
    pair.run(3.0)
    assert pair.of(LeadState)[-1].probe == ProbeState.OFF
    pair.board.attach(now_s=pair.now_s, has_leads=True)  # says nothing about the probe
    pair.run(1.0)
    told = pair.of(LeadState)[-1]
    assert (told.stream_id, told.mask, told.probe) == (ECG, 0, ProbeState.ON)
    absent = [e for e in pair.of(SamplesLost) if e.stream_id == SPO2]
    assert absent
    assert {e.reason for e in absent} == {LossReason.NO_VALUE}
    assert pair.link.stream_counts.lost_samples == {}


def test_a_broken_button_wire_is_told_and_its_repair_too() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.break_loop(ButtonState.LOOP_OPEN, now_s=pair.now_s)
    pair.run(1.0)
    pair.board.break_loop(ButtonState.UP, now_s=pair.now_s)
    pair.run(1.0)
    assert [event.fault for event in pair.of(ButtonFault)] == [ButtonFaultKind.LOOP_OPEN, None]
    assert pair.board.ring.unacked == 0


def test_a_button_held_for_half_a_minute_is_stuck_once() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(32.0)
    assert [event.fault for event in pair.of(ButtonFault)] == [ButtonFaultKind.STUCK]
    assert len(pair.of(ButtonPressed)) == 1


def test_a_lamp_stays_as_told_through_loss_and_a_reset() -> None:
    pair = Pair(loss_ratio=0.1)
    pair.run_until(lambda: bool(pair.of(BoardConnected)), within_s=20)
    pair.link.show_output(OutputId.CALL_LED, OutputPattern.FAST_BLINK, now_s=pair.now_s)
    pair.run(2.0)
    for _ in range(100):
        assert pair.board.lamp(now_s=pair.now_s).pattern is OutputPattern.FAST_BLINK
        pair.run(0.1)
    pair.board.reset(ResetCause.FAULT, now_s=pair.now_s)
    pair.run(5.0)
    assert pair.board.lamp(now_s=pair.now_s).by == "host"
    pair.is_joined = False
    pair.run(3.1)
    assert pair.board.lamp(now_s=pair.now_s).by != "host"  # nobody renews it: it goes out


def test_a_pulse_of_the_buzzer_ends_by_itself() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.link.pulse_output(OutputId.BUZZER, OutputPattern.STEADY, 100, 300, now_s=pair.now_s)
    pair.run(0.05)
    assert pair.board.lamp(OutputId.BUZZER, now_s=pair.now_s).pattern is OutputPattern.STEADY
    pair.run(0.4)
    assert pair.board.lamp(OutputId.BUZZER, now_s=pair.now_s).pattern is OutputPattern.OFF


def test_what_the_board_and_its_clocks_say_of_themselves_is_known() -> None:
    pair = Pair(speed=1.00005)
    pair.run(90.0)
    assert pair.link.clock.drift_ppm is not None
    assert abs(pair.link.clock.drift_ppm - 50) < 60  # the wire of this test moves in steps of 10 ms
    assert pair.of(ClockDrift) == []
    drifts = pair.link.stream_drifts_ppm()
    assert set(drifts) == {ECG, PLETH, SPO2, PULSE}
    assert max(map(abs, drifts.values())) < 1
    assert pair.link.last_heartbeat is not None
    assert pair.link.last_heartbeat.rx_bad == 0


def test_a_quartz_that_is_off_by_too_much_is_told_once_and_is_over_with_the_boot() -> None:
    pair = Pair(speed=1.0009)
    pair.run(120.0)
    (told,) = pair.of(ClockDrift)
    assert told.is_excessive
    assert abs(told.drift_ppm - 900) < 200
    pair.board.reset(ResetCause.WATCHDOG, now_s=pair.now_s)
    pair.run(5.0)
    assert len(pair.of(ClockDrift)) == 1
