"""A process that stores until it is killed: `python -m tests.integration.edge.spool_writer PATH`.

Says "draft N" or "records N" after each commit, where N is the index up to which samples are durable.
"""

import sys
from pathlib import Path

from edge.spool.batch import Batch
from tests.integration.edge.spools import open_spool, wave

SECONDS_A_RECORD = 4


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    first = int(sys.argv[2])
    with open_spool(Path(sys.argv[1])) as spool:
        say("open")
        start = first
        for second in range(1_000_000):
            end = first + (second + 1) * 50
            if second % SECONDS_A_RECORD == SECONDS_A_RECORD - 1:
                spool.commit(Batch(entries=[wave(start, count=end - start)], drops_drafts=True))
                start = end
                say(f"records {end}")
            else:
                spool.commit(Batch(drafts=[wave(end - 50, count=50)]))
                say(f"draft {end}")


if __name__ == "__main__":
    main()
