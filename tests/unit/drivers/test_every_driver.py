"""What holds for every driver, the next one included: found by name, no list to extend."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codes import MEASUREMENTS
from edge.capture.streams import TEXT_MAX
from firmware_bridge.drivers.catalogue import all_drivers, driver_named
from firmware_bridge.drivers.driver import Driver, Reading
from firmware_bridge.errors import UnknownDriverError
from tests.decoders.campaign import Tally, decode, frames_from, frames_of, trial
from tests.simulators.devices.catalogue import all_simulators

DRIVERS = all_drivers()
SIMULATORS = all_simulators()
SHEETS = Path(__file__).parents[3] / "docs" / "devices"
PENDING_MAX_BYTES = 4096
each_driver = pytest.mark.parametrize("driver", DRIVERS.values(), ids=lambda driver: driver.name)


@each_driver
def test_it_has_a_simulator_and_a_page_that_names_it(driver: Driver) -> None:
    assert driver.name in SIMULATORS
    assert driver.name in (SHEETS / driver.sheet).read_text(encoding="utf-8")


@each_driver
def test_what_is_unverified_reaches_the_hub_whole(driver: Driver) -> None:
    assert len(driver.unverified) <= TEXT_MAX


def test_no_simulator_is_without_a_driver() -> None:
    assert set(SIMULATORS) == set(DRIVERS)


def test_a_name_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UnknownDriverError, match="berry-bm1000"):
        driver_named("berrry")


@each_driver
def test_its_model_fits_the_head_of_a_strip(driver: Driver) -> None:
    assert 0 < len(driver.model) <= 20


@each_driver
def test_its_streams_are_in_the_table_of_codes(driver: Driver) -> None:
    assert len({stream.name for stream in driver.streams}) == len(driver.streams)
    assert all(stream.mdc in MEASUREMENTS and stream.scale > 0 for stream in driver.streams)


@each_driver
def test_every_frame_of_its_simulator_is_read_once_and_nothing_is_lost(driver: Driver) -> None:
    device = SIMULATORS[driver.name](random.Random(1), now_s=0.0)
    frames = frames_from(device, 300)
    decoder = driver.decoder()
    readings = [*decoder.feed(b"".join(frames)), *decoder.finish()]
    starts = [sum(map(len, frames[:n])) for n in range(len(frames))]
    assert [reading.offset for reading in readings] == starts
    assert [reading.size for reading in readings] == [len(frame) for frame in frames]
    counts = decoder.counts
    assert (counts.frames, counts.damaged, counts.discarded_bytes, counts.lost_frames) == (300, 0, 0, 0)
    for name in {name for reading in readings for name in reading.samples}:
        decoded = [sample for reading in readings for sample in reading.samples.get(name, ())]
        assert decoded == [sample for sample in device.sent[name] if sample is not None]


@each_driver
def test_without_a_finger_or_electrodes_no_number_of_a_patient_is_told(driver: Driver) -> None:
    device = SIMULATORS[driver.name](random.Random(2), now_s=0.0)
    frames_from(device, 100)
    device.has_contact = False
    frames = frames_from(device, 200)
    readings = decode(driver, b"".join(frames))[100:]  # a packet of many frames may have begun before
    told = {name for reading in readings for name, value in reading.values.items() if value is not None}
    mdc_of = {stream.name: stream.mdc for stream in driver.streams}
    assert not [name for name in told if MEASUREMENTS[mdc_of[name]].label in ("SpO2", "Pulse", "HR", "PI")]


@each_driver
def test_its_readings_name_only_streams_that_it_has(driver: Driver) -> None:
    names = {stream.name for stream in driver.streams}
    frames = frames_of(SIMULATORS[driver.name], random.Random(3), 200)
    for reading in decode(driver, b"".join(frames)):
        assert set(reading.samples) | set(reading.values) <= names


@each_driver
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_chunk_boundaries_change_nothing(driver: Driver, data: st.DataObject) -> None:
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    stream = damaged_stream(driver, rng)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=40)))
    whole, piecewise = driver.decoder(), driver.decoder()
    expected = [*whole.feed(stream), *whole.finish()]
    found: list[Reading] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += piecewise.feed(stream[start:end])
        assert piecewise.pending_bytes <= PENDING_MAX_BYTES
    assert [*found, *piecewise.finish()] == expected
    assert piecewise.counts == whole.counts


@each_driver
@settings(max_examples=40, deadline=None)
@given(chunks=st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_in_any_chunks_never_raise_and_are_not_kept(driver: Driver, chunks: list[bytes]) -> None:
    decoder = driver.decoder()
    readings: list[Reading] = []
    for chunk in chunks:
        readings += decoder.feed(chunk)
        assert decoder.pending_bytes <= PENDING_MAX_BYTES
    readings += decoder.finish()
    assert decoder.pending_bytes == 0
    total = sum(map(len, chunks))
    assert sum(reading.size for reading in readings) + decoder.counts.discarded_bytes == total


@each_driver
def test_one_damaged_frame_costs_at_most_itself_and_loss_is_counted_within_one(driver: Driver) -> None:
    rng = random.Random(4)
    frames = frames_of(SIMULATORS[driver.name], rng)
    clean = decode(driver, b"".join(frames))
    tally = Tally()
    for _ in range(12):
        tally.add(trial(driver, frames, clean, rng))
    assert tally.mutated > 1000
    assert not tally.missed, tally.examples
    assert tally.worst_loss_error <= 1
    if driver.check_bits:  # what a checksum of so many bits lets through, and room for chance
        assert tally.wrong <= 2 * tally.mutated * 2.0**-driver.check_bits + 5


def damaged_stream(driver: Driver, rng: random.Random) -> bytes:
    """Return sound frames, damage, and noise."""
    frames = frames_of(SIMULATORS[driver.name], rng, 60)
    for _ in range(12):
        at = rng.randrange(len(frames))
        frames[at] = rng.choice((rng.randbytes(rng.randrange(40)), frames[at][1:], frames[at][:-1]))
    return b"".join(frames)
