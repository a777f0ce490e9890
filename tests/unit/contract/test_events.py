import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.events import (
    AnchorSet,
    BoxStarted,
    CallStep,
    CommandResult,
    Conditions,
    ConfigurationTold,
    DesiredApplied,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    Event,
    KeyMade,
    LeadReversal,
    LeadState,
    Measured,
    MeasuredValue,
    MediaState,
    Owed,
    PartFound,
    Press,
    RefusedSetting,
    SamplesLost,
    SelfTested,
    SettingTold,
    SpoolDamage,
    Status,
    Stream,
    StreamSet,
    Tombstone,
    VisitClosed,
    VisitOpened,
    encode_event,
    event_body,
    parse_event,
)
from contract.ids import RecordClass
from contract.limits import EVENT_MAX_BYTES
from contract.short_events import lengthen, shorten
from contract.varints import VARINT_MAX

STREAM = Stream(stream=1, mdc=131330, label="II", shape="ecg", rate_mhz=250_000, scale=2.5, unit="uV")
STATUS = Status(
    owed={"0": Owed(records=0), "2": Owed(records=3, oldest_age_s=1.5)},
    spool_bytes=1,
    disk_free_bytes=2,
    round_trip_ms=600,
    connected_for_s=3.25,
    frames_damaged=4,
    samples_lost=5,
    refused=6,
)
FULL_STATUS = Status(
    owed={},
    spool_bytes=48_234_496,
    disk_free_bytes=21_474_836_480,
    round_trip_ms=640,
    connected_for_s=86_400.5,
    frames_damaged=0,
    samples_lost=0,
    refused=0,
    loss_permille=12,
    up_bps=96_000,
    reconnects=3,
    cpu_c=54.1,
    power="was low",
    clock_off_ms=-1250,
    clock_sure=False,
    disk_mb=31_268,
    memory_mb=3_203,
    written_mb=2_097,
)
ALL = [
    FULL_STATUS,
    DesiredApplied(
        version=7,
        epoch=5,
        hash="0" * 32,
        taken=("volume_pct",),
        refused=(RefusedSetting(name="of_tomorrow", why="not known here"),),
        replaces=9,
    ),
    DesiredApplied(version=0, epoch=0, taken=()),
    CommandResult(command="0" * 16, state="done", text="x" * 2_000, object="a" * 32),
    SelfTested(by="button", state="waits"),
    SelfTested(by="station", state="done", parts=(PartFound(part="camera", is_well=False, text="mất"),)),
    ConfigurationTold(
        software="0.1.0",
        version=7,
        settings=(SettingTold(name="volume_pct", value="80", origin="hub"),),
        place=(),
    ),
    KeyMade(key_id=7, wrapped_key=bytes(range(80))),
    BoxStarted(software="0.1.0", drafts_recovered=3),
    StreamSet(set_no=1, device="board-1", streams=(STREAM,)),
    StreamSet(
        set_no=2,
        device="nonin-1",
        streams=(STREAM.model_copy(update={"source": "pleth"}),),
        model="Nonin 3012",
        unverified="format 8",
        detects_pacing=False,
    ),
    Press(device="board-1", device_boot=2, press_count=1, learned_from="heartbeat", nudges=5),
    Press(device="board-1", device_boot=2, press_count=1, learned_from="pressed at boot"),
    CallStep(call_seq=6, step="at the hub"),
    CallStep(call_seq=6, step="ended", spool="0123456789abcdef"),
    LeadState(device="board-1", off=(0, 2)),
    DeviceState(device="usb:1-1.2", state="gone", text="rút dây 🫀"),
    Conditions(device="nonin-1", on=("probe off", "a word of a newer box")),
    Conditions(device="nonin-1", on=()),
    Measured(
        device="pc300-1",
        values=(
            MeasuredValue(mdc=150021, value=120.0, unit="mm[Hg]"),
            MeasuredValue(mdc=150364, value=-0.5, unit="Cel"),
        ),
        device_time="2014-01-01 00:00",
        unverified="blood pressure",
    ),
    Measured(device="pc300-1", values=(), text="cuff: air leak"),
    LeadReversal(device="board-1", suspected="RA-LA"),
    LeadReversal(device="board-1"),
    DeviceQuestion(device="nonin-new-2", candidates=("nonin-1", "nonin-2"), port="usb 1-1.2"),
    DeviceConfirmed(device="nonin-new-2", is_device="nonin-1", by="Lan"),
    DeviceConfirmed(device="nonin-new-2", by="box"),
    SamplesLost(set_no=1, stream=0, first_index=0, count=VARINT_MAX, reason="absent"),
    VisitOpened(visit=1, how="next person"),
    VisitClosed(visit=1, why="sensors off 30 min"),
    MediaState(camera="off", microphone="busy", loudspeaker="lost", text="loa bị rút"),
    AnchorSet(boot=1, t_us=0, utc_us=1_800_000_000_000_000, err_us=300_000, source="hub"),
    STATUS,
    STATUS.model_copy(update={"round_trip_ms": None, "connected_for_s": None}),
    Tombstone(record_class=2, first_seq=5, last_seq=5, why="disk full"),
    Tombstone(record_class=1, first_seq=5, last_seq=9, why="damaged", spool="0123456789abcdef"),
    SpoolDamage(what="set aside", text="file is not a database"),
    SpoolDamage(what="recovered", text="", spool="0123456789abcdef", recovered=17, lost=0),
]


@pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert parse_event(encode_event(event)) == event


@given(st.binary(max_size=256))
def test_a_wrapped_key_of_any_bytes_travels_as_base64(wrapped_key: bytes) -> None:
    event = KeyMade(key_id=1, wrapped_key=wrapped_key)
    assert event.wrapped_key == wrapped_key
    assert parse_event(encode_event(event)) == event


def refusal_of(text: str | bytes) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        parse_event(text.encode() if isinstance(text, str) else text)
    return caught.value.refusal


LEADS = '{"event":"leads","device":"board-1","off":[OFF]}'


@pytest.mark.parametrize("off", ["true", '"1"', "1.0", "1e0", "-1", "NaN", "null", "9223372036854775808"])
def test_a_number_of_another_type_or_range_is_refused(off: str) -> None:
    assert parse_event(LEADS.replace("OFF", "1").encode()) == LeadState(device="board-1", off=(1,))
    assert refusal_of(LEADS.replace("OFF", off)) is Refusal.MALFORMED


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "-0.5"])
def test_seconds_that_are_no_finite_duration_are_refused(value: str) -> None:
    text = encode_event(STATUS).decode()
    assert refusal_of(text.replace("3.25", value)) is Refusal.MALFORMED
    assert refusal_of(text.replace("1.5", value)) is Refusal.MALFORMED


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_our_own_code_cannot_say_nan_or_infinity(value: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Owed(records=1, oldest_age_s=value)


@pytest.mark.parametrize("key", ["!!!AA==!!", "A", "AA\\n==", "é", "A" * 344])
def test_what_is_not_base64_or_too_long_is_no_wrapped_key(key: str) -> None:
    assert refusal_of(f'{{"event":"key","key_id":1,"wrapped_key":"{key}"}}') is Refusal.MALFORMED


def test_an_event_of_a_newer_box_is_told_from_a_malformed_one() -> None:
    assert refusal_of('{"event":"temperature","celsius":37}') is Refusal.UNKNOWN_VERSION
    assert refusal_of('{"temperature":37}') is Refusal.MALFORMED
    assert refusal_of('{"event":7}') is Refusal.UNKNOWN_VERSION


def test_a_field_of_a_newer_box_is_ignored() -> None:
    event = LeadState(device="board-1", off=())
    more = encode_event(event)[:-1] + b',"mood":"calm"}'
    assert parse_event(more) == event


def test_the_last_of_a_doubled_key_counts() -> None:
    assert parse_event(b'{"event":"leads","device":"a","off":[1],"off":[2]}') == LeadState(
        device="a", off=(2,)
    )


@pytest.mark.parametrize("device", ["", "a b", "a\\n", "a/b", "é", "a" * 65])
def test_a_device_is_named_in_plain_letters(device: str) -> None:
    assert refusal_of(f'{{"event":"leads","device":"{device}","off":[]}}') is Refusal.MALFORMED


def test_a_tombstone_whose_end_is_before_its_start_is_refused() -> None:
    text = '{"event":"tombstone","record_class":2,"first_seq":5,"last_seq":4,"why":"x"}'
    assert refusal_of(text) is Refusal.MALFORMED


STATUS_MAX_BYTES = 300  # with all that a box can tell, at its longest


def test_a_status_that_tells_all_is_still_small() -> None:
    owed = {str(n): Owed(records=10**7 + 3 * n, oldest_age_s=864_012.3 + n) for n in range(4)}
    longest = FULL_STATUS.model_copy(update={"owed": owed, "connected_for_s": 98_765.4, "up_bps": 12_345_678})
    assert len(encode_event(longest)) > STATUS_MAX_BYTES > 1.5 * len(shorten(encode_event(longest)))


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.event)
def test_an_event_made_short_is_the_same_event_and_never_longer(event: Event) -> None:
    json = encode_event(event)
    assert len(shorten(json)) <= len(json)
    assert parse_event(shorten(json)) == event


