"""Our own board's frames under damage. They carry a sequence number: that is how loss is counted here."""

import random
from typing import Final

from firmware_bridge.frames import Frame, FrameDecoder, encode
from tests.decoders.campaign import BEGINNING, CHUNK_BYTES, SOUND_BETWEEN, Tally
from tests.decoders.mutation import mutated

SEQ_SPAN: Final = 1 << 16
CHECK_BITS: Final = 32


def board_frames(rng: random.Random, count: int) -> list[Frame]:
    """Return frames as a board queues them: samples mostly, of every length."""
    return [
        Frame(
            message_type=rng.choice((0x10, 0x10, 0x10, 0x02, 0x20)),
            payload=rng.randbytes(rng.randrange(8, 120)),
            seq=number % SEQ_SPAN,
            boot_id=0xBEEF,
            t_us=number * 10_000,
        )
        for number in range(count)
    ]


def board_trial(frames: list[Frame], rng: random.Random) -> Tally:
    """Mutate some of `frames`, and judge what the real decoder makes of the line."""
    tally = Tally()
    data = bytearray()
    touched: set[int] = set()
    next_at = BEGINNING
    for number, frame in enumerate(frames):
        wire = encode(frame)
        if number == next_at and number < len(frames) - SOUND_BETWEEN:
            next_at += SOUND_BETWEEN + rng.randint(1, SOUND_BETWEEN)
            wire = mutated(wire, rng)
            touched.add(number)
        data += wire
    decoder = FrameDecoder()
    found = [
        frame
        for at in range(0, len(data), CHUNK_BYTES)
        for frame in decoder.feed(bytes(data[at : at + CHUNK_BYTES]))
    ]
    tally.mutated = len(touched)
    tally.wrong = sum(frame != frames[frame.seq] for frame in found if frame.seq < len(frames))
    tally.wrong += sum(frame.seq >= len(frames) for frame in found)
    read = {frame.seq for frame in found}
    tally.missed = sum(number not in read for number in range(len(frames)) if number not in touched)
    before = 0
    for frame in found[1:]:
        told = (frame.seq - before) % SEQ_SPAN - 1
        truth = sum(number not in read for number in range(before + 1, frame.seq))
        tally.worst_loss_error = max(tally.worst_loss_error, abs(told - truth))
        before = frame.seq
    return tally
