import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.media import EncodedFrame, EncodedVoice, Track
from edge.video.picture.plan import QUEUE_MAX_S
from edge.video.transport import rtcp, ulpfec
from edge.video.transport.outbound import Negotiated, Outbound, ntp_at
from edge.video.transport.picture_track import KEYFRAME_EVERY_S, NegotiatedPicture
from edge.video.transport.rate import MIN_BPS, START_BPS
from edge.video.transport.rtp import ExtensionIds, read_transport_sequence
from edge.video.transport.twcc import write_feedback

VOICE, PICTURE, REPAIR, HIGH, HIGH_REPAIR = 11, 22, 33, 44, 55
IDS = ExtensionIds(transport_sequence=4, send_time=None)


def outbound(
    *, picture_type: int | None = 97, repair_type: int | None = 98, has_high: bool = False
) -> Outbound:
    pictures: dict[Track, NegotiatedPicture] = {
        "low": NegotiatedPicture(PICTURE, picture_type, IDS, REPAIR, repair_type)
    }
    if has_high:
        pictures["high"] = NegotiatedPicture(HIGH, picture_type, IDS, HIGH_REPAIR, repair_type)
    agreed = Negotiated(
        voice_ssrc=VOICE, voice_type=96, voice_ids=IDS, pictures=pictures, repair_types=(99, 100)
    )
    return Outbound(agreed, rng=random.Random(5), now_s=0.0)


def frame(*, size: int = 900, pts: int = 0, is_key: bool = False, track: Track = "low") -> EncodedFrame:
    return EncodedFrame(bytes(size), pts, is_key, 500, track)


def pop_everything(out: Outbound, *, until_s: float, from_s: float = 0.0) -> list[bytes]:
    packets: list[bytes] = []
    now_s = from_s
    while now_s <= until_s:
        packets += out.pop(now_s=now_s)
        now_s += 0.002
    return packets


def is_padding(packet: bytes) -> bool:
    return bool(packet[0] & 0x20)


def pop_all(out: Outbound, *, until_s: float, from_s: float = 0.0) -> list[bytes]:
    """All but the trains of padding that look for room."""
    return [one for one in pop_everything(out, from_s=from_s, until_s=until_s) if not is_padding(one)]


def ssrc(packet: bytes) -> int:
    return int.from_bytes(packet[8:12])


def sequence(packet: bytes) -> int:
    return int.from_bytes(packet[2:4])


def transport_sequence(packet: bytes) -> int:
    found = read_transport_sequence(packet, 4)
    assert found is not None
    return found[1]


def nack(*lost: int, of: int = PICTURE) -> bytes:
    body = b"".join(number.to_bytes(2) + b"\0\0" for number in lost)
    return rtcp.write_packet(rtcp.FEEDBACK_OF_TRANSPORT, rtcp.NACK, (1).to_bytes(4) + of.to_bytes(4) + body)


def test_voice_and_picture_share_one_count_of_departures() -> None:
    out = outbound()
    out.send_picture(frame(is_key=True), now_s=0.0)
    out.send_voice(EncodedVoice(b"voice", 0), now_s=0.0)
    everything = pop_everything(out, until_s=0.5)
    packets = [packet for packet in everything if not is_padding(packet)]
    assert [ssrc(packet) for packet in packets] == [VOICE, PICTURE, PICTURE]
    count = len(everything)
    assert [transport_sequence(packet) for packet in everything] == list(range(count))
    assert [packet[1] >> 7 for packet in packets] == [0, 0, 1]
    assert sequence(packets[2]) == sequence(packets[1]) + 1
    assert packets[1][4:8] == packets[2][4:8]


def test_what_was_lost_goes_again_on_its_own_stream() -> None:
    out = outbound()
    out.send_picture(frame(), now_s=0.0)
    _, second = pop_all(out, until_s=0.3)
    out.on_rtcp(nack(sequence(second)), now_s=5.0)
    assert pop_all(out, from_s=5.0, until_s=5.1) == []  # it could not arrive in time
    out.send_picture(frame(), now_s=6.0)
    _, second = pop_all(out, from_s=6.0, until_s=6.3)
    out.on_rtcp(nack(sequence(second)), now_s=6.4)
    (again,) = pop_all(out, from_s=6.4, until_s=6.6)
    assert ssrc(again) == REPAIR
    assert again[1] == 98 | 0x80
    assert again[4:8] == second[4:8]
    assert again.endswith(second[2:4] + second[20:])


