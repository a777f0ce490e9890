import random

import pytest

from contract.codes import Condition, RateSource
from firmware_bridge.drivers.creative_frames import command
from firmware_bridge.drivers.creative_pc300 import DRIVERS, CreativePc100Decoder, CreativePc300Decoder
from firmware_bridge.drivers.driver import Fact, Reading
from tests.simulators.devices.creative_pc300 import Pc300

NO_PRESSURE = {"sys": None, "mean": None, "dia": None, "cuff_pulse": None}


def read(data: bytes, decoder: CreativePc100Decoder | None = None) -> list[Reading]:
    decoder = decoder or CreativePc300Decoder()
    return [*decoder.feed(data), *decoder.finish()]


def one(token: int, kind: int, content: str = "", decoder: CreativePc100Decoder | None = None) -> Reading:
    [reading] = read(command(token, kind, bytes.fromhex(content)), decoder)
    return reading


def ecg(number: int, *counts: int, first: int = 0x80, off: int = 0) -> bytes:
    """Return an ECG frame: `counts`, then the centre."""
    content = bytearray((number,))
    for place in range(25):
        count = counts[place] if place < len(counts) else 2048
        content += bytes((count >> 8 | (0 if place else first), count & 0xFF))
    return command(0x32, 0x01, bytes((*content, 0, off)))


def test_spo2_pulse_and_wave_are_read_like_those_of_a_pc_60() -> None:
    assert one(0x52, 1, "5A57D24C45").samples == {"pleth": (90, 87, 82, 76, 69)}
    assert one(0x52, 1, "5A57D24C45").facts == {"beat": True}
    reading = one(0x53, 1, "5F55005700")
    assert (reading.kind, reading.values) == ("SpO2", {"spo2": 95, "pulse": 85, "pi": 87})
    assert one(0x53, 1, "5F55005702").conditions == frozenset({Condition.PROBE_OFF})


def test_a_blood_pressure_is_read() -> None:
    reading = one(0x43, 1, "00785D4848")
    assert reading.kind == "blood pressure"
    assert reading.values == {"sys": 120, "mean": 93, "dia": 72, "cuff_pulse": 72}
    assert reading.facts == {"arrhythmia": False}
    irregular = one(0x43, 1, "8104C8B450")
    assert irregular.values == {"sys": 260, "mean": 200, "dia": 180, "cuff_pulse": 80}
    assert irregular.facts == {"arrhythmia": True}


def test_a_blood_pressure_of_zeros_is_none_and_says_so() -> None:
    reading = one(0x43, 1, "0000000000")
    assert reading.values == NO_PRESSURE
    assert reading.facts["text"] == "the instrument told no pressure"


@pytest.mark.parametrize(
    ("decoder", "code", "word"),
    [
        (CreativePc100Decoder, "00", "no pulse"),
        (CreativePc100Decoder, "01", "cuff is loose"),
        (CreativePc100Decoder, "02", "not plausible"),
        (CreativePc100Decoder, "03", "295"),
        (CreativePc100Decoder, "04", "moved"),
        (CreativePc100Decoder, "0F", "battery"),
        (CreativePc100Decoder, "82", "295"),
        (CreativePc100Decoder, "8F", "battery"),
        (CreativePc100Decoder, "F3", "no pulse"),
        (CreativePc300Decoder, "02", "295"),
        (CreativePc300Decoder, "03", "no pulse"),
        (CreativePc300Decoder, "86", "leak"),
        (CreativePc300Decoder, "8C", "too long"),
        (CreativePc300Decoder, "0E", "battery"),
        (CreativePc300Decoder, "9F", "error 31 of table 1"),
    ],
)
def test_a_blood_pressure_that_failed_says_why(
    decoder: type[CreativePc100Decoder], code: str, word: str
) -> None:
    reading = one(0x43, 2, code, decoder())
    assert reading.values == NO_PRESSURE
    assert word in str(reading.facts["text"])


