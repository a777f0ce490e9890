import pytest

from contract.codes import Condition
from firmware_bridge.drivers.driver import Decoder, Reading
from firmware_bridge.drivers.protocentral_ads import Ads1292rDecoder, Ads1293Decoder

ONE = bytes.fromhex("0A FA 09 00 02 7B 00 D3 FF 10 00 48 00 00 00 0B")
THREE = bytes.fromhex("0A FA 0C 00 02 E8 03 00 00 18 FC FF FF FF FF 7F 00 00 0B")
LEAD_OFF = frozenset({Condition.LEAD_OFF})


def read(data: bytes, decoder: Decoder) -> list[Reading]:
    return [*decoder.feed(data), *decoder.finish()]


def test_an_ads1292r_gives_ecg_respiration_and_rates() -> None:
    [reading] = read(ONE, Ads1292rDecoder())
    assert reading.samples == {"ecg": (123,), "respiration": (-45,)}
    assert reading.values == {"heart_rate": 72, "respiration_rate": 16}
    assert reading.conditions == frozenset()


def test_a_zero_is_an_ecg_and_25_in_a_row_are_a_lead_off() -> None:
    zero = ONE[:5] + b"\x00\x00" + ONE[7:]
    decoder = Ads1292rDecoder()
    readings = read(zero * 24 + ONE + zero * 30 + ONE, decoder)
    off = [reading.conditions == LEAD_OFF for reading in readings]
    assert off == [False] * 49 + [True] * 6 + [False]
    assert readings[49].values == {"heart_rate": None, "respiration_rate": None}
    assert not any(reading.conditions for reading in read(zero * 24, decoder))  # another stream


def test_the_last_byte_of_an_ads1292r_is_zero() -> None:
    assert read(ONE[:13] + b"\x01" + ONE[14:], Ads1292rDecoder()) == []


def test_an_ads1293_gives_three_channels_and_one_at_its_end_is_a_lead_off() -> None:
    [reading] = read(THREE, Ads1293Decoder())
    assert reading.samples == {"ecg1": (1000,), "ecg2": (-1000,), "ecg3": (8388607,)}
    assert reading.conditions == LEAD_OFF
    [reading] = read(THREE[:13] + bytes(4) + THREE[17:], Ads1293Decoder())
    assert reading.conditions == frozenset()
    [reading] = read(THREE[:5] + b"\x00\x00\x80\xff" + THREE[9:], Ads1293Decoder())
    assert reading.samples["ecg1"] == (-8388608,)


@pytest.mark.parametrize("code", ["00 00 80 00", "FF FF 7F FF"])
def test_an_ads1293_has_24_bits(code: str) -> None:
    assert read(THREE[:5] + bytes.fromhex(code) + THREE[9:], Ads1293Decoder()) == []
