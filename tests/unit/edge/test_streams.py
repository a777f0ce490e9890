import pytest

from contract.codes import HEART_RATE, RateSource
from contract.ids import RecordClass, StreamSetNo
from contract.limits import COLUMNS_MAX
from edge.capture.streams import Sensor, map_streams
from firmware_bridge.events import InstrumentStream, StreamDescription, StreamKind, StreamUnit
from tests.unit.edge.board_events import OURS, UID, connected, stream
from tests.unit.edge.instrument_events import BARE_ECG, CUFF, NUMBERS_ONLY, plugged


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


def test_an_instrument_s_streams_keep_their_places_and_say_what_they_are_of() -> None:
    mapped = map_streams(plugged("finger-1", model="Finger 1", unverified="its alarms"), StreamSetNo(4))
    assert mapped is not None
    assert (mapped.event.device, mapped.event.model, mapped.event.unverified) == (
        "finger-1",
        "Finger 1",
        "its alarms",
    )
    assert mapped.event.detects_pacing is None  # nobody knows
    told = [(s.stream, s.mdc, s.label, s.shape, s.unit, s.source) for s in mapped.event.streams]
    assert told == [
        (0, 150452, "Pleth", "pleth", "1", None),
        (1, 150456, "SpO2", "numeric", "%", None),
        (2, 149530, "Pulse", "numeric", "/min", "pleth"),
    ]
    assert {one.sensor for one in mapped.by_stream_id.values()} == {Sensor.PROBE}
    assert [one.is_signal for one in mapped.by_stream_id.values()] == [True, False, False]


def test_a_single_measurement_is_no_stream_and_leaves_the_places_of_the_others() -> None:
    mapped = map_streams(plugged("pc-300", streams=CUFF[:1] + BARE_ECG), StreamSetNo(1))
    assert mapped is not None
    assert [s.label for s in mapped.event.streams] == ["I"]
    assert mapped.by_stream_id[1].numbers == (0,)
    assert mapped.by_stream_id[1].sensor is Sensor.LEADS
    assert map_streams(plugged("cuff", streams=CUFF), StreamSetNo(1)) is None


def test_numbers_are_the_signal_only_where_there_is_no_waveform() -> None:
    mapped = map_streams(plugged("masimo", streams=NUMBERS_ONLY), StreamSetNo(1))
    assert mapped is not None
    assert all(one.is_signal for one in mapped.by_stream_id.values())


@pytest.mark.parametrize(
    ("source", "sensor"),
    [
        (RateSource.ECG, Sensor.LEADS),
        (RateSource.PLETH, Sensor.PROBE),
        (RateSource.DEVICE, Sensor.OTHER),
        (RateSource.CUFF, Sensor.OTHER),
    ],
)
def test_a_heart_rate_hangs_on_what_it_is_counted_on(source: RateSource, sensor: Sensor) -> None:
    rate = InstrumentStream(
        name="rate", kind=StreamKind.NUMERIC, mdc=HEART_RATE, rate_mhz=1_000, unit="/min", source=source
    )
    mapped = map_streams(plugged("monitor", streams=(*BARE_ECG, rate)), StreamSetNo(1))
    assert mapped is not None
    assert mapped.by_stream_id[1].sensor is sensor
    assert mapped.event.streams[1].source == source.value


def test_a_board_s_heart_rate_is_of_its_ecg_and_its_pulse_of_its_pleth() -> None:
    rate = stream(5, StreamKind.NUMERIC, HEART_RATE, rate_mhz=1_000, unit=StreamUnit.PER_MINUTE)
    mapped = map_streams(connected(*OURS, rate), StreamSetNo(1))
    assert mapped is not None
    assert [s.source for s in mapped.event.streams] == [None, None, None, "pleth", "ecg"]