def test_the_pressure_in_the_cuff_is_a_fact() -> None:
    reading = one(0x42, 1, "112C")
    assert (reading.kind, reading.facts) == ("cuff", {"cuff_mmhg": 300, "beat": True})
    assert not reading.values


@pytest.mark.parametrize(
    ("content", "value", "text"),
    [
        ("40 02 9E", 3670, None),
        ("40 05 14", 4300, None),
        ("40 05 20", None, "too hot: above 43 Cel"),
        ("40 00 00", None, "no result"),
        ("40", None, "no result"),
        ("50 02 9E", None, "the probe is not connected"),
        ("60 02 9E", None, "no result in time"),
    ],
)
def test_a_temperature_is_told_when_it_is_done(content: str, value: int | None, text: str | None) -> None:
    reading = one(0x72, 1, content)
    assert reading.values == {"temp": value}
    assert reading.facts.get("text") == text


@pytest.mark.parametrize(("content", "state"), [("00 02 9E", "idle"), ("20 02 9E", "measuring")])
def test_a_temperature_on_its_way_is_no_value(content: str, state: str) -> None:
    reading = one(0x72, 1, content)
    assert (reading.values, reading.facts) == ({}, {"state": state, "is_probe_off": False})


@pytest.mark.parametrize(
    ("content", "values", "range_"),
    [
        ("00 00 56", {"glucose_mmol": 56}, "normal"),
        ("20 01 23", {"glucose_mmol": 123}, "high"),
        ("11 02 58", {"glucose_mg": 600}, "low"),
        ("31 03 F2", {"glucose_mg": 1010}, "3"),
        ("00 00 5A", {"glucose_mmol": None}, "normal"),
        ("00 00 00", {"glucose_mmol": None}, "normal"),
    ],
)
def test_glucose_keeps_its_unit(content: str, values: dict[str, int | None], range_: str) -> None:
    reading = one(0x73, 1, content)
    assert (reading.values, reading.facts["range"]) == (values, range_)
    assert ("text" in reading.facts) == (None in values.values())


def test_a_glucose_whose_writing_is_not_known_is_not_guessed() -> None:
    reading = one(0xE2, 1, "41 00 65")
    assert reading.values == {"glucose_mmol": None, "glucose_mg": None}
    assert reading.facts["data"] == "41 00 65"
    assert "display" in str(reading.facts["text"])


def test_an_ecg_frame_gives_25_samples_from_their_centre() -> None:
    [reading] = read(ecg(7, 2048, 2442, 0, 4095))
    assert reading.samples == {"ecg": (0, 394, -2048, 2047, *[0] * 21)}
    assert reading.facts == {"number": 7, "bits": 12, "is_preparing": False}
    assert reading.conditions == frozenset()
    [coarse] = read(ecg(0, *[128] * 23, 0, 255, first=0))
    assert coarse.samples == {"ecg": (*[0] * 23, -1770, 1756)}
    assert coarse.facts == {"number": 0, "bits": 8, "is_preparing": True}


def test_an_electrode_that_is_off_is_told() -> None:
    assert read(ecg(1, off=0x80))[0].conditions == frozenset({Condition.LEAD_OFF})


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [
        ((1, 2, 3), [0, 0, 0]),
        ((1, 3, 4), [0, 1, 0]),
        ((254, 1, 2), [0, 1, 0]),
        ((254, 255, 1), [0, 0, 0]),
        ((0, 0, 1), [0, 0, 0]),
        ((5, 5, 6), [0, 0, 0]),
        ((5, 0, 9), [0, 0, 0]),
        ((5, 200, 201), [0, 0, 0]),
    ],
)
def test_ecg_frames_that_vanished_are_known_by_their_number(
    numbers: tuple[int, ...], lost: list[int]
) -> None:
    decoder = CreativePc300Decoder()
    readings = read(b"".join(map(ecg, numbers)), decoder)
    assert [reading.lost for reading in readings] == lost
    assert decoder.counts.lost_samples.get("ecg", 0) == 25 * sum(lost)


