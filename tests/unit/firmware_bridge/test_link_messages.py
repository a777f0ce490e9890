"""The host's link, one message at a time: what it tells, asks and refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board.catalogue import BoardMessage, frame_of
from firmware_bridge.board.link import BoardLink
from firmware_bridge.board.messages import (
    BoardEvent,
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
    ButtonFault,
    ButtonFaultKind,
    ButtonPressed,
    CameraButton,
    OutputFailed,
)
from firmware_bridge.frames import Frame, FrameDecoder
from tests.unit.firmware_bridge.worked_frames import BOARD_SAID, BOOT


def connected_link() -> BoardLink:
    link = BoardLink(last_presses={})
    link.open(now_s=0.0)
    say(link, BOARD_SAID["HELLO"][0])
    link.events_received()
    link.data_to_send()
    return link


def say(link: BoardLink, message: BoardMessage, *, now_s: float = 0.1, boot_id: int = BOOT) -> None:
    link.handle(frame_of(message, seq=0, boot_id=boot_id), now_s=now_s)


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


def test_the_camera_button_is_told_once_each_way_and_is_no_call() -> None:
    link = connected_link()
    down = BoardEvent(1, EventSource.CAMERA_BUTTON, EventKind.PRESS, 1, 5, 1, BOOT)
    say(link, down)
    say(link, down)
    say(link, BoardEvent(2, EventSource.CAMERA_BUTTON, EventKind.RELEASE, 1, 6, 1, BOOT))
    told = link.events_received()
    assert [(type(one), getattr(one, "is_down", None)) for one in told] == [
        (CameraButton, True),
        (CameraButton, False),
    ]
    assert link.data_to_send() != b""


def test_a_camera_button_of_an_earlier_boot_or_of_an_unknown_kind_says_nothing() -> None:
    link = connected_link()
    say(link, BoardEvent(1, EventSource.CAMERA_BUTTON, EventKind.PRESS, 1, 5, 1, BOOT ^ 1))
    say(link, BoardEvent(2, EventSource.CAMERA_BUTTON, EventKind.STUCK, 1, 5, 1, BOOT))
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
    say(link, OutputRsp(3, 2, 0), now_s=0.3)
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
