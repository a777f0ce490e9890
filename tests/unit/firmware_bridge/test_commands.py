"""Streams on and off, and the way into the boot loader, against a simulated board."""

from itertools import product

import pytest

from firmware_bridge.board.bootloader import TRANSITIONS, BootloaderEntry, Input, State
from firmware_bridge.board.commands import GIVE_UP_S, RESEND_S, CommandIds
from firmware_bridge.board.messages import AnswerCode, BoardError, EnterBootloader, MessageType, OutputRsp
from firmware_bridge.board.stream_control import NotSet, StreamControl, StreamWish
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import (
    BoardConnected,
    BootloaderEntered,
    BootloaderRefused,
    CommandFailure,
    LossReason,
    ResetCause,
    SampleBlock,
    SamplesLost,
    StreamNotSet,
)
from firmware_bridge.frames import FrameDecoder
from tests.simulators.board.recordings import ECG, PLETH
from tests.unit.firmware_bridge.pair import UID, Pair
from tests.unit.firmware_bridge.test_link_messages import connected_link, say


def last_blocks(pair: Pair, seconds: float) -> dict[int, int]:
    """Return how many blocks of each stream came in the next seconds."""
    pair.events.clear()
    pair.run(seconds)
    counts: dict[int, int] = {}
    for block in pair.of(SampleBlock):
        counts[block.stream_id] = counts.get(block.stream_id, 0) + 1
    return counts


def test_a_stream_that_is_off_is_absent_not_lost_and_its_indexes_go_on() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.link.set_stream(ECG, is_on=False, now_s=pair.now_s)
    pair.run(0.2)
    assert ECG not in last_blocks(pair, 2.0)
    assert {(lost.stream_id, lost.reason) for lost in pair.of(SamplesLost)} == {(ECG, LossReason.STREAM_OFF)}
    assert PLETH in {block.stream_id for block in pair.of(SampleBlock)}
    pair.link.set_stream(ECG, is_on=True, now_s=pair.now_s)
    pair.run(1.0)
    back = next(block for block in pair.of(SampleBlock) if block.stream_id == ECG)
    expected = round((pair.now_s - 1000.0 - 1.0) * 250)
    assert abs(back.first_index - expected) < 60  # a block and the way there
    assert pair.link.stream_counts.lost_samples == {}
    assert pair.link.stream_counts.absent_samples[ECG] >= 2 * 250


def test_a_stream_stays_off_through_loss_and_a_reset_of_the_board() -> None:
    pair = Pair(loss_ratio=0.2)
    pair.run_until(lambda: bool(pair.of(BoardConnected)), within_s=20)
    pair.link.set_stream(ECG, is_on=False, now_s=pair.now_s)
    pair.run(5.0)
    assert ECG not in last_blocks(pair, 2.0)
    pair.board.reset(ResetCause.WATCHDOG, now_s=pair.now_s)
    pair.run(8.0)
    assert ECG not in last_blocks(pair, 2.0)
    assert pair.of(StreamNotSet) == []


def test_a_host_that_starts_anew_does_not_inherit_a_silent_stream() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.link.set_stream(ECG, is_on=False, now_s=pair.now_s)
    pair.run(1.0)
    later = Pair()
    later.now_s, later.board = pair.now_s, pair.board
    later.run(2.0)
    assert ECG in last_blocks(later, 1.0)


def test_a_wish_for_a_stream_that_the_board_does_not_have_is_told() -> None:
    pair = Pair()
    pair.link.set_stream(9, is_on=False, now_s=pair.now_s)  # before the board is known: it waits
    assert pair.of(StreamNotSet) == []
    pair.run(1.0)
    pair.link.set_stream(9, is_on=False, now_s=pair.now_s)
    pair.link.set_stream(ECG, is_on=True, rate_index=3, now_s=pair.now_s)
    pair.run(0.5)
    told = [(event.stream_id, event.why) for event in pair.of(StreamNotSet)]
    assert told == [(9, CommandFailure.UNKNOWN_STREAM), (ECG, CommandFailure.UNKNOWN_RATE)]
    assert ECG in last_blocks(pair, 1.0)  # nothing changed


def test_a_wish_without_an_answer_is_repeated_and_given_up_once() -> None:
    streams = StreamControl(CommandIds())
    streams.start_over((ECG,), now_s=0.0)
    sent, failures = 0, list[NotSet]()
    while streams.next_wake_s is not None:
        commands, failures = streams.due(now_s=streams.next_wake_s)
        assert [is_repeated for _, is_repeated in commands] == ([sent > 0] if commands else [])
        sent += len(commands)
    assert sent == pytest.approx(GIVE_UP_S / RESEND_S, abs=1)
    assert failures == [NotSet(StreamWish(ECG), CommandFailure.UNANSWERED)]


def test_a_board_of_an_earlier_minor_is_asked_for_nothing_it_does_not_know() -> None:
    link = connected_link()  # minor 1
    link.tick(now_s=0.2)
    link.set_stream(1, is_on=False, now_s=0.3)
    link.enter_bootloader(UID, now_s=0.3)
    stream, loader = link.events_received()
    assert isinstance(stream, StreamNotSet)
    assert isinstance(loader, BootloaderRefused)
    assert stream.why is loader.why is CommandFailure.UNSUPPORTED
    types = {frame.message_type for frame in FrameDecoder().feed(link.data_to_send())}
    assert not types & {MessageType.STREAM_CTRL, MessageType.ENTER_BOOTLOADER}


