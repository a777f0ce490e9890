"""The host's link against a simulated board, in a time that is a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board.catalogue import SCHEMA_HASH, BoardMessage, frame_of
from firmware_bridge.board.link import BoardLink
from firmware_bridge.board.messages import (
    BoardEvent,
    ButtonState,
    EventKind,
    EventSource,
    Heartbeat,
    MessageType,
    OutputId,
    OutputPattern,
    OutputRsp,
)
from firmware_bridge.board.presence import State
from firmware_bridge.board.stream_messages import Hello
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import (
    BoardConnected,
    BoardLost,
    BoardResumed,
    BoardSilent,
    ButtonFault,
    ButtonFaultKind,
    ButtonPressed,
    ButtonReleased,
    LeadState,
    LossReason,
    OutputFailed,
    PressKind,
    ProbeState,
    ResetCause,
    ResetsAlarm,
    SampleBlock,
    SamplesLost,
)
from firmware_bridge.frames import Frame, FrameDecoder
from tests.simulators.board.recordings import ECG, PLETH, PULSE, SPO2, load
from tests.unit.firmware_bridge.pair import UID, Pair
from tests.unit.firmware_bridge.worked_frames import BOARD_SAID, BOOT


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


def test_a_lost_board_that_beats_again_is_asked_who_it_is() -> None:
    link = connected_link()
    link.tick(now_s=2.0)
    link.tick(now_s=6.0)
    link.data_to_send()
    assert link.state is State.LOST
    say(link, Heartbeat(0, 0, 0, 0, 0, 0, 0, 0), now_s=6.1)
    asked = FrameDecoder().feed(link.data_to_send())
    assert [frame.message_type for frame in asked] == [MessageType.GET_HELLO]
    assert link.state.name == "WAITING"


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


def connected_link() -> BoardLink:
    link = BoardLink(last_presses={})
    link.open(now_s=0.0)
    say(link, BOARD_SAID["HELLO"][0])
    link.events_received()
    link.data_to_send()
    return link


def say(link: BoardLink, message: BoardMessage, *, now_s: float = 0.1, boot_id: int = BOOT) -> None:
    link.handle(frame_of(message, seq=0, boot_id=boot_id), now_s=now_s)


def test_a_closed_port_takes_no_frame_and_opens_once() -> None:
    link = BoardLink(last_presses={})
    with pytest.raises(IllegalInputError, match="CLOSED"):
        say(link, BOARD_SAID["HELLO"][0])
    link.open(now_s=0.0)
    with pytest.raises(IllegalInputError, match="OPEN in WAITING"):
        link.open(now_s=0.0)
    link.close("cut", "join it", now_s=1.0)
    with pytest.raises(IllegalInputError, match="CLOSE in CLOSED"):
        link.close("cut", "join it", now_s=1.0)
    assert link.next_wake_s == float("inf")
    link.tick(now_s=9.0)
    assert link.data_to_send() == b""
    assert link.events_received() == [BoardLost("cut", "join it", 1_000_000)]


def test_a_stored_press_is_not_said_to_a_closed_port() -> None:
    link = connected_link()
    say(link, BoardEvent(1, EventSource.CALL_BUTTON, EventKind.PRESS, 0, 5, 1, BOOT))
    (press,) = link.events_received()
    assert isinstance(press, ButtonPressed)
    link.close("cut", "join it", now_s=1.0)
    link.press_stored(press.identity)
    assert link.data_to_send() == b""
    link.open(now_s=2.0)
    link.data_to_send()
    say(link, BOARD_SAID["HELLO"][0], now_s=2.0)
    link.data_to_send()
    say(link, BoardEvent(1, EventSource.CALL_BUTTON, EventKind.PRESS, 0, 5, 1, BOOT), now_s=2.1)
    assert link.data_to_send() != b""  # the acknowledgement, now that the board asks again
    assert not any(isinstance(event, ButtonPressed) for event in link.events_received())


def test_events_of_an_unknown_source_or_kind_are_acknowledged_and_nothing_more() -> None:
    link = connected_link()
    say(link, BoardEvent(1, EventSource.TAMPER, EventKind.PRESS, 0, 5, 1, BOOT))
    say(link, BoardEvent(2, EventSource.CALL_BUTTON, 99, 0, 5, 0, BOOT))
    assert link.events_received() == []
    assert link.data_to_send() != b""


def test_a_stuck_event_is_a_fault_before_its_heartbeat() -> None:
    link = connected_link()
    say(link, BoardEvent(1, EventSource.CALL_BUTTON, EventKind.STUCK, 0, 5, 0, BOOT))
    (fault,) = link.events_received()
    assert isinstance(fault, ButtonFault)
    assert fault.fault is ButtonFaultKind.STUCK


def test_a_refused_output_is_told() -> None:
    link = connected_link()
    link.show_output(OutputId.CALL_LED, OutputPattern.PULSE, now_s=0.2)
    say(link, OutputRsp(1, 2, 0), now_s=0.3)
    assert link.events_received() == [OutputFailed(OutputId.CALL_LED, OutputPattern.PULSE, 300_000)]


def test_an_output_that_is_never_answered_is_told_after_ten_seconds() -> None:
    link = connected_link()
    link.show_output(OutputId.STATUS_LED, OutputPattern.STEADY, now_s=1.0)
    for half_s in range(2, 21):
        assert link.events_received() == []
        say(link, Heartbeat(0, 0, 0, 0, 0, 0, 0, 0), now_s=half_s / 2)
        link.tick(now_s=half_s / 2)
    link.tick(now_s=11.2)
    assert link.events_received() == [OutputFailed(OutputId.STATUS_LED, OutputPattern.STEADY, 11_200_000)]


def test_a_frame_without_a_boot_or_of_an_unknown_type_is_counted() -> None:
    link = connected_link()
    say(link, BOARD_SAID["HELLO"][0], boot_id=0)
    link.handle(Frame(0x77, b"", boot_id=BOOT), now_s=0.2)
    link.handle(Frame(0x02, b"short", boot_id=BOOT), now_s=0.2)
    assert (link.malformed_messages, link.unknown_messages) == (2, 1)
    assert link.events_received() == []


def test_another_board_on_the_same_port_is_no_reset() -> None:
    link = connected_link()
    hello = BOARD_SAID["HELLO"][0]
    assert isinstance(hello, Hello)
    other = Hello.parse(hello.encode().replace(hello.uid, b"HD000099"))
    assert other is not None
    say(link, other, boot_id=77)
    assert link.resets.reset_count == 0
    (event,) = link.events_received()
    assert isinstance(event, BoardConnected)
    assert event.uid == b"HD000099"


def test_a_new_boot_that_did_not_introduce_itself_is_asked_and_not_believed() -> None:
    link = connected_link()
    say(link, Heartbeat(0, 5, 0, 0, 0, 0, 0, 0), boot_id=77, now_s=1.0)
    assert link.events_received() == []
    assert link.early_frames == 1
    assert link.state is State.WAITING
    assert link.data_to_send() != b""


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2, 6, 0x10, 0x11, 0x12, 0x20, 0x31, 0x3F, 0x77]),
            st.binary(max_size=120),
            st.sampled_from([0, 77, BOOT]),
            st.floats(0.0, 3.0),
        ),
        max_size=40,
    )
)
def test_no_sound_frame_whatever_it_says_raises(said: list[tuple[int, bytes, int, float]]) -> None:
    link = connected_link()
    now_s = 1.0
    for message_type, payload, boot_id, pause_s in said:
        now_s += pause_s
        link.tick(now_s=now_s)
        link.handle(Frame(message_type, payload, boot_id=boot_id, t_us=5), now_s=now_s)
        assert len(link.events_received()) < 64
        assert len(link.data_to_send()) < 4096
    assert link.next_wake_s > now_s - 3.0
