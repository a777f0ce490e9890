import random

import pytest

from contract.codes import Condition
from firmware_bridge.drivers.contec_cms50_v7 import DRIVERS, ContecCDecoder
from firmware_bridge.drivers.contec_packets import PACKETS, SIZES, command, packed, unpacked
from firmware_bridge.drivers.driver import Fact, Reading
from firmware_bridge.errors import EncodeError
from tests.simulators.devices.contec_cms50_v7 import ANSWERS, ContecC

LIVE = "01 E0 84 93 92 BC E3 FF FF"
NO_FINGER = "01 E1 84 C0 90 80 80 FF FF"


def read(text: str, decoder: ContecCDecoder | None = None) -> list[Reading]:
    decoder = decoder or ContecCDecoder()
    return [*decoder.feed(bytes.fromhex(text)), *decoder.finish()]


def test_a_real_live_packet_gives_wave_and_numbers() -> None:
    [reading] = read(LIVE)
    assert reading.samples == {"pleth": (19,)}
    assert reading.values == {"spo2": 99, "pulse": 60, "pi": None}
    assert reading.conditions == frozenset()
    assert reading.facts == {"strength": 4, "beat": False, "bar": 2}
    assert read("01 E0 C4 93 92 BC E3 FF FF")[0].facts["beat"] is True


def test_a_real_packet_without_a_finger_has_no_numbers_though_it_says_zero() -> None:
    [reading] = read(NO_FINGER)
    assert reading.samples == {"pleth": (64,)}
    assert reading.values == {"spo2": None, "pulse": None, "pi": None}
    assert reading.conditions == frozenset({Condition.PROBE_OFF})


def live(*data: int) -> Reading:
    [reading] = read(packed(1, bytes(data)).hex())
    return reading


def test_the_perfusion_index_counts_when_its_flag_says_so() -> None:
    assert live(4, 19, 2, 60, 99, 0x5E, 0x01).values["pi"] == 350
    assert live(4, 19, 0x12, 60, 99, 0x5E, 0x01).values["pi"] is None
    assert live(4, 19, 2, 60, 99, 0xFF, 0xFF).values["pi"] is None
    assert live(4, 19, 2, 60, 99, 0, 0).values["pi"] is None


@pytest.mark.parametrize("spo2", [0, 0x7F, 0xFF])
@pytest.mark.parametrize("pulse", [0, 0xFF])
def test_every_way_to_say_no_value_is_none(spo2: int, pulse: int) -> None:
    assert live(4, 19, 2, pulse, spo2, 0, 0).values == {"spo2": None, "pulse": None, "pi": None}


def test_a_pulse_of_127_is_a_pulse() -> None:
    assert live(4, 19, 2, 127, 99, 0, 0).values["pulse"] == 127


@pytest.mark.parametrize(("data", "on"), [((0x14, 19), 1), ((4, 0x93), 1), ((0x24, 19), 0)])
def test_a_search_takes_the_numbers_away_and_an_alarm_does_not(data: tuple[int, int], on: int) -> None:
    reading = live(*data, 2, 60, 99, 0, 0)
    assert reading.conditions == frozenset({Condition.SEARCHING} if on else {Condition.ALARM})
    assert reading.values["spo2"] == (None if on else 99)
    assert reading.samples == {"pleth": (19,)}


@pytest.mark.parametrize(
    "data",
    [
        (9, 19, 2, 60, 99, 0, 0),
        (4, 19, 0x22, 60, 99, 0, 0),
        (4, 19, 2, 60, 101, 0, 0),
        (4, 19, 2, 60, 99, 0, 9),
    ],
)
def test_what_cannot_be_is_no_packet(data: tuple[int, ...]) -> None:
    assert read(packed(1, bytes(data)).hex()) == []