def test_an_error_of_the_board_is_an_answer_and_one_for_nobody_is_nothing() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.is_joined = False
    pair.link.set_stream(ECG, is_on=False, now_s=pair.now_s)
    (sent,) = FrameDecoder().feed(pair.link.data_to_send())
    command_id = int.from_bytes(sent.payload[:2], "little")
    say(pair.link, BoardError(command_id ^ 0x8000, 1, 0), boot_id=pair.board.boot_id, now_s=pair.now_s)
    say(pair.link, OutputRsp(command_id ^ 0x8000, 1, 0), boot_id=pair.board.boot_id, now_s=pair.now_s)
    assert pair.link.events_received() == []
    say(pair.link, BoardError(command_id, 1, 0), boot_id=pair.board.boot_id, now_s=pair.now_s)
    (told,) = pair.link.events_received()
    assert isinstance(told, StreamNotSet)
    assert told.why is CommandFailure.UNREADABLE


def test_the_way_into_the_boot_loader_stops_the_streams_first() -> None:
    pair = Pair(loss_ratio=0.2)
    pair.run_until(lambda: bool(pair.of(BoardConnected)), within_s=20)
    pair.run_until(lambda: pair.board.ring.unacked == 0, within_s=20)
    pair.link.enter_bootloader(UID, now_s=pair.now_s)
    pair.run_until(lambda: pair.board.is_in_bootloader, within_s=10)
    pair.run(7.0)  # its answer may be lost, and is not sent twice: then it is a board that went away
    told = [event for event in pair.events if isinstance(event, BootloaderEntered | BootloaderRefused)]
    assert len(told) == 1
    pair.board.reset(ResetCause.SOFTWARE, now_s=pair.now_s)  # it is back, and nothing asks again
    pair.run(20.0)
    assert not pair.board.is_in_bootloader
    assert ECG in last_blocks(pair, 2.0)


def test_a_boot_loader_that_answers_is_told_as_entered() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.link.enter_bootloader(UID, now_s=pair.now_s)
    pair.run(0.5)
    assert [event.uid for event in pair.of(BootloaderEntered)] == [UID]
    assert pair.board.is_in_bootloader


def test_a_board_with_an_event_that_is_not_stored_refuses_and_its_streams_run_again() -> None:
    pair = Pair(stores=False)
    pair.run(1.0)
    pair.board.press(now_s=pair.now_s)
    pair.run(0.1)
    pair.link.enter_bootloader(UID, now_s=pair.now_s)
    pair.run(1.0)
    (told,) = pair.of(BootloaderRefused)
    assert told.why is CommandFailure.REFUSED
    assert "stored" in told.text
    assert not pair.board.is_in_bootloader
    assert ECG in last_blocks(pair, 1.0)


def test_another_boards_name_is_refused() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.link.enter_bootloader(b"HD000099", now_s=pair.now_s)
    pair.run(1.0)
    assert [event.why for event in pair.of(BootloaderRefused)] == [CommandFailure.REFUSED]


def test_a_boot_loader_request_is_over_with_the_boot_the_cable_and_its_patience() -> None:
    for accident in ("reset", "cut", "hang"):
        pair = Pair()
        pair.run(1.0)
        pair.is_joined = accident == "cut"
        pair.link.enter_bootloader(UID, now_s=pair.now_s)
        if accident == "reset":
            pair.board.reset(ResetCause.WATCHDOG, now_s=pair.now_s)
            pair.is_joined = True
        elif accident == "cut":
            pair.link.close("cut", "join it", now_s=pair.now_s)
            pair.is_joined = False
        else:
            pair.is_joined, pair.is_alive = True, False
        pair.run(7.0)
        assert [event.why for event in pair.of(BootloaderRefused)] == [CommandFailure.INTERRUPTED], accident
        assert not pair.board.is_in_bootloader


def test_without_a_board_there_is_nothing_to_ask() -> None:
    pair = Pair()
    pair.is_alive = False
    pair.link.enter_bootloader(UID, now_s=pair.now_s)
    pair.run(0.1)
    assert [event.why for event in pair.of(BootloaderRefused)] == [CommandFailure.NOT_CONNECTED]


def test_a_second_request_while_one_is_under_way_is_a_bug_of_ours() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.link.enter_bootloader(UID, now_s=pair.now_s)
    with pytest.raises(IllegalInputError, match="WISH in QUIETING"):
        pair.link.enter_bootloader(UID, now_s=pair.now_s)


def test_a_request_that_nobody_answers_is_given_up() -> None:
    entry = BootloaderEntry(CommandIds())
    entry.wish(UID)
    assert entry.due(now_s=0.0) is None
    entry.ask(now_s=0.0)
    first = entry.due(now_s=0.0)
    assert first == (EnterBootloader.of(UID, 1), False)
    assert entry.due(now_s=RESEND_S) == (EnterBootloader.of(UID, 1), True)
    assert entry.due(now_s=GIVE_UP_S) is CommandFailure.UNANSWERED
    assert not entry.is_under_way
    assert entry.on_answer(1, AnswerCode.DONE) is False


@pytest.mark.parametrize(("state", "input_"), sorted({*product(State, Input)} - {*TRANSITIONS}, key=str))
def test_every_step_outside_the_table_is_refused(state: State, input_: Input) -> None:
    entry = BootloaderEntry(CommandIds())
    entry.state = state
    verbs = {
        Input.WISH: lambda: entry.wish(UID),
        Input.QUIET: lambda: entry.ask(now_s=0.0),
        Input.FAILED: entry.fail,
    }
    if input_ is Input.DONE:  # only an answer to the request says so, and without one there is no request
        assert entry.on_answer(1, AnswerCode.DONE) is False
    else:
        with pytest.raises(IllegalInputError, match=f"{input_.name} in {state.name}"):
            verbs[input_]()
    assert entry.state is state
