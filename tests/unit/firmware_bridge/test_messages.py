"""Payloads: read and written alike, whatever the peer puts in them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from firmware_bridge.board.catalogue import (
    SCHEMA_HASH,
    SCHEMA_TEXT,
    BoardMessage,
    HostMessage,
    parse_from_board,
    parse_from_host,
)
from firmware_bridge.board.messages import FixedMessage, MessageType, Output, Refusal
from firmware_bridge.board.stream_messages import SAMPLE_MAX, SAMPLE_MIN, Hello, Samples
from firmware_bridge.errors import EncodeError
from firmware_bridge.frames import MAX_PAYLOAD_BYTES, Frame
from tests.unit.firmware_bridge.worked_frames import BOARD_SAID, FRAMES, HOST_SAID

blocks = hnp.arrays(
    np.int32,
    st.tuples(st.integers(1, 24), st.integers(1, 3)),
    elements=st.integers(SAMPLE_MIN, SAMPLE_MAX),
)


def read(name: str, frame: Frame) -> BoardMessage | HostMessage | Refusal:
    return parse_from_board(frame) if name in BOARD_SAID else parse_from_host(frame)


@pytest.mark.parametrize("name", [name for name in FRAMES if name != "SAMPLES"])
def test_a_worked_message_is_read(name: str) -> None:
    expected = BOARD_SAID[name][0] if name in BOARD_SAID else HOST_SAID[name][0]
    assert read(name, FRAMES[name]) == expected


def test_the_worked_samples_are_read_with_their_signs() -> None:
    message = parse_from_board(FRAMES["SAMPLES"])
    assert isinstance(message, Samples)
    assert message.samples.tolist() == [[100, -100], [101, -8388608]]
    assert (message.first_index, message.period_us, message.lead_off) == (1000, 4000, 1)


@pytest.mark.parametrize("name", FRAMES)
def test_a_longer_payload_is_read_without_its_tail(name: str) -> None:
    longer = replace(FRAMES[name], payload=FRAMES[name].payload + b"\x01\x02")
    message = read(name, longer)
    assert not isinstance(message, Refusal)
    assert message.encode() == FRAMES[name].payload


@pytest.mark.parametrize("name", [name for name in FRAMES if FRAMES[name].payload])
def test_a_shorter_payload_is_malformed(name: str) -> None:
    shorter = replace(FRAMES[name], payload=FRAMES[name].payload[:-1])
    assert read(name, shorter) is Refusal.MALFORMED


@given(st.integers(0, 255), st.binary(max_size=MAX_PAYLOAD_BYTES))
def test_any_payload_of_any_type_is_read_or_refused(message_type: int, payload: bytes) -> None:
    for parse in (parse_from_board, parse_from_host):
        message = parse(Frame(message_type, payload))
        if not isinstance(message, Refusal):
            assert message.encode() == payload[: len(message.encode())]


@given(blocks)
def test_a_block_of_samples_comes_back_as_it_was(samples: NDArray[np.int32]) -> None:
    block = Samples(1, 0, 7, 8, 4000, samples, lead_off=3, afe_status=9)
    back = Samples.parse(block.encode())
    assert back is not None
    assert back.samples.dtype == np.int32
    assert np.array_equal(back.samples, samples)
    assert (back.lead_off, back.afe_status) == (3, 9)


@pytest.mark.parametrize(
    "message",
    [
        Samples(1, 0, 0, 0, 4000, np.full((1, 1), SAMPLE_MAX + 1, np.int32)),
        Samples(1, 0, 0, 0, 4000, np.zeros((0, 1), np.int32)),
        Samples(1, 0, 0, 0, 4000, np.zeros((80, 1), np.int32)),
        Samples(1, 0, 1 << 32, 0, 4000, np.zeros((1, 1), np.int32)),
        Output(1, 1, 1, 256, 0),
        Hello(1, 1, 1, (0, 1, 0), 0, 1, b"short", 0, 0),
        Hello(1, 1, 1, (0, 1, 300), 0, 1, bytes(8), 0, 0),
    ],
)
def test_a_message_of_ours_that_does_not_fit_is_refused_at_once(message: BoardMessage | Output) -> None:
    with pytest.raises(EncodeError):
        message.encode()


@pytest.mark.parametrize("fault", ["rate_mhz", "channels", "scale"])
def test_an_impossible_stream_makes_a_hello_malformed(fault: str) -> None:
    hello = BOARD_SAID["HELLO"][0]
    assert isinstance(hello, Hello)
    value = float("nan") if fault == "scale" else 0
    broken = replace(hello.streams[0], **{fault: value})  # type: ignore[arg-type]
    payload = replace(hello, streams=(broken,)).encode()
    assert parse_from_board(Frame(MessageType.HELLO, payload)) is Refusal.MALFORMED


def test_two_streams_of_one_number_make_a_hello_malformed() -> None:
    hello = BOARD_SAID["HELLO"][0]
    assert isinstance(hello, Hello)
    payload = replace(hello, streams=(hello.streams[0], hello.streams[0])).encode()
    assert parse_from_board(Frame(MessageType.HELLO, payload)) is Refusal.MALFORMED


def test_the_schema_hash_is_the_one_that_boards_in_the_field_were_built_with() -> None:
    assert SCHEMA_HASH == 0x0D18F4A6
    assert SCHEMA_TEXT.startswith("01 BHBBBBIB8sIBI")


@pytest.mark.parametrize("name", [name for name in FRAMES if name not in ("HELLO", "SAMPLES", "GET_HELLO")])
def test_the_schema_text_says_each_layout_as_it_is(name: str) -> None:
    message = BOARD_SAID[name][0] if name in BOARD_SAID else HOST_SAID[name][0]
    assert isinstance(message, FixedMessage)
    layout = f"{message.TYPE:02X} {message.LAYOUT.format.removeprefix('<')}"
    if name == "ENTER_BOOTLOADER":  # its id was added at the end by minor 2
        layout = layout.removesuffix("H")
    assert layout in SCHEMA_TEXT.split(";")