@pytest.mark.parametrize(
    ("packet", "kind", "facts"),
    [
        ("02 80 80 A0 A0 A0 A0 A0 A0", "model", {"part": 0, "model": ""}),
        ("02 81 FF A0 A0 A0 A0 A0 A0", "model", {"part": 255, "model": ""}),
        ("03 80 A0 A0 A0 A0 A0 A0 A0", "vendor", {"vendor": ""}),
        ("04 80 F5 F3 E5 F2 A0 A0 A0", "id", {"id": "user"}),
        ("05 80 81 F5 F3 E5 F2 A0 A0", "user", {"user": 1, "name": "user"}),
        ("06 80 80 87", "answer to A0", {"data": "00 07"}),
        ("07 80 80 81 94 8A 87 88", "stored date", {"user": 0, "segment": 1, "date": "2010-07-08"}),
        ("12 80 80 81 8D 8E 8F 80", "stored time", {"user": 0, "segment": 1, "time": "13:14:15"}),
        ("08 84 80 81 80 82 80 80", "stored length", {"user": 0, "segment": 1, "length": 640}),
        ("09 84 E1 BC DE 80", "stored with PI", {"spo2": 97, "pulse": 60, "pi": 2.22}),
        ("09 8C FF 80 FF FF", "stored with PI", {"spo2": None, "pulse": None, "pi": None}),
        ("0A 80 80 83", "segments", {"user": 0, "segments": 3}),
        ("0B 81 C3 85", "feedback", {"command": "C3", "reason": "not supported"}),
        ("0C 80", "free", {}),
        ("0D 80 81", "disconnect", {"reason": "shut down"}),
        ("0D 81 FF", "disconnect", {"reason": "unknown"}),
        ("0E 80 81", "PI support", {"has_pi": False}),
        (
            "0F 80 E1 BC E0 BD 80 80",
            "stored",
            {"spo2_1": 97, "pulse_1": 60, "spo2_2": 96, "pulse_2": 61},
        ),
        ("10 80 82", "users", {"users": 2}),
        ("11 80 81 81 80 80 80 80 80", "notice", {"has_stored": True}),
        ("11 80 82 81 80 80 80 80 80", "notice", {"notice": 2, "data": 1}),
        ("13 80 C1 E2 A0 A0 A0 A0 A0", "answer to B3", {"text": "Ab"}),
        ("14 80 A0 A0 A0 A0 A0 80 80", "second answer to B3", {"text": ""}),
        ("15 84 80 81 A1 80 80 80 80", "stored identifiers", {"user": 0, "segment": 1, "has_pi": True}),
    ],
)
def test_every_kind_of_packet_is_read_whole_and_is_no_measurement(
    packet: str, kind: str, facts: dict[str, Fact]
) -> None:
    [reading] = read(packet)
    assert (reading.kind, reading.facts, reading.size) == (kind, facts, len(bytes.fromhex(packet)))
    assert not reading.values and not reading.samples and reading.conditions is None
    assert packed(bytes.fromhex(packet)[0], unpacked(bytes.fromhex(packet))).hex(" ").upper() == packet


@pytest.mark.parametrize(
    "packet",
    [
        packed(2, b"\0\1bcdef"),
        packed(3, b"\1bcdefg"),
        packed(5, b"\0\1bcdef"),
        packed(7, bytes((0, 0, 20, 10, 13, 1))),
        packed(0x12, bytes((0, 0, 24, 0, 0, 0))),
        packed(9, bytes((101, 60, 0, 0))),
        packed(9, bytes((97, 60, 0, 9))),
        packed(0x0F, bytes((97, 60, 101, 60, 0, 0))),
        packed(0x0B, bytes((0xB1, 9))),
        packed(0x0D, b"\7"),
        packed(0x0E, b"\2"),
        packed(0x11, bytes((1, 2, 0, 0, 0, 0, 0))),
        packed(0x11, bytes((1, 1, 0, 0, 0, 0, 3))),
        packed(0x15, bytes((0, 0, 0xA2, 0, 0, 0, 0))),
        bytes.fromhex("0C 81"),
    ],
)
def test_a_packet_that_says_what_it_cannot_say_is_none(packet: bytes) -> None:
    assert read(packet.hex()) == []