def test_without_a_stream_for_repeats_nothing_goes_again() -> None:
    out = outbound(repair_type=None)
    out.send_picture(frame(), now_s=6.0)
    packets = pop_all(out, from_s=6.0, until_s=6.3)
    out.on_rtcp(nack(sequence(packets[0])), now_s=6.4)
    assert pop_all(out, from_s=6.4, until_s=6.6) == []


def test_a_picture_that_is_not_wanted_goes_nowhere() -> None:
    out = outbound(picture_type=None)
    out.send_picture(frame(), now_s=0.0)
    assert pop_all(out, until_s=0.2) == []


def test_feedback_gives_the_round_trip_and_broken_feedback_is_counted() -> None:
    out = outbound()
    out.send_voice(EncodedVoice(b"voice", 0), now_s=1.0)
    out.pop(now_s=1.0)
    out.on_rtcp(write_feedback({0: 0}, first=0, last=0, number=0, sender_ssrc=1, media_ssrc=VOICE), now_s=1.2)
    assert out.link().round_trip_s == pytest.approx(0.2)
    out.on_rtcp(rtcp.write_packet(rtcp.FEEDBACK_OF_TRANSPORT, 15, bytes(16)), now_s=1.3)
    assert out.bad_feedbacks == 1


def test_the_newer_form_of_feedback_tells_the_same() -> None:
    out = outbound()
    out.send_voice(EncodedVoice(b"voice", 0), now_s=1.0)
    voice = next(packet for packet in out.pop(now_s=1.0) if ssrc(packet) == VOICE)
    body = (1).to_bytes(4) + VOICE.to_bytes(4) + voice[2:4] + bytes.fromhex("0001 8000 0000 000A8000")
    out.on_rtcp(rtcp.write_packet(rtcp.FEEDBACK_OF_TRANSPORT, 11, body), now_s=1.2)
    assert out.link().round_trip_s == pytest.approx(0.2)
    out.on_rtcp(rtcp.write_packet(rtcp.FEEDBACK_OF_TRANSPORT, 11, body[:-8]), now_s=1.3)
    assert out.bad_feedbacks == 1


def test_a_storm_of_requests_is_one_keyframe_in_a_while() -> None:
    out = outbound()
    request = rtcp.write_packet(rtcp.FEEDBACK_OF_PAYLOAD, rtcp.PLI, bytes(4) + PICTURE.to_bytes(4))
    wishes = []
    for moment in range(100):
        now_s = 0.01 * moment
        out.on_rtcp(request, now_s=now_s)
        if out.take_keyframe_wishes(now_s=now_s):
            wishes.append(now_s)
    assert wishes[0] == 0.0
    assert 3 <= len(wishes) <= 1 + 1 / KEYFRAME_EVERY_S


def test_a_dropped_frame_wishes_for_a_keyframe() -> None:
    out = outbound()
    assert not out.take_keyframe_wishes(now_s=1.0)
    for number in range(3):
        out.send_picture(frame(size=20_000, pts=number), now_s=1.0)
    assert out.take_keyframe_wishes(now_s=1.0)


def test_after_an_outage_the_picture_begins_with_a_keyframe_and_none_was_wished_for_in_it() -> None:
    out = outbound()
    out.send_voice(EncodedVoice(b"voice", 0), now_s=1.0)
    out.pop(now_s=1.0)
    told = {"first": 0, "number": 0, "sender_ssrc": 1, "media_ssrc": VOICE}
    out.on_rtcp(write_feedback({0: 0}, last=0, **told), now_s=1.1)
    out.send_picture(frame(size=3_000), now_s=1.2)
    everything = pop_everything(out, from_s=1.2, until_s=3.0)
    assert out.link().queued_s > QUEUE_MAX_S  # nobody codes a picture for it
    out.send_picture(frame(is_key=True), now_s=3.0)
    assert pop_all(out, from_s=3.0, until_s=3.5) == []
    assert not out.take_keyframe_wishes(now_s=3.5)
    last = transport_sequence(everything[-1])
    out.on_rtcp(write_feedback({0: 0, last: 2_000_000}, last=last, **told), now_s=3.6)
    assert out.link().queued_s < QUEUE_MAX_S
    assert out.take_keyframe_wishes(now_s=3.6)
    out.send_picture(frame(), now_s=3.7)
    assert pop_all(out, from_s=3.7, until_s=3.8) == []
    out.send_picture(frame(is_key=True), now_s=3.9)
    assert len(pop_all(out, from_s=3.9, until_s=4.2)) == 2


