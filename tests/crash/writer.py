"""The process that is recorded: `python -m tests.crash.writer PATH --seconds N`.

It does with a real spool what a box does, in three lives, and after each commit that returned it says what
the file then holds, one JSON line on standard output. The first life ends as a kill does, the second closes
its file, the third is cut off by the end of the recording.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from contract.header import Header, Kind
from contract.ids import CLEAR, BootId, RecordClass, StreamSetNo, VisitNo
from contract.ranges import SeqRanges
from edge.desired.desired_service import DESIRED_FACT
from edge.spool.batch import Batch, Entry
from edge.spool.spool import Spool
from edge.spool.spool_service import SpoolThread
from tests.crash.contents import Teller
from tests.integration.edge.spools import BOOT, HUB_KEY, STATION, event, press_batch, wave

LIVES: Final = 3
QUOTA_BYTES: Final = 2_000_000  # soon full, so that received records go and then waveforms are sacrificed
RATE_HZ: Final = 250
RECORD_S: Final = 5
BULK_SAMPLES: Final = 11_000  # noise: 44 kB
BULK: Final = (2, 4, 4)  # records of it a second, by life: soon there is not room for all
MARK_US: Final = 21_600_000_000  # a quarter of a day of the hub's: so much later each second's receipt comes
BULK_SET: Final = StreamSetNo(2)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--seconds", type=int, required=True, help="of each life")
    parser.add_argument("--careless", action="store_true", help="the control: commits do not sync")
    parser.add_argument("--beside", type=Path, help="a file that grows: each promise says how long it is")
    parser.add_argument("--life", type=int)
    options = parser.parse_args()
    if options.life is not None:
        teller = Teller(options.path, beside=options.beside)
        asyncio.run(live(teller, options.life, seconds=options.seconds, careless=options.careless))
        return
    for life in range(LIVES):
        command = [sys.executable, "-m", "tests.crash.writer", *sys.argv[1:], "--life", str(life)]
        subprocess.run(command, check=True)


async def live(teller: Teller, life: int, *, seconds: int, careless: bool) -> None:
    """One process from its start to its end."""
    thread = SpoolThread(teller.path, quota_bytes=QUOTA_BYTES)
    await thread.open()
    if careless:
        await thread.use(lambda one: one._db.execute("PRAGMA synchronous = NORMAL"))
    say(teller)
    boot = await thread.use(lambda one: one.begin_boot(f"boot {life}"))
    say(teller)
    await thread.use(lambda one: begin_sealing(one, boot))
    say(teller)
    for batch in day(life, seconds, teller):
        if batch.press is not None:
            await thread.store_now(batch)
        else:
            await thread.store(batch)
        if thread.problem is not None:
            sys.exit(f"the recorded spool could not store: {thread.problem}")
        say(teller)
        if batch.hub_utc_us is not None:
            await thread.use(lambda one: one.tend())
            say(teller)
    if life == 1:
        await thread.close()
    os._exit(0)  # the drafts of the last seconds stay


def begin_sealing(spool: Spool, boot: BootId) -> int:
    return spool.begin_sealing(HUB_KEY, station=STATION, boot=boot, t_us=1_000, software="test")


def say(teller: Teller) -> None:
    """One line in one write: its place among the other calls is the moment of the promise."""
    os.write(1, teller.line().encode() + b"\n")


def day(life: int, seconds: int, teller: Teller) -> Iterator[Batch]:
    """What a box commits: a draft a second, records in their place, presses, receipts with holes, bulk."""
    start = life * seconds * RATE_HZ
    for second in range(seconds):
        end = (life * seconds + second + 1) * RATE_HZ
        bulk = [noise(life * 10_000 + second * 10 + one) for one in range(BULK[life])]
        if second % RECORD_S == RECORD_S - 1:
            entries = [event(), wave(start, count=end - start), *bulk]
            facts = {"visit": {"second": second}, DESIRED_FACT: {"document": {"version": start}}}
            yield Batch(entries=entries, drops_drafts=True, facts=facts)
            start = end
        else:
            yield Batch(entries=bulk, drafts=[wave(end - RATE_HZ, count=RATE_HZ)])
        if second % 4 == life:
            yield press(life * 100 + second + 1)
        if life > 0 or second % 4 == 3:
            receipts = life * seconds + second
            yield receipt(teller, hub_utc_us=receipts * MARK_US, is_restored=second == 11 and life == 0)
        if second % 7 == 6:
            yield Batch(entries=[part(second)])


def press(count: int) -> Batch:
    return replace(press_batch(count), facts_of_seq=lambda seq: {"call": {"seq": seq}})


def receipt(teller: Teller, *, hub_utc_us: int, is_restored: bool) -> Batch:
    """The hub has three quarters of everything, with a hole; once it comes back from a backup."""
    received = {}
    for record_class, last in teller.last_seqs().items():
        ranges = SeqRanges()
        if last >= 8 and not is_restored:
            ranges.add(1, last // 2)
            ranges.add(last // 2 + 3, last // 2 + 2 + last // 4)
        received[record_class] = ranges
    facts = {"epoch": 1 + is_restored}
    return Batch(received=received, facts=facts, forgets_receipts=is_restored, hub_utc_us=hub_utc_us)


def noise(seed: int) -> Entry:
    entry = wave(seed * BULK_SAMPLES, count=BULK_SAMPLES, seed=seed)
    return Entry(replace(entry.header, stream_set=BULK_SET), entry.body)


def part(seed: int) -> Entry:
    header = Header(
        kind=Kind.PART,
        record_class=RecordClass.PART,
        seq=0,
        key_id=CLEAR,
        nonce=0,
        boot=BOOT,
        t_us=5_000,
        visit=VisitNo(1),
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=0,
    )
    return Entry(header, np.random.default_rng(seed).bytes(3_000))


if __name__ == "__main__":
    main()
