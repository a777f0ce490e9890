"""The hub's side of docs/live.md."""

import json
import math
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.console.live_frames import MAX_INDEX, MAX_SAMPLES, SampleFrame, encode_samples

DOCUMENT = (Path(__file__).parent.parent.parent.parent / "docs" / "live.md").read_text("utf-8")
INT32S = st.integers(-(2**31), 2**31 - 1)
FRAMES = st.builds(
    SampleFrame,
    stream_id=st.integers(0, 255),
    set_no=st.integers(0, 2**32 - 1),
    visit_no=st.integers(0, 2**64 - 1),
    first_index=st.integers(0, MAX_INDEX - 100),
    captured_ms=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    samples=st.lists(INT32S, min_size=1, max_size=100),
)
GOOD = SampleFrame(stream_id=1, set_no=7, visit_no=42, first_index=0, captured_ms=None, samples=[1])


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert found, f"docs/live.md has no block {kind}"
    return found[1]


def read(data: bytes) -> SampleFrame:
    """Read by the table of the document, field by field."""
    assert data[:2] == b"\x01\x01"
    assert data[3] == 0
    (captured_ms,) = struct.unpack_from("<d", data, 24)
    count = int.from_bytes(data[32:36], "little")
    assert len(data) == 36 + 4 * count
    return SampleFrame(
        stream_id=data[2],
        set_no=int.from_bytes(data[4:8], "little"),
        visit_no=int.from_bytes(data[8:16], "little"),
        first_index=int.from_bytes(data[16:24], "little"),
        captured_ms=None if math.isnan(captured_ms) else captured_ms,
        samples=list(struct.unpack_from(f"<{count}i", data, 36)),
    )


def test_the_worked_example_of_the_document_is_what_we_send() -> None:
    fields = json.loads(block("json live-frame"))
    frame = SampleFrame(**{**fields, "visit_no": int(fields["visit_no"])})
    assert encode_samples(frame) == bytes.fromhex(block("live-frame"))


@given(FRAMES)
def test_what_is_sent_reads_back_by_the_table_of_the_document(frame: SampleFrame) -> None:
    assert read(encode_samples(frame)) == frame


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("stream_id", 256, "stream_id 256 is outside 0 to 255"),
        ("set_no", -1, "set_no -1 is outside"),
        ("visit_no", 2**64, "visit_no"),
        ("first_index", MAX_INDEX, "first_index"),
        ("captured_ms", math.nan, "unknown is None"),
        ("samples", [], "count of samples 0"),
        ("samples", [0] * (MAX_SAMPLES + 1), "count of samples 16385"),
        ("samples", [0, 2**31], "sample 2147483648 of stream 1"),
    ],
)
def test_a_field_that_does_not_fit_is_refused_by_name(field: str, value: object, words: str) -> None:
    fields = {name: getattr(GOOD, name) for name in GOOD.__slots__}
    with pytest.raises(ValueError, match=words):
        encode_samples(SampleFrame(**{**fields, field: value}))