def test_a_press_can_be_read_without_anything_else() -> None:
    press = Press(device="board-1", device_boot=2, press_count=1, learned_from="event")
    assert event_body(press, RecordClass.CALL) == encode_event(press)
    assert event_body(press, RecordClass.NUMERIC) == shorten(encode_event(press))


SHORT = shorten(encode_event(FULL_STATUS))


@pytest.mark.parametrize("raw", [SHORT[:1], SHORT[:-1], SHORT + b"\0", b"\x01" + b"\xff" * 9], ids=range(4))
def test_what_is_not_quite_a_short_event_is_refused(raw: bytes) -> None:
    assert refusal_of(raw) is Refusal.MALFORMED


def test_a_short_event_that_would_fill_the_memory_is_refused_before_it_does() -> None:
    assert len(lengthen(shorten(b" " * 50_000_000))) == EVENT_MAX_BYTES + 1
    assert refusal_of(shorten(b" " * (EVENT_MAX_BYTES + 1))) is Refusal.OVERSIZED


def test_a_status_of_an_older_box_is_read_and_what_it_does_not_tell_is_unknown() -> None:
    old = (
        b'{"event":"status","owed":{},"spool_bytes":1,"disk_free_bytes":2,"frames_damaged":0,'
        b'"samples_lost":0,"refused":0}'
    )
    status = parse_event(old)
    assert isinstance(status, Status)
    unknown = (status.loss_permille, status.up_bps, status.reconnects, status.cpu_c, status.power)
    assert {*unknown, status.clock_off_ms, status.clock_sure, status.disk_mb, status.memory_mb} == {None}


@pytest.mark.parametrize("field", ['"power":"weak"', '"cpu_c":900', '"clock_sure":1', '"loss_permille":1001'])
def test_a_figure_that_cannot_be_is_refused(field: str) -> None:
    raw = encode_event(FULL_STATUS)[:-1] + b"," + field.encode() + b"}"
    assert refusal_of(raw) is Refusal.MALFORMED


def test_the_limit_of_an_event_holds_on_both_sides() -> None:
    streams = tuple(STREAM.model_copy(update={"stream": n, "label": "x" * 199}) for n in range(64))
    with pytest.raises(OwnFaultError, match="8192"):
        encode_event(StreamSet(set_no=1, device="board-1", streams=streams))
    assert refusal_of(b" " * (EVENT_MAX_BYTES + 1)) is Refusal.OVERSIZED


def test_sixty_four_streams_with_ordinary_labels_fit_an_event() -> None:
    streams = tuple(STREAM.model_copy(update={"stream": n}) for n in range(64))
    event = StreamSet(set_no=1, device="board-1", streams=streams)
    assert parse_event(encode_event(event)) == event


def test_a_refusal_names_the_field_and_not_its_value() -> None:
    with pytest.raises(RefusedError, match=r"event leads\.off\.0: Input should be a valid integer") as caught:
        parse_event(LEADS.replace("OFF", '"Nguyen"').encode())
    assert "Nguyen" not in str(caught.value)