def test_an_ecg_frame_whose_damage_was_told_is_not_counted_twice() -> None:
    decoder = CreativePc300Decoder()
    wave = command(0x52, 1, b"\1\2\3\4\5")
    readings = read(ecg(1) + ecg(2)[:-1] + b"\0" + wave + ecg(3) + ecg(5), decoder)
    assert [reading.lost for reading in readings] == [0, 1, 0, 1]
    assert decoder.counts.lost_samples == {"ecg": 50}


@pytest.mark.parametrize("between", [command(0x30, 1), command(0x30, 2), command(0x33, 1, bytes(3))])
def test_another_ecg_measurement_counts_anew(between: bytes) -> None:
    assert [reading.lost for reading in read(ecg(5) + between + ecg(7))] == [0, 0, 0]


def test_an_ecg_result_gives_a_rate_counted_on_ecg_and_the_instruments_words() -> None:
    reading = one(0x33, 1, "07 00 48")
    assert (reading.values, reading.facts) == ({"hr": 72}, {"finding": "irregular intervals"})
    assert one(0x33, 1, "00 00 00").values == {"hr": None}
    poor = one(0x33, 1, "FF 00 48")
    assert (poor.values, poor.facts) == ({"hr": None}, {"text": "the signal is too poor: measure again"})
    assert one(0x33, 1, "20 00 48").facts == {"finding": "finding 32, which is not described"}
    [rate] = [stream for stream in DRIVERS[1].streams if stream.name == "hr"]
    assert (rate.source, rate.rate_mhz) == (RateSource.ECG, 0)


@pytest.mark.parametrize(
    ("token", "kind", "content", "name", "facts"),
    [
        (0x34, 1, "018A", "ECG gain", {"gain": 394}),
        (0x41, 1, "01", "module", {"module": "blood pressure", "state": "busy"}),
        (
            0x54,
            1,
            "00 12 34",
            "module",
            {"module": "SpO2", "state": "done", "software": "1.2", "hardware": "3.4"},
        ),
        (0x71, 1, "07", "module", {"module": "temperature", "state": "07"}),
        (
            0x51,
            1,
            "12 34 13",
            "version",
            {"software": "1.2", "hardware": "3.4", "battery": 3, "charging": "charging"},
        ),
        (
            0x51,
            1,
            "12 34 33",
            "version",
            {"software": "1.2", "hardware": "3.4", "battery": 3, "charging": "3"},
        ),
        (0x51, 2, "00", "SpO2 probe", {}),
        (0xFF, 1, "50432D333030", "name", {"model": "PC-300"}),
        (0xFF, 2, "12 34 03", "version", {"software": "1.2", "hardware": "3.4", "battery": 3}),
        (0xFF, 4, "12 34 56 03", "version", {"software": "1.2.3.4", "hardware": "5.6", "battery": 3}),
        (0xFF, 3, "01", "clock", {"data": "01"}),
        (0xFF, 0x10, "01 02", "id", {"id": 513}),
        (0x30, 1, "", "ECG started", {}),
        (0x40, 2, "", "cuff stopped", {}),
        (0xE0, 3, "01", "glucometer set 03", {}),
    ],
)
def test_what_it_says_of_itself_is_told_as_facts(
    token: int, kind: int, content: str, name: str, facts: dict[str, Fact]
) -> None:
    reading = one(token, kind, content)
    assert (reading.kind, reading.facts, reading.values) == (name, facts, {})