def test_a_packet_cut_short_does_not_swallow_the_next() -> None:
    decoder = ContecCDecoder()
    readings = read(f"{LIVE} {LIVE[:-9]} {LIVE} {LIVE}", decoder)
    assert [reading.offset for reading in readings] == [0, 15, 24]
    assert [reading.lost for reading in readings] == [0, 1, 0]
    assert (decoder.counts.damaged, decoder.counts.lost_samples) == (1, {"pleth": 1})


def test_a_damaged_packet_in_which_a_short_one_seems_to_be_is_one_lost() -> None:
    decoder = ContecCDecoder()
    read(f"{LIVE} 01 0D 80 85 DE 8B D2 E3 B0 82 {LIVE}", decoder)
    assert decoder.counts.lost_frames == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (command(0xA1), "7D 81 A1 80 80 80 80 80 80"),
        (command(0xAF), "7D 81 AF 80 80 80 80 80 80"),
        (command(0xA6, 0, 1), "7D 81 A6 80 81 80 80 80 80"),
        (command(0xAE, 0, 0xFF), "7D 85 AE 80 FF 80 80 80 80"),
        (command(0xB2, 20, 26, 7, 8, 3), "7D 81 B2 94 9A 87 88 83 80"),
    ],
)
def test_commands_are_written_byte_for_byte(said: bytes, expected: str) -> None:
    assert said == bytes.fromhex(expected)


@pytest.mark.parametrize("arguments", [(256,), (-1,), (0,) * 7])
def test_a_command_that_does_not_fit_is_refused(arguments: tuple[int, ...]) -> None:
    with pytest.raises(EncodeError):
        command(0xA6, *arguments)
    with pytest.raises(EncodeError):
        packed(0x80, b"")


def test_it_is_started_kept_alive_and_stopped() -> None:
    talk = DRIVERS[0].talk
    assert talk is not None
    assert (talk.opening, talk.closing) == (command(0xA1), command(0xA2))
    assert (talk.keep_alive, talk.keep_alive_s) == (command(0xAF), 5.0)


def test_the_instrument_sends_when_asked_and_stops_when_the_host_is_gone() -> None:
    device = ContecC(random.Random(1), now_s=0.0)
    assert device.advance(now_s=1.0) == []
    device.hear(command(0xA1))
    assert len(device.advance(now_s=2.0)) == 60
    for second in range(3, 60):
        device.hear(command(0xAF) if second % 5 == 0 else b"")
        assert len(device.advance(now_s=float(second))) == 60
    assert device.advance(now_s=120.0) == []
    device.hear(command(0xA1)[:4])
    device.hear(command(0xA1)[4:])
    assert len(device.advance(now_s=121.0)) == 60
    assert device.hear(command(0xA2)) == [bytes.fromhex("0C 80")]
    assert device.advance(now_s=122.0) == []


def test_every_answer_of_the_instrument_is_read() -> None:
    device = ContecC(random.Random(1), now_s=0.0)
    for code in (*ANSWERS, 0xC3):
        for answer in device.hear(command(code)):
            [reading] = read(answer.hex())
            assert reading.kind == PACKETS[answer[0]].name


def test_lengths_are_those_of_the_page() -> None:
    assert {kind: size for kind, size in enumerate(SIZES) if size} == {
        **dict.fromkeys((1, 2, 3, 4, 5, 0x11, 0x13, 0x14, 0x15), 9),
        **dict.fromkeys((7, 8, 0x0F, 0x12), 8),
        **dict.fromkeys((6, 0x0A, 0x0B), 4),
        **dict.fromkeys((0x0D, 0x0E, 0x10), 3),
        9: 6,
        0x0C: 2,
    }
