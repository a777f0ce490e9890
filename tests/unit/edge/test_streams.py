from contract.ids import RecordClass, StreamSetNo
from contract.limits import COLUMNS_MAX
from edge.capture.streams import Sensor, map_streams
from firmware_bridge.events import StreamDescription
from tests.unit.edge.board_events import UID, connected, stream


def test_our_board_becomes_ecg_pleth_and_two_numerics() -> None:
    mapped = map_streams(connected(), StreamSetNo(7))
    assert mapped is not None
    assert mapped.event.set_no == 7
    assert mapped.event.device == UID.hex()
    told = [(s.stream, s.label, s.shape, s.unit, s.rate_mhz, s.scale) for s in mapped.event.streams]
    assert told == [
        (0, "ECG", "ecg", "uV", 250_000, 5.0),
        (1, "Pleth", "pleth", "1", 75_000, 1.0),
        (2, "SpO2", "numeric", "%", 1_000, 1.0),
        (3, "Pulse", "numeric", "/min", 1_000, 1.0),
    ]
    classes = [one.record_class for one in mapped.by_stream_id.values()]
    assert classes == [RecordClass.WAVEFORM] * 2 + [RecordClass.NUMERIC] * 2
    sensors = [one.sensor for one in mapped.by_stream_id.values()]
    assert sensors == [Sensor.LEADS, Sensor.PROBE, Sensor.PROBE, Sensor.PROBE]
    assert [one.is_signal for one in mapped.by_stream_id.values()] == [True, True, False, False]


def test_each_channel_of_a_stream_is_a_stream_of_the_set() -> None:
    mapped = map_streams(connected(stream(1, 1, 131328, channels=3), stream(2, 2, 150452)), StreamSetNo(1))
    assert mapped is not None
    assert mapped.by_stream_id[1].numbers == (0, 1, 2)
    assert mapped.by_stream_id[2].numbers == (3,)


def test_what_is_unknown_is_drawn_when_it_is_fast_and_a_number_when_it_is_slow() -> None:
    fast, slow = stream(1, 99, 4711, rate_mhz=50_000, unit=77), stream(2, 99, 4712, rate_mhz=1_000)
    mapped = map_streams(connected(fast, slow), StreamSetNo(1))
    assert mapped is not None
    assert [(s.shape, s.label) for s in mapped.event.streams] == [
        ("pleth", "MDC 4711"),
        ("numeric", "MDC 4712"),
    ]
    assert mapped.event.streams[0].unit == "1"


def test_kinds_without_a_known_code_have_their_kind_s_shape() -> None:
    kinds: list[StreamDescription] = [stream(n, n, 9_000 + n) for n in (1, 2, 3, 4, 5)]
    mapped = map_streams(connected(*kinds), StreamSetNo(1))
    assert mapped is not None
    assert [s.shape for s in mapped.event.streams] == ["ecg", "pleth", "pleth", "numeric", "numeric"]


def test_streams_beyond_the_limit_of_a_set_are_left_out() -> None:
    mapped = map_streams(connected(*(stream(n, 1, 131328) for n in range(COLUMNS_MAX + 3))), StreamSetNo(1))
    assert mapped is not None
    assert len(mapped.event.streams) == COLUMNS_MAX


def test_a_board_without_streams_has_no_set() -> None:
    assert map_streams(connected(streams=()), StreamSetNo(1)) is None
