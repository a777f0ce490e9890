import numpy as np

from contract.chunks import Column
from contract.events import Stream
from contract.ids import StreamSetNo, VisitNo
from edge.capture.recent import RATE_AFTER_S, STREAMS_MAX, Recent

SET, VISIT = StreamSetNo(7), VisitNo(1)
WAVE = Stream(stream=0, mdc=131329, label="I", shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV")
SPO2 = Stream(stream=1, mdc=150456, label="SpO2", shape="numeric", rate_mhz=1_000, scale=1.0, unit="%")


def column(first: int, values: list[int], *, stream: Stream = WAVE, rate_hz: float = 250.0) -> Column:
    t_us = round(first * 1e6 / rate_hz)
    return Column(stream.stream, first, t_us, t_us, np.array(values, np.int32))


def take(
    recent: Recent, one: Column, *, stream: Stream = WAVE, visit: VisitNo = VISIT, now_us: int = 0
) -> None:
    recent.take(one, stream, set_no=SET, visit=visit, now_us=now_us)


def test_samples_that_came_twice_are_kept_once_and_old_ones_go() -> None:
    recent = Recent()
    for first in (0, 25, 0, 50):
        take(recent, column(first, [1] * 25))
    assert [one.first_index for one in recent.runs((SET, 0), VISIT, from_index=0)] == [0, 25, 50]
    assert [one.first_index for one in recent.runs((SET, 0), VISIT, from_index=26)] == [25, 50]
    take(recent, column(250 * 60, [1] * 25))
    assert [one.first_index for one in recent.runs((SET, 0), VISIT, from_index=0)] == [250 * 60]


def test_a_stream_that_truly_comes_faster_is_told_so_after_a_minute_and_not_for_every_tick() -> None:
    recent, told = Recent(), set()
    for first in range(0, round(250 * RATE_AFTER_S * 2), 250):
        take(recent, column(first, [0] * 250, rate_hz=250.05))  # 200 ppm
        told.add(recent.rate_mhz((SET, 0), WAVE))
    assert told == {250_000, 250_050}


def test_a_number_knows_since_when_it_is_as_it_is() -> None:
    recent = Recent()
    take(recent, column(0, [97], stream=SPO2, rate_hz=1.0), stream=SPO2, now_us=10)
    take(recent, column(1, [97], stream=SPO2, rate_hz=1.0), stream=SPO2, now_us=1_000_010)
    number = recent.number((SET, 1), VISIT)
    assert number is not None
    assert (number.measured_us, number.received_us, number.changed_us) == (1_000_000, 1_000_010, 0)
    take(recent, column(2, [97, 96, 96], stream=SPO2, rate_hz=1.0), stream=SPO2)
    number = recent.number((SET, 1), VISIT)
    assert number is not None
    assert (number.raw, number.measured_us, number.changed_us) == (96, 4_000_000, 3_000_000)
    assert recent.number((SET, 1), VisitNo(2)) is None


def test_devices_that_begin_again_and_again_fill_no_memory() -> None:
    recent = Recent()
    for number in range(STREAMS_MAX + 9):
        recent.take(column(0, [1]), WAVE, set_no=StreamSetNo(number + 1), visit=VISIT, now_us=0)
    assert recent.runs((StreamSetNo(9), 0), VISIT, from_index=0) == []
    assert len(recent.runs((StreamSetNo(STREAMS_MAX + 9), 0), VISIT, from_index=0)) == 1