def until_out(out: Outbound) -> list[tuple[float, bytes]]:
    """Let one voice packet be heard of, then nothing for four seconds; return what left in them."""
    out.send_voice(EncodedVoice(b"voice", 0), now_s=1.0)
    last = transport_sequence(pop_everything(out, from_s=1.0, until_s=1.1)[-1])
    hear(out, last, now_s=1.2)
    left = []
    for number in range(200):
        now_s = 1.2 + 0.02 * number
        out.send_voice(EncodedVoice(b"voice", 960 * number), now_s=now_s)
        left += [(now_s, packet) for packet in out.pop(now_s=now_s)]
    assert out.rate.is_out
    return left


def hear(out: Outbound, last: int, *, now_s: float) -> None:
    told = {"first": 0, "number": 0, "sender_ssrc": 1, "media_ssrc": VOICE}
    out.on_rtcp(write_feedback({0: 0, last: 40_000}, last=last, **told), now_s=now_s)


def test_in_an_outage_nothing_is_said_for_the_link_to_keep_and_the_other_side_is_asked_for_life() -> None:
    out = outbound()
    left = until_out(out)
    out_s = max(now_s for now_s, packet in left if ssrc(packet) == VOICE)
    assert out_s < 3.0
    asked_s = [now_s for now_s, packet in left if now_s > out_s and ssrc(packet) == REPAIR]
    assert all(is_padding(packet) for now_s, packet in left if now_s > out_s)
    assert all(later - sooner == pytest.approx(0.2, abs=0.021) for sooner, later in pairwise(asked_s))
    assert asked_s[-1] - asked_s[0] > 1.9
    assert out.next_s == pytest.approx(asked_s[-1] + 0.2, abs=0.01)
    out.send_picture(frame(is_key=True), now_s=5.2)
    assert [packet for packet in out.pop(now_s=5.2) if ssrc(packet) == PICTURE] == []
    hear(out, transport_sequence(left[-1][1]), now_s=5.3)
    out.send_voice(EncodedVoice(b"voice", 960 * 205), now_s=5.3)
    assert [ssrc(packet) for packet in out.pop(now_s=5.3)] == [VOICE]


def test_without_a_stream_for_what_means_nothing_voice_finds_the_link_again() -> None:
    left = until_out(outbound(repair_type=None))
    assert len([packet for _, packet in left if ssrc(packet) == VOICE]) == 200


def test_a_train_of_padding_is_no_picture_and_goes_on_the_stream_of_repeats() -> None:
    out = outbound()
    out.send_picture(frame(is_key=True), now_s=0.0)
    everything = pop_everything(out, until_s=0.5)
    train = [packet for packet in everything if is_padding(packet)]
    assert len(train) >= 5
    for packet in train:
        assert (ssrc(packet), packet[1]) == (REPAIR, 98)
        assert packet[-1] == len(packet) - 20  # all but its header and extensions
        assert not any(packet[20:-1])
    assert [sequence(one) - sequence(train[0]) for one in train] == list(range(len(train)))


def test_a_train_is_not_sent_where_there_is_no_stream_for_it() -> None:
    out = outbound(repair_type=None)
    out.send_picture(frame(), now_s=0.0)
    assert not any(is_padding(packet) for packet in pop_everything(out, until_s=3.0))


def test_what_can_no_longer_be_repaired_wishes_for_a_keyframe() -> None:
    out = outbound()
    out.send_picture(frame(), now_s=6.0)
    _, second = pop_all(out, from_s=6.0, until_s=6.3)
    for asked_s in (6.4, 6.9):
        out.on_rtcp(nack(sequence(second)), now_s=asked_s)
        assert len(pop_all(out, from_s=asked_s, until_s=asked_s + 0.2)) == 1
        assert not out.take_keyframe_wishes(now_s=asked_s + 0.2)
    out.on_rtcp(nack(sequence(second)), now_s=7.4)
    assert out.take_keyframe_wishes(now_s=7.4)