@pytest.mark.parametrize(
    ("token", "kind", "content"),
    [
        (0x32, 1, "00" * 52),
        (0x33, 1, "00 00"),
        (0x34, 1, "00"),
        (0x42, 1, "00"),
        (0x43, 1, "00 78"),
        (0x43, 2, ""),
        (0x43, 3, "00"),
        (0x41, 1, ""),
        (0x51, 1, "00"),
        (0x51, 3, "00"),
        (0x52, 1, ""),
        (0x53, 1, "5F"),
        (0x72, 1, "40 02"),
        (0x72, 2, "00"),
        (0x73, 1, "00"),
        (0xFF, 2, "00"),
        (0xFF, 0x77, ""),
        (0x99, 1, "00"),
    ],
)
def test_a_sound_frame_that_is_not_as_described_is_unknown_and_no_measurement(
    token: int, kind: int, content: str
) -> None:
    reading = one(token, kind, content)
    assert (reading.kind, reading.values, reading.samples) == ("unknown", {}, {})
    assert reading.facts["data"] == bytes.fromhex(content).hex(" ")


def test_a_pc_100_has_no_ecg() -> None:
    assert [reading.kind for reading in read(ecg(1), CreativePc100Decoder())] == ["unknown"]
    assert {stream.name for stream in DRIVERS[1].streams} - {
        stream.name for stream in DRIVERS[0].streams
    } == {
        "ecg",
        "hr",
    }


def test_what_is_the_matter_is_that_of_all_modules_together() -> None:
    decoder = CreativePc300Decoder()
    readings = read(
        command(0x53, 1, bytes.fromhex("0000000002"))
        + ecg(1, off=0x80)
        + command(0x41, 1, b"\xff")
        + command(0x51, 1, bytes.fromhex("121001"))
        + command(0x42, 1, b"\0\1")
        + command(0x53, 1, bytes.fromhex("5F55005700"))
        + command(0x30, 2)
        + command(0x41, 1, b"\0")
        + command(0x51, 1, bytes.fromhex("121011")),
        decoder,
    )
    probe, lead = Condition.PROBE_OFF, Condition.LEAD_OFF
    fault, battery = Condition.DEVICE_FAULT, Condition.BATTERY_LOW
    assert [reading.conditions for reading in readings] == [
        {probe},
        {probe, lead},
        {probe, lead, fault},
        {probe, lead, fault, battery},
        None,
        {lead, fault, battery},
        {fault, battery},
        {battery},
        set(),
    ]
    decoder.feed(command(0x53, 1, bytes.fromhex("0000000002")))
    decoder.finish()
    assert decoder.feed(ecg(1))[0].conditions == frozenset()


def test_probe_bits_are_told_apart() -> None:
    assert one(0x51, 2, "08").conditions == frozenset({Condition.PROBE_OFF})
    assert one(0x51, 2, "40").conditions == frozenset({Condition.PROBE_FAULT})
    assert one(0xFF, 2, "12 34 01").conditions == frozenset({Condition.BATTERY_LOW})


def test_it_asks_for_name_battery_and_spo2_and_never_starts_a_cuff() -> None:
    pc100, pc300 = (driver.talk for driver in DRIVERS)
    assert pc100 is not None and pc300 is not None
    asks = command(0xFF, 0x01) + command(0x51, 0x01) + command(0x50, 0x01)
    assert (pc100.opening, pc300.opening) == (asks, asks + command(0x30, 0x05, b"\2"))
    device = Pc300(random.Random(1), now_s=0.0)
    answers = read(b"".join(device.hear(pc300.opening)))
    assert [reading.kind for reading in answers] == ["name", "version", "SpO2 started", "ECG set 05"]


def test_a_cuff_that_is_started_gives_a_blood_pressure_and_its_sender_knows_which() -> None:
    device = Pc300(random.Random(1), now_s=0.0)
    assert device.hear(command(0x40, 0x01)) == [command(0x40, 0x01)]
    readings = read(b"".join(device.advance(now_s=60.0)))
    told = {name: value for reading in readings for name, value in reading.values.items()}
    assert all(
        told[name] == device.sent[name][-1] for name in ("sys", "mean", "dia", "temp", "glucose_mmol", "hr")
    )
