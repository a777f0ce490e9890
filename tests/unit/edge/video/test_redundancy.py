from edge.video.transport import ulpfec
from edge.video.transport.redundancy import GROUP, Redundancy

LONG_S, SHORT_S = 0.6, 0.1


def switched(lost_share: float = 0.01, round_trip_s: float | None = LONG_S) -> Redundancy:
    redundancy = Redundancy(now_s=0.0)
    redundancy.look(lost_share, round_trip_s=round_trip_s, now_s=1.0)
    return redundancy


def red(sequence: int) -> bytes:
    return bytes([0x80, 99]) + sequence.to_bytes(2) + bytes(8) + ulpfec.write_red(bytes([sequence]), 97)


def test_nothing_is_sent_twice_where_asking_is_quick_or_nothing_is_lost() -> None:
    for quiet in (switched(0.0), switched(0.05, SHORT_S), switched(0.05, None)):
        assert quiet.share == 0.0
        assert [quiet.repairs_after(is_last=True, is_key=True) for _ in range(50)] == [0] * 50


def test_where_the_way_is_long_and_loses_a_repair_follows_each_few_packets() -> None:
    redundancy = switched()
    counts = [redundancy.repairs_after(is_last=True, is_key=False) for _ in range(20 * GROUP)]
    assert sum(counts) == 20
    assert 0 < redundancy.share <= 0.2


def test_where_losses_come_in_bursts_there_are_two_for_as_many_packets() -> None:
    redundancy = switched(0.04)
    assert [redundancy.repairs_after(is_last=True, is_key=False) for _ in range(12)] == [0, 0, 0, 0, 0, 2] * 2
    assert redundancy.share == 1 / 3


def test_a_loss_is_remembered_for_half_a_minute_and_then_forgotten() -> None:
    redundancy = switched(0.01)
    redundancy.look(0.0, round_trip_s=LONG_S, now_s=25.0)
    assert redundancy.is_on
    redundancy.look(0.0, round_trip_s=LONG_S, now_s=90.0)
    assert not redundancy.is_on


def test_a_keyframe_is_protected_at_its_end_and_no_frame_in_its_midst() -> None:
    redundancy = switched()
    assert redundancy.repairs_after(is_last=False, is_key=True) == 0
    assert redundancy.repairs_after(is_last=True, is_key=True) == 1
    counts = [redundancy.repairs_after(is_last=number == 99, is_key=True) for number in range(100)]
    assert counts[:99] == [0] * 99
    assert counts[99] == ulpfec.SPAN_MAX // GROUP  # one of them reaches so far


def test_of_several_repairs_each_covers_every_other_packet() -> None:
    redundancy = switched()
    for sequence in range(100, 105):
        redundancy.on_sent(red(sequence))
    repairs = [redundancy.repair(number, 2) for number in range(2)]
    assert [ulpfec.covered(repair or b"") for repair in repairs] == [[100, 102, 104], [101, 103]]
    assert redundancy.repair(0, 1) is None


def test_a_repair_reaches_no_further_than_its_mask() -> None:
    redundancy = switched()
    for sequence in range(100, 160):
        redundancy.on_sent(red(sequence))
    assert ulpfec.covered(redundancy.repair(0, 1) or b"") == list(range(112, 160))