def test_what_was_before_a_keyframe_is_neither_repaired_nor_wished_for() -> None:
    out = outbound()
    out.send_picture(frame(), now_s=6.0)
    _, second = pop_all(out, from_s=6.0, until_s=6.3)
    out.send_picture(frame(is_key=True), now_s=6.4)
    pop_all(out, from_s=6.4, until_s=6.7)
    out.on_rtcp(nack(sequence(second)), now_s=9.0)
    assert pop_all(out, from_s=9.0, until_s=9.2) == []
    assert not out.take_keyframe_wishes(now_s=9.2)


def test_reports_of_a_peer_without_feedback_are_heeded() -> None:
    out = outbound()
    out.send_voice(EncodedVoice(b"voice", 0), now_s=1.0)
    out.pop(now_s=1.0)
    sent = ntp_at(1.0) >> 16 & 0xFFFFFFFF
    block = VOICE.to_bytes(4) + bytes([128]) + bytes(11) + sent.to_bytes(4) + (0x8000).to_bytes(4)
    out.on_rtcp(rtcp.write_packet(rtcp.RECEIVER_REPORT, 1, bytes(4) + block), now_s=2.0)
    assert out.link().round_trip_s == pytest.approx(0.5, abs=0.01)
    assert out.link().lost_share == 0.5
    assert MIN_BPS <= out.link().target_bps < START_BPS


def test_a_sender_report_has_the_time_of_the_moment_and_what_was_sent() -> None:
    out = outbound()
    report = rtcp.write_packet(rtcp.SENDER_REPORT, 0, VOICE.to_bytes(4) + bytes(20))
    assert out.fill_report(report, now_s=0.5) is None
    out.send_voice(EncodedVoice(b"voice", 0), now_s=1.0)
    packet = next(one for one in out.pop(now_s=1.0) if not is_padding(one))
    filled = out.fill_report(report, now_s=1.5)
    assert filled is not None
    assert int.from_bytes(filled[8:16]) == ntp_at(1.5)
    begun = int.from_bytes(packet[4:8])
    assert int.from_bytes(filled[16:20]) == (begun + 24_000) & 0xFFFFFFFF
    assert int.from_bytes(filled[20:24]) == 1
    assert int.from_bytes(filled[24:28]) == 5
    other = rtcp.write_packet(rtcp.SENDER_REPORT, 0, (99).to_bytes(4) + bytes(20))
    assert out.fill_report(other, now_s=1.5) is None


@given(st.binary(max_size=120), st.sampled_from([200, 201, 205, 206]), st.integers(0, 31))
def test_no_bytes_of_the_other_side_raise(body: bytes, kind: int, count: int) -> None:
    out = outbound()
    out.send_picture(frame(), now_s=0.0)
    out.pop(now_s=0.0)
    out.on_rtcp(body, now_s=0.1)
    out.on_rtcp(rtcp.write_packet(kind, count, body), now_s=0.2)
    assert out.link().target_bps >= MIN_BPS


def test_a_lost_packet_can_be_reckoned_from_the_repair_and_is_sent_again_as_it_is() -> None:
    out = outbound()
    out._tracks["low"].look(0.02, round_trip_s=0.6, now_s=0.0)
    vars(out)["_look_at_losses"] = lambda _now_s: None
    out.send_picture(frame(size=2_400, is_key=True), now_s=0.0)
    sent = [packet for packet in pop_all(out, until_s=1.0) if ssrc(packet) == PICTURE]
    assert {packet[1] & 0x7F for packet in sent} == {99}
    *media, repair = sent
    assert [sequence(packet) - sequence(media[0]) & 0xFFFF for packet in sent] == list(range(len(sent)))
    known = {sequence(packet): ulpfec.bare(packet) or b"" for packet in media}
    lost = sequence(media[2])
    whole = known.pop(lost)
    assert repair[20] == 100
    assert ulpfec.recover(repair[21:], known, ssrc=PICTURE) == whole
    out.on_rtcp(nack(lost, sequence(repair)), now_s=1.0)
    (again,) = [packet for packet in pop_all(out, from_s=1.0, until_s=2.0) if ssrc(packet) == REPAIR]
    assert again[20:] == lost.to_bytes(2) + whole[20:]  # not RED, as the repeats' payload type says


def test_repairs_in_advance_are_said_with_the_rate() -> None:
    out = outbound()
    assert out.link().repairs_share == 0.0
    out._tracks["low"].look(0.02, round_trip_s=0.6, now_s=0.0)
    assert 0.1 < out.link().repairs_share <= 0.2


