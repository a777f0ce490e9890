"""When the first samples of this start were on the card: in a draft, or in a record while somebody watches.

Carried into a box and run there with its own Python: `python first_samples.py SPOOL` writes the seconds since
the kernel began, as soon as there are any.
"""

import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from contract.header import parse_draft
from contract.ids import RecordClass

BOOT_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
ASK_S: Final = 0.2


def are_there(path: str, boot_name: str) -> bool:
    """Whether samples of that start are committed. Raises sqlite3.Error: there is no spool yet."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT boot FROM boot WHERE name = ?", [boot_name]).fetchone()
        if row is None:
            return False
        records = f"SELECT 1 FROM record_{RecordClass.WAVEFORM.value} WHERE boot = ? LIMIT 1"  # noqa: S608
        drafts = db.execute("SELECT raw FROM draft").fetchall()
        has_draft = any(parse_draft(raw).header.boot == row[0] for (raw,) in drafts)
        return has_draft or db.execute(records, row).fetchone() is not None


def main() -> None:
    """Wait for them, and say when."""
    boot_name = BOOT_FILE.read_text(encoding="utf-8").strip()
    while True:
        with suppress(sqlite3.Error):
            if are_there(sys.argv[1], boot_name):
                break
        time.sleep(ASK_S)  # the file of another process announces nothing
    sys.stdout.write(f"{time.clock_gettime(time.CLOCK_BOOTTIME):.1f}\n")


if __name__ == "__main__":
    main()
