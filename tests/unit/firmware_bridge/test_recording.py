import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import RecordingError
from firmware_bridge.terminal.recording import Chunk, chunks_of, device_bytes, heading, line_of


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(0, 10**9).map(lambda us: us / 1e6)),
            st.booleans(),
            st.binary(min_size=1, max_size=40),
        ).map(lambda parts: Chunk(*parts))
    )
)
def test_what_is_recorded_is_read_again(chunks: list[Chunk]) -> None:
    text = heading(driver="berry-bm1000", line="115200 8N1", began_utc="2026-11-26T05:00:00Z")
    text += "".join(map(line_of, chunks))
    assert list(chunks_of(text)) == chunks
    sent = b"".join(chunk.data for chunk in chunks if not chunk.is_host)
    assert device_bytes(text.encode(), is_hex=False) == sent


def test_hex_dumps_of_others_are_read_in_the_forms_that_occur() -> None:
    text = "# both ways\nH 7D 81 A7\nD 0C 80\naa550f07\n 55 0f 01 # tail\nD: 01\n\n"
    assert device_bytes(text.encode(), is_hex=True) == bytes.fromhex("0C80 aa550f07 550f01 01")


def test_raw_bytes_are_left_alone() -> None:
    assert device_bytes(b"D 0C 80\xff", is_hex=False) == b"D 0C 80\xff"


@pytest.mark.parametrize("line", ["D 0C 8", "hello", "-1.0 D 01", "D 0x01"])
def test_a_line_that_is_no_hexadecimal_is_named(line: str) -> None:
    with pytest.raises(RecordingError, match="line 2: "):
        list(chunks_of(f"D 01\n{line}\n"))


def test_text_is_expected_where_hexadecimal_is_said() -> None:
    with pytest.raises(RecordingError, match="leave --hex out"):
        device_bytes(b"\xff\xfe\xfd", is_hex=True)
