"""Whose numbers are opened: those that somebody sees, and no others until then."""

from contract.header import Record
from contract.ids import BootId, SpoolId, StationId, StreamSetNo
from hub.live.looked_at import CHUNKS_MAX, SAME_MOMENT_US, SETS_MAX, LookedAt, Unopened
from hub.store.interface import Arrival
from tests.unit.hub.live.station_events import arrived

A, B = StationId("a"), StationId("b")


def arrival(*, station: StationId = A, spool: int = 1) -> Arrival:
    return Arrival(
        station=station,
        spool=SpoolId(spool),
        boot=BootId(1),
        sent_t_us=0,
        received_utc_us=0,
        record=Record(arrived(1.0).header, b""),
        raw=b"",
    )


def test_a_row_is_looked_at_until_the_last_page_that_shows_it_is_closed() -> None:
    looked_at = LookedAt()
    first, second = looked_at.look([A]), looked_at.look([A, B])
    assert A in looked_at and B in looked_at
    second()
    assert A in looked_at and B not in looked_at
    first()
    assert A not in looked_at


def test_a_page_of_all_looks_at_stations_that_nobody_has_heard_of_yet() -> None:
    looked_at = LookedAt()
    close = looked_at.look(None)
    assert B in looked_at
    close()
    assert B not in looked_at


def test_of_each_stream_set_the_newest_waits_and_is_taken_once() -> None:
    unopened, second = Unopened(), SAME_MOMENT_US
    late, newest, other = arrival(), arrival(), arrival(spool=2)
    unopened.hold(newest, set_no=StreamSetNo(1), at=(1, 20 * second))
    unopened.hold(late, set_no=StreamSetNo(1), at=(1, 10 * second))
    unopened.hold(other, set_no=StreamSetNo(1), at=(1, 15 * second))
    unopened.hold(arrival(station=B), set_no=StreamSetNo(1), at=(1, 1))
    assert [id(one) for one in unopened.take(A)] == [id(other), id(newest)]
    assert unopened.take(A) == []
    assert len(unopened.take(B)) == 1


def test_streams_that_come_apart_wait_together_and_those_of_an_earlier_boot_do_not() -> None:
    unopened = Unopened()
    before, oxygen, pulse = arrival(), arrival(), arrival()
    unopened.hold(before, set_no=StreamSetNo(1), at=(1, 90))
    unopened.hold(oxygen, set_no=StreamSetNo(1), at=(2, 50))
    unopened.hold(pulse, set_no=StreamSetNo(1), at=(2, 50 + SAME_MOMENT_US))
    assert [id(one) for one in unopened.take(A)] == [id(oxygen), id(pulse)]
    for number in range(CHUNKS_MAX + 3):
        unopened.hold(arrival(), set_no=StreamSetNo(1), at=(3, number))
    assert len(unopened.take(A)) == CHUNKS_MAX


def test_sets_of_devices_long_gone_do_not_pile_up() -> None:
    unopened = Unopened()
    for number in range(SETS_MAX + 5):
        unopened.hold(arrival(), set_no=StreamSetNo(number + 1), at=(1, number))
        unopened.hold(arrival(), set_no=StreamSetNo(1), at=(2, number * SAME_MOMENT_US * 2))  # in use
    assert len(unopened.take(A)) == SETS_MAX


def test_one_that_comes_late_drives_no_newer_one_out() -> None:
    unopened = Unopened()
    newest = [arrival() for _ in range(CHUNKS_MAX)]
    for number, one in enumerate(newest):
        unopened.hold(one, set_no=StreamSetNo(1), at=(1, 100 + number))
    unopened.hold(arrival(), set_no=StreamSetNo(1), at=(1, 99))
    assert [id(one) for one in unopened.take(A)] == [id(one) for one in newest]
