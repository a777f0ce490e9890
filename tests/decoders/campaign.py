"""One driver under damage: frames of its simulator, some of them mutated, and a judgement of every reading.

Between two mutated frames stand at least `SOUND_BETWEEN` sound ones, so that each damage is judged alone.
"""

import random
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.drivers.driver import Driver, Reading
from tests.decoders.mutation import mutated
from tests.simulators.devices.device import SimulatedDevice

SOUND_BETWEEN: Final = 3
FRAMES: Final = 600  # of one stream
CHUNK_BYTES: Final = 97  # a prime: frames are cut at every place
BEGINNING: Final = 30  # frames that are left alone: a stream that begins with damage has not begun


@dataclass(slots=True)
class Tally:
    """What became of mutated frames. `missed`: sound frames not read, because of damage beside them;
    `wrong`: readings made of mutated bytes that say something else than the frame did; `…_loss_error`: how
    far the count of lost frames was off, at the worst damage and summed over all; `examples`: of `missed`."""

    mutated: int = 0
    missed: int = 0
    wrong: int = 0
    worst_loss_error: int = 0
    summed_loss_error: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in another's counts."""
        self.mutated += other.mutated
        self.missed += other.missed
        self.wrong += other.wrong
        self.worst_loss_error = max(self.worst_loss_error, other.worst_loss_error)
        self.summed_loss_error += other.summed_loss_error
        self.examples = (self.examples + other.examples)[:5]


def frames_of(simulator: type[SimulatedDevice], rng: random.Random, count: int = FRAMES) -> list[bytes]:
    """Return `count` frames of a simulated instrument; its opening has been said."""
    device = simulator(rng, now_s=0.0)
    return frames_from(device, count)


def frames_from(device: SimulatedDevice, count: int) -> list[bytes]:
    """Return the next `count` frames of `device`."""
    frames: list[bytes] = []
    for _ in range(count * 50):
        if len(frames) == count:
            return frames
        if frame := device.next_frame():
            frames.append(frame)
    raise ValueError(f"{type(device).__name__} sends nothing")


def decode(driver: Driver, data: bytes, *, chunk_bytes: int = CHUNK_BYTES) -> list[Reading]:
    """Return all readings of `data`, fed in chunks."""
    decoder = driver.decoder()
    readings = []
    for at in range(0, len(data), chunk_bytes):
        readings += decoder.feed(data[at : at + chunk_bytes])
    return readings + decoder.finish()


def trial(driver: Driver, frames: list[bytes], clean: list[Reading], rng: random.Random) -> Tally:
    """Mutate some of `frames`, whose readings undamaged are `clean`, and judge."""
    tally = Tally()
    pieces: list[bytes] = []
    changed: list[bool] = []
    next_at = BEGINNING
    for number, frame in enumerate(frames):
        is_changed = number == next_at and number < len(frames) - SOUND_BETWEEN
        if is_changed:
            next_at += SOUND_BETWEEN + rng.randint(1, SOUND_BETWEEN)
        pieces.append(mutated(frame, rng) if is_changed else frame)
        changed.append(is_changed)
    by_offset = {reading.offset: reading for reading in decode(driver, b"".join(pieces))}
    _judge(tally, pieces, changed, clean, by_offset)
    return tally


def _judge(
    tally: Tally,
    pieces: list[bytes],
    changed: list[bool],
    clean: list[Reading],
    by_offset: dict[int, Reading],
) -> None:
    at, told, expected, owed = 0, 0, 0, 0
    for number, piece in enumerate(pieces):
        if not changed[number]:
            reading = by_offset.get(at)
            # The last byte may be taken for the first of a frame behind it that lost just this one.
            if reading is None or reading.size not in (len(piece), len(piece) - 1):
                tally.missed += 1
                expected += 1
                tally.examples.append(f"{[p.hex(' ') for p in pieces[number - 2 : number + 3]]}")
            else:
                told += reading.lost
                if expected or told:  # what the last damage did not tell may be told now
                    error = max(expected - told, told - expected - owed)
                    owed = max(0, expected - told)
                    tally.worst_loss_error = max(tally.worst_loss_error, error)
                    tally.summed_loss_error += error
                told = expected = 0
        else:
            tally.mutated += 1
            made = [by_offset[o] for o in range(at, at + len(piece)) if o in by_offset]
            told += sum(reading.lost for reading in made)
            expected += not made
            tally.wrong += sum(_says(reading) != _says(clean[number]) for reading in made)
        at += len(piece)
    del tally.examples[5:]


def _says(reading: Reading) -> tuple[object, ...]:
    return (reading.kind, reading.samples, reading.values, reading.conditions, reading.facts)
