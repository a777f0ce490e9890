import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from contract.chunks import decode_chunk
from tests.integration.edge.spools import WAVE, open_all, open_spool, stored

RANDOM = random.Random(1)
KILLS = 3


def write_until_killed(path: Path, *, first: int, lines: int) -> int:
    """Run the writer, kill it after so many commits were told; return the index that was durable."""
    command = [sys.executable, "-m", "tests.integration.edge.spool_writer", str(path), str(first)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        told = first
        for _ in range(lines):
            told = int(writer.stdout.readline().split()[1])
        writer.kill()
        for line in writer.stdout.read().splitlines():  # told before it died
            told = int(line.split()[1])
    return told


def test_what_a_killed_process_said_was_stored_is_there_once_and_opens(tmp_path: Path) -> None:
    path, first, promised = tmp_path / "spool.db", 0, []
    for _ in range(KILLS):
        durable = write_until_killed(path, first=first, lines=RANDOM.randint(1, 12))
        promised.append((first, durable))
        first = durable + 10_000
    with open_spool(path) as spool:
        opened = open_all(spool)
        indexes: list[int] = []
        for seq, record in stored(spool, WAVE).items():
            body = opened[WAVE, seq]
            assert isinstance(body, bytes)
            (column,) = decode_chunk(body, t_us=record.header.t_us)
            indexes += range(column.first_index, column.end_index)
            assert column.samples.tolist() == list(range(column.first_index, column.end_index))
    assert len(indexes) == len(set(indexes)), "a sample is held twice"
    for start, durable in promised:
        assert set(range(start, durable)) <= set(indexes)
    runs = sorted(indexes)
    gaps = sum(after != before + 1 for before, after in pairwise(runs))
    assert gaps == KILLS - 1, "a hole where nothing was killed"
