import random
from collections.abc import Callable

import pytest

from contract.codes import Condition, RateSource
from firmware_bridge.drivers.catalogue import all_drivers, driver_named
from firmware_bridge.drivers.driver import Decoder, Reading
from firmware_bridge.drivers.protocentral import HealthyPi3Decoder, HealthyPi4Decoder, HealthyPi5Decoder
from firmware_bridge.drivers.protocentral_frames import GET_STATUS, RESTART, command
from tests.simulators.devices.protocentral import HealthyPi4

V4 = bytes.fromhex("0A FA 14 00 02 7B 00 D3 FF AC 01 02 00 11 CF 01 00 44 0E 10 62 48 50 78 00 00 0B")
V5 = bytes.fromhex("0A FA 16 00 02 24 FA FF FF 00 50 00 00 00 11 CF 01 00 AC 01 02 00 44 0E 62 48 10 00 0B")
NUMBERS = {"spo2": 98, "heart_rate": 72, "respiration_rate": 16, "temperature": 3652}


def changed(frame: bytes, place: int, data: str) -> bytes:
    """Another `data` from byte `place` of the frame's data on."""
    new = bytes.fromhex(data)
    return frame[: 5 + place] + new + frame[5 + place + len(new) :]


def read(data: bytes, decoder: Decoder) -> list[Reading]:
    return [*decoder.feed(data), *decoder.finish()]


@pytest.mark.parametrize("decoder", [HealthyPi3Decoder, HealthyPi4Decoder])
def test_a_frame_of_v3_and_v4_gives_waves_and_numbers(decoder: Callable[[], Decoder]) -> None:
    [reading] = read(V4, decoder())
    assert reading.samples == {"ecg": (123,), "respiration": (-45,), "pleth": (131500,), "red": (118545,)}
    assert reading.values == NUMBERS
    assert reading.conditions == frozenset()


def test_v3_says_by_a_bit_each_how_electrodes_and_probe_are() -> None:
    leads, probe, both = (read(changed(V4, 19, f"0{n}"), HealthyPi3Decoder())[0] for n in (1, 2, 3))
    assert leads.values == NUMBERS | {"heart_rate": None, "respiration_rate": None}
    assert leads.conditions == frozenset({Condition.LEAD_OFF})
    assert probe.values == NUMBERS | {"spo2": None}
    assert probe.conditions == frozenset({Condition.PROBE_OFF})
    assert both.conditions == frozenset({Condition.PROBE_OFF, Condition.LEAD_OFF})


@pytest.mark.parametrize(("status", "is_off"), [("01", True), ("10", True), ("1F", True), ("20", False)])
def test_v4_says_by_five_bits_that_a_lead_is_off(status: str, is_off: bool) -> None:
    [reading] = read(changed(V4, 19, status), HealthyPi4Decoder())
    assert reading.conditions == (frozenset({Condition.LEAD_OFF}) if is_off else frozenset())
    assert (reading.values["heart_rate"] is None) is is_off


def test_what_stands_in_the_place_of_a_blood_pressure_is_not_told() -> None:
    assert not [stream for stream in driver_named("healthypi-v4").streams if "pressure" in stream.name]
    assert set(read(V4, HealthyPi4Decoder())[0].values) == set(NUMBERS)


def test_zeros_and_the_temperature_of_a_room_are_no_values() -> None:
    [reading] = read(changed(V4, 12, "CA 08 00 00 00"), HealthyPi4Decoder())  # 22.5 °C
    assert set(reading.values.values()) == {None}
    [reading] = read(changed(V4, 15, "65"), HealthyPi4Decoder())
    assert reading.values["spo2"] is None


def test_a_frame_of_healthypi_5_gives_waves_and_numbers() -> None:
    [reading] = read(V5, HealthyPi5Decoder())
    assert reading.samples == {"ecg": (-1500,), "respiration": (20480,), "pleth": (131500,), "red": (118545,)}
    assert reading.values == NUMBERS
    assert (reading.conditions, reading.facts) == (frozenset(), {})
    [reading] = read(changed(V5, 8, "FF"), HealthyPi5Decoder())
    assert reading.facts == {"respiration_repeated": True}


