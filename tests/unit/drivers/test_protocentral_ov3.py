import random
import struct

from contract.codes import Condition
from firmware_bridge.drivers.driver import Reading
from firmware_bridge.drivers.protocentral_frames import framed
from firmware_bridge.drivers.protocentral_ov3 import Ov3Decoder
from tests.simulators.devices.protocentral import HealthyPi5Ov3


def heart(*ecg: int, rate: int = 72) -> bytes:
    return framed(3, struct.pack("<12iBB", *(ecg or range(-4, 4)), 9, 8, 7, 6, rate, 16))


def light(spo2: int = 98) -> bytes:
    return framed(4, struct.pack("<8hBBB", *range(8), spo2, 0x0E, 0x0E))


def read(data: bytes, decoder: Ov3Decoder | None = None) -> list[Reading]:
    decoder = decoder or Ov3Decoder()
    return [*decoder.feed(data), *decoder.finish()]


def test_heart_and_light_come_apart_and_no_temperature_is_told() -> None:
    first, second = read(heart() + light())
    assert first.samples == {"ecg": (-4, -3, -2, -1, 0, 1, 2, 3), "respiration": (9, 8, 7, 6)}
    assert first.values == {"heart_rate": 72, "respiration_rate": 16}
    assert first.conditions == frozenset()
    assert second.samples == {"pleth": tuple(range(8))}
    assert second.values == {"spo2": 98}
    assert second.conditions is None


def test_spo2_zero_is_none() -> None:
    assert read(light(0))[0].values == {"spo2": None}


def test_an_ecg_that_stands_still_for_half_a_second_has_a_lead_off_and_no_rates() -> None:
    readings = read((heart(*[0x1FFFF] * 8) + light()) * 9 + heart())
    hearts = [reading for reading in readings if reading.kind == "heart"]
    assert [bool(reading.conditions) for reading in hearts] == [False] * 7 + [True] * 2 + [False]
    assert hearts[7].conditions == frozenset({Condition.LEAD_OFF})
    assert hearts[7].values == {"heart_rate": None, "respiration_rate": None}


def test_an_ecg_beyond_18_bits_is_no_frame() -> None:
    assert read(heart(0, 0, 0, 0, 0, 0, 0, 0x20000)) == []


def test_what_was_lost_is_counted_by_kind() -> None:
    for lost, expected in (
        (heart()[:-1], {"ecg": 8, "respiration": 4}),
        (light()[1:], {"pleth": 8}),
        ((heart() + light())[3:], {"ecg": 8, "respiration": 4, "pleth": 8}),
        ((heart() + light() + heart())[2:], {"ecg": 16, "respiration": 8, "pleth": 8}),
    ):
        decoder = Ov3Decoder()
        read(heart() + light() + lost.replace(b"\x0a\xfa", b"\x0a\xfb") + light() + heart(), decoder)
        assert decoder.counts.lost_samples == expected
        assert decoder.counts.lost_frames == sum(expected.get(name, 0) // 8 for name in ("ecg", "pleth"))


def test_a_small_rest_is_of_the_kind_that_was_due() -> None:
    decoder = Ov3Decoder()
    read(heart() + light()[:3] + heart() + light() + heart()[:3] + light(), decoder)
    assert decoder.counts.lost_samples == {"pleth": 8, "ecg": 8, "respiration": 4}


def test_waves_are_those_of_the_board() -> None:
    device = HealthyPi5Ov3(random.Random(5), now_s=0.0)
    readings = read(b"".join(device.next_frame() for _ in range(200)))
    for name in ("ecg", "respiration", "pleth"):
        assert [one for reading in readings for one in reading.samples.get(name, ())] == device.sent[name]
