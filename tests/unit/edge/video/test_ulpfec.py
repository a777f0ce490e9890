import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.transport import ulpfec
from edge.video.transport.rtp import ExtensionIds, Stream, write_packet

SSRC = 0x01020304


def packet(sequence: int, payload: bytes, *, is_last: bool = False, timestamp: int = 9_000) -> bytes:
    """A bare one without extensions, of VP8."""
    head = bytes([0x80, (0x80 if is_last else 0) | 97]) + sequence.to_bytes(2) + timestamp.to_bytes(4)
    return head + SSRC.to_bytes(4) + payload


def by_sequence(packets: list[bytes]) -> dict[int, bytes]:
    return {int.from_bytes(one[2:4]): one for one in packets}


def test_a_repair_is_the_sum_of_what_it_protects() -> None:
    first = packet(0x1000, b"\x01\x02\x03", timestamp=1)
    second = packet(0x1002, b"\x10\x20\x30\x40\x50", is_last=True, timestamp=3)
    assert ulpfec.protect([first, second]) == bytes.fromhex(
        "00 80 1000 00000002 0006"  # E and L 0; M set in one; base; 1 ^ 3; 3 ^ 5
        "0005 a000"  # five bytes; the first and the third
        "11 22 33 40 50"
    )


def test_a_repair_that_reaches_over_more_than_sixteen_has_the_long_mask() -> None:
    repair = ulpfec.protect([packet(10, b"a"), packet(57, b"b")])
    assert repair[0] == 0x40
    assert repair[12:18] == bytes.fromhex("800000000001")
    assert ulpfec.covered(repair) == [10, 57]


def test_packets_further_apart_than_the_mask_are_refused() -> None:
    with pytest.raises(ValueError, match="a repair reaches 48"):
        ulpfec.protect([packet(10, b"a"), packet(58, b"b")])
    with pytest.raises(ValueError, match="nothing"):
        ulpfec.protect([])


@given(
    payloads=st.lists(st.binary(max_size=60), min_size=1, max_size=48),
    first=st.integers(0, 65_535),
    data=st.data(),
)
def test_any_one_packet_is_recovered(payloads: list[bytes], first: int, data: st.DataObject) -> None:
    packets = [
        packet(first + index & 0xFFFF, payload, is_last=index % 3 == 0, timestamp=index * 7_919)
        for index, payload in enumerate(payloads)
    ]
    repair = ulpfec.protect(packets)
    lost = data.draw(st.sampled_from(packets))
    known = by_sequence([one for one in packets if one != lost])
    assert ulpfec.recover(repair, known, ssrc=SSRC) == lost
    assert ulpfec.recover(repair, by_sequence(packets), ssrc=SSRC) is None
    if len(packets) > 2:
        del known[next(iter(known))]
        assert ulpfec.recover(repair, known, ssrc=SSRC) is None


@given(repair=st.binary(max_size=80), known=st.dictionaries(st.integers(0, 65_535), st.binary(min_size=12)))
def test_what_makes_no_sense_recovers_nothing_and_breaks_nothing(
    repair: bytes, known: dict[int, bytes]
) -> None:
    ulpfec.recover(repair, known, ssrc=SSRC)
    ulpfec.recover(repair, {number: bytes(20) for number in range(60)}, ssrc=SSRC)
    ulpfec.covered(repair)
    ulpfec.bare(repair)
    ulpfec.read_red(repair)


def test_a_packet_is_reckoned_as_if_it_were_not_red_and_without_its_departure() -> None:
    stream = Stream(SSRC, 97, 90_000, next_sequence=5, timestamp_offset=0)
    ids = ExtensionIds(transport_sequence=4, send_time=3)

    def written(payload: bytes, *, payload_type: int, now_s: float, number: int) -> bytes:
        stream.next_sequence = 5
        return write_packet(
            stream,
            payload,
            timestamp=77,
            is_last=True,
            ids=ids,
            transport_sequence=number,
            now_s=now_s,
            payload_type=payload_type,
        )

    sent = written(ulpfec.write_red(b"picture", 97), payload_type=99, now_s=12.3, number=513)
    assert ulpfec.bare(sent) == written(b"picture", payload_type=97, now_s=0.0, number=0)
    assert ulpfec.read_red(ulpfec.write_red(b"picture", 97)) == (97, b"picture")
    assert ulpfec.read_red(b"\xe1picture") is None  # several blocks