@pytest.mark.parametrize("end", ["FF FF 01 00", "00 00 FE FF", "10 00 00 00"], ids=["high", "low", "flat"])
def test_an_ecg_of_healthypi_5_that_stands_still_for_half_a_second_has_a_lead_off(end: str) -> None:
    readings = read(V5 + changed(V5, 0, end) * 70 + V5, HealthyPi5Decoder())
    off = [reading.conditions == frozenset({Condition.LEAD_OFF}) for reading in readings]
    begins = 65 if end == "10 00 00 00" else 64  # the first of equal samples has changed
    assert off == [False] * begins + [True] * (71 - begins) + [False]
    assert all(
        (reading.values["heart_rate"] is None) is (at >= begins and at < 71)
        for at, reading in enumerate(readings)
    )
    assert all(reading.values["spo2"] == 98 for reading in readings)


def test_the_next_stream_begins_with_electrodes_on() -> None:
    decoder = HealthyPi5Decoder()
    still = changed(V5, 0, "FF FF 01 00")
    read(still * 64, decoder)
    assert not any(reading.conditions for reading in read(still * 63, decoder))


@pytest.mark.parametrize(
    ("place", "data"),
    [(0, "00 00 02 00"), (4, "00 00 80 00"), (8, "01"), (9, "00 00 00 7F"), (13, "00 00 00 80")],
)
def test_what_healthypi_5_cannot_say_is_no_frame(place: int, data: str) -> None:
    assert read(changed(V5, place, data), HealthyPi5Decoder()) == []


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 25, 26])
def test_a_frame_whose_ends_length_or_type_are_wrong_costs_itself_only(at: int) -> None:
    bad = V4[:at] + bytes((V4[at] ^ 0x04,)) + V4[at + 1 :]
    decoder = HealthyPi4Decoder()
    readings = read(V4 + bad + V4, decoder)
    assert [reading.lost for reading in readings] == [0, 1]
    assert decoder.counts.lost_samples == {"ecg": 1, "respiration": 1, "pleth": 1, "red": 1}


def test_the_beginning_of_a_frame_may_stand_in_the_data_of_one() -> None:
    inside = changed(V4, 0, "0A FA 14 00 02")
    decoder = HealthyPi4Decoder()
    readings = read(V4 + inside + b"\x0a" + V4, decoder)
    assert [reading.offset for reading in readings] == [0, 27, 55]
    readings = read(inside[:12] + V4, decoder)
    assert [reading.samples["ecg"] for reading in readings] == [(123,)]


def test_a_frame_that_was_cut_short_does_not_end_in_the_next() -> None:
    following = changed(V4, 1, "00 0B")  # the end of a frame stands in its data
    readings = read(V4 + V4[:19] + following + V4, HealthyPi4Decoder())
    assert [reading.offset for reading in readings] == [0, 46, 73]
    assert [reading.lost for reading in readings] == [0, 1, 0]


def test_text_before_the_stream_is_no_damage() -> None:
    decoder = HealthyPi4Decoder()
    read(b"Initiliziation is done\r\n" + V4, decoder)
    assert (decoder.counts.damaged, decoder.counts.lost_frames, decoder.counts.discarded_bytes) == (0, 0, 24)


def test_the_source_of_a_heart_rate_is_named() -> None:
    sources = {
        driver.name: stream.source
        for driver in all_drivers().values()
        for stream in driver.streams
        if stream.name == "heart_rate"
    }
    assert {name: sources[name] for name in sources if name.startswith(("healthypi", "ads"))} == {
        "healthypi-v3": RateSource.ECG,
        "healthypi-v4": RateSource.ECG,
        "healthypi-5": RateSource.DEVICE,
        "healthypi-5-ov3": RateSource.DEVICE,
        "ads1292r": RateSource.ECG,
    }


def test_the_host_can_ask_and_restart_a_healthypi_5() -> None:
    assert command(GET_STATUS).hex(" ") == "0a fa 01 00 01 40 00 0b"
    assert command(RESTART).hex(" ") == "0a fa 01 00 01 41 00 0b"
    assert command(0x51, b"\x01\x02").hex(" ") == "0a fa 03 00 01 51 01 02 00 0b"


def test_numbers_are_those_of_the_board() -> None:
    device = HealthyPi4(random.Random(5), now_s=0.0)
    frames = [device.next_frame() for _ in range(400)]
    device.has_contact = False
    frames += [device.next_frame() for _ in range(100)]
    readings = read(b"".join(frames), HealthyPi4Decoder())
    for name in NUMBERS:
        assert [reading.values[name] for reading in readings] == device.sent[name]
    assert [bool(reading.conditions) for reading in readings] == [False] * 400 + [True] * 100
