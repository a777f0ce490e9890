import random

import pytest

from contract.codes import Condition
from firmware_bridge.drivers.contec_cms50 import ASK_LIVE, ASK_STORED, ContecADecoder, ContecBDecoder
from firmware_bridge.drivers.driver import Decoder, Reading
from tests.simulators.devices.contec_cms50 import ContecB

HEAD = "F2 80 00 F2 80 00 F2 80 00"


def read(text: str, decoder: Decoder | None = None) -> list[Reading]:
    decoder = decoder or ContecBDecoder()
    return [*decoder.feed(bytes.fromhex(text)), *decoder.finish()]


@pytest.mark.parametrize("dialect", [ContecADecoder, ContecBDecoder])
def test_a_finger_in_the_probe_gives_wave_and_numbers(dialect: type[ContecADecoder]) -> None:
    dropping, high = read("E5 3A 09 48 61 85 40 48 05 60", dialect())
    assert dropping.samples == {"pleth": (58,)}
    assert dropping.values == {"spo2": 97, "pulse": 72}
    assert dropping.conditions == frozenset({Condition.ALARM})
    assert dropping.facts == {"strength": 5, "beat": True, "bar": 9}
    assert high.values == {"spo2": 96, "pulse": 133}
    assert high.conditions == frozenset()
    assert high.facts == {"strength": 5, "beat": False, "bar": 8}


@pytest.mark.parametrize(
    ("frame", "matter"),
    [
        ("95 40 08 48 61", Condition.SEARCHING),
        ("85 40 28 48 61", Condition.SEARCHING),
        ("85 40 18 48 61", Condition.PROBE_FAULT),
    ],
)
def test_while_something_is_the_matter_there_are_no_numbers(frame: str, matter: Condition) -> None:
    [reading] = read(frame, ContecADecoder())
    assert reading.conditions == frozenset({matter})
    assert reading.values == {"spo2": None, "pulse": None}
    assert reading.samples == {"pleth": (64,)}


def test_what_stands_for_no_value_is_none() -> None:
    readings = read("85 3A 09 00 00 85 3A 49 7F 7F", ContecADecoder())
    assert [reading.values for reading in readings] == [{"spo2": None, "pulse": None}] * 2


@pytest.mark.parametrize("frame", ["89 3A 09 48 61", "85 3A 09 48 65", "85 3A 09 48 E1"])
def test_what_cannot_be_is_no_frame(frame: str) -> None:
    assert read(frame, ContecADecoder()) == []


def test_damage_costs_one_frame_and_is_counted() -> None:
    decoder = ContecADecoder()
    readings = read("85 3A 09 48 61 85 3A 09 48 85 3A 09 48 61", decoder)
    assert [(reading.offset, reading.lost) for reading in readings] == [(0, 0), (9, 1)]
    assert (decoder.counts.damaged, decoder.counts.lost_frames) == (1, 1)


def test_stored_samples_stand_in_facts_and_never_among_the_values() -> None:
    head, empty, last, live = read(f"{HEAD} 80 81 72 00 F0 80 00 F0 C4 5F E5 3A 09 48 61")
    assert (head.kind, head.facts) == ("stored length", {"length": 242, "samples": 81})
    assert (empty.kind, empty.facts) == ("stored", {"spo2": None, "pulse": None})
    assert last.facts == {"spo2": 95, "pulse": 68}
    assert not head.values and not empty.values and not last.values and not last.samples
    assert live.values["spo2"] == 97


def test_the_length_may_lack_its_zero_and_a_stored_pulse_be_above_127() -> None:
    head, sample = read(f"{HEAD} 80 80 02 F1 85 60")
    assert (head.size, head.facts["samples"]) == (12, 1)
    assert sample.facts == {"spo2": 96, "pulse": 133}


def test_what_looks_stored_without_a_head_is_damage() -> None:
    assert read("85 3A 09 48 F1 85 3A 09 48 61")[-1].samples == {"pleth": (58,)}
    assert read("F0 C4 5F") == []


def test_after_a_live_frame_nothing_is_taken_for_stored() -> None:
    kinds = [reading.kind for reading in read(f"{HEAD} 80 80 05 F0 C4 5F 85 3A 09 48 61 F0 C4 5F")]
    assert kinds == ["stored length", "stored", "realtime"]


def test_what_the_host_writes_brings_what_is_stored() -> None:
    assert ASK_STORED.hex(" ") + ASK_LIVE.hex(" ") == "f5 f5" + "f6 f6 f6"
    device = ContecB(random.Random(1), now_s=0.0)
    readings = read(b"".join(device.hear(ASK_STORED)).hex())
    assert readings[0].facts["samples"] == len(readings) - 1 == ContecB.STORED_SAMPLES
    assert device.hear(ASK_LIVE) == []