def test_each_track_is_a_stream_of_its_own_and_the_low_one_goes_first() -> None:
    out = outbound(has_high=True)
    out.send_picture(frame(size=2_000, is_key=True, track="high"), now_s=0.0)
    out.send_picture(frame(is_key=True), now_s=0.0)
    packets = pop_all(out, until_s=2.0)
    assert [ssrc(packet) for packet in packets] == [PICTURE] * 2 + [HIGH] * 5
    assert out.link().has_high
    assert not outbound().link().has_high


def test_what_was_lost_of_the_high_track_goes_again_beside_that_track() -> None:
    out = outbound(has_high=True)
    out.send_picture(frame(track="high"), now_s=6.0)
    first, _ = pop_all(out, from_s=6.0, until_s=6.5)
    out.on_rtcp(nack(sequence(first)), now_s=6.6)  # the low track never had that packet
    assert pop_all(out, from_s=6.6, until_s=6.8) == []
    out.on_rtcp(nack(sequence(first), of=HIGH), now_s=6.8)
    (again,) = pop_all(out, from_s=6.8, until_s=7.0)
    assert ssrc(again) == HIGH_REPAIR


def test_who_cannot_go_on_with_one_track_gets_a_keyframe_of_that_one() -> None:
    out = outbound(has_high=True)
    out.on_rtcp(rtcp.write_packet(rtcp.FEEDBACK_OF_PAYLOAD, rtcp.PLI, bytes(4) + HIGH.to_bytes(4)), now_s=1.0)
    assert out.take_keyframe_wishes(now_s=1.0) == ["high"]
    out.on_rtcp(
        rtcp.write_packet(rtcp.FEEDBACK_OF_PAYLOAD, rtcp.FIR, bytes(8) + PICTURE.to_bytes(4)), now_s=1.1
    )
    assert out.take_keyframe_wishes(now_s=1.1) == ["low"]


def test_a_track_that_nobody_took_goes_nowhere() -> None:
    out = outbound()
    out.send_picture(frame(is_key=True, track="high"), now_s=0.0)
    assert pop_all(out, until_s=0.5) == []


def test_both_tracks_are_repaired_in_advance_and_reported_of() -> None:
    out = outbound(has_high=True)
    vars(out.rate)["lost_share"] = 0.02
    assert out.link().repairs_share == 0.0
    for track in out._tracks.values():
        track.look(0.02, round_trip_s=0.6, now_s=0.0)
        assert track.repairs_share > 0.0
    out.send_picture(frame(is_key=True, track="high"), now_s=0.0)
    report = rtcp.write_packet(rtcp.SENDER_REPORT, 0, HIGH.to_bytes(4) + bytes(20))
    assert out.fill_report(report, now_s=0.5) is not None


def test_a_frame_follows_the_one_before_by_its_number() -> None:
    out = outbound()
    numbers = []
    for number in range(3):
        out.send_picture(frame(size=100, is_key=True), now_s=number)
        (packet,) = pop_all(out, from_s=number, until_s=number + 0.5)
        numbers.append(int.from_bytes(packet[22:24]) & 0x7FFF)
    assert [after - before for before, after in pairwise(numbers)] == [1, 1]


def test_a_voice_packet_that_is_asked_for_goes_again_as_it_was_and_at_once() -> None:
    out = outbound()
    for number in range(3):
        out.send_voice(EncodedVoice(bytes([number]) * 40, 1_920 * number), now_s=0.04 * number)
    _, second, third = pop_all(out, until_s=0.2)
    out.on_rtcp(nack(sequence(second), of=VOICE), now_s=0.3)
    (again,) = pop_all(out, from_s=0.3, until_s=0.302)
    assert (again[:8], again[8:12], again[-40:]) == (second[:8], second[8:12], second[-40:])
    assert transport_sequence(again) > transport_sequence(third), "a departure of its own"
    out.on_rtcp(nack(sequence(second), of=VOICE), now_s=0.31)
    assert pop_all(out, from_s=0.31, until_s=0.4) == [], "each packet of the other side asks anew"
    out.send_voice(EncodedVoice(b"next", 1_920 * 3), now_s=0.4)
    (following,) = pop_all(out, from_s=0.4, until_s=0.41)
    assert sequence(following) == sequence(third) + 1
