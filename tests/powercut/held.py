"""What a box's spool holds, in one line of JSON. The file is carried into a machine and run there with its
own Python, beside the service: `python held.py SPOOL`. Nothing of the house is needed.
"""

import json
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from typing import Any

Held = Mapping[str, Any]


def held(path: str) -> dict[str, Any]:
    """Return the spool's name, the records of presses that it knows (of the button's last boots), the last
    number of each class, how many rows are missing that nobody gave up, what was given up, and what SQLite
    says of the file.
    """
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        last = dict(db.execute("SELECT name, seq FROM sqlite_sequence WHERE name LIKE 'record_%'"))
        given = {name.removeprefix("record_"): count for name, count in last.items()}
        ranges = "SELECT low, high FROM given_up WHERE class = ?"
        given_up = {name: db.execute(ranges, [int(name)]).fetchall() for name in given}
        missing = 0
        for name, count in given.items():
            there = {seq for (seq,) in db.execute(f"SELECT seq FROM record_{name}")}  # noqa: S608
            gone = {seq for low, high in given_up[name] for seq in range(low, high + 1)}
            missing += len(set(range(1, count + 1)) - there - gone)
        return {
            "spool": json.loads(db.execute("SELECT value FROM fact WHERE name = 'spool'").fetchone()[0]),
            "presses": [seq for (seq,) in db.execute("SELECT seq FROM press ORDER BY seq")],
            "given": given,
            "given_up": given_up,
            "missing": missing,
            "check": db.execute("PRAGMA quick_check(1)").fetchone()[0],
        }


def lacks(now: Held, then: Held | None) -> list[str]:
    """Return what was held once and is not any more; with `then` None only what is wrong in itself."""
    wrong = [f"{now['missing']} records are not there"] if now["missing"] else []
    if now["check"] != "ok":
        wrong.append(f"the file is damaged: {now['check']}")
    if then is None:
        return wrong
    if now["spool"] != then["spool"]:
        wrong.append(f"it is another spool: {now['spool']}, and was {then['spool']}")
    if newest(now) < newest(then):
        wrong.append(f"the newest press is record {newest(now)}, and was {newest(then)}")
    for name, count in then["given"].items():
        if now["given"].get(name, 0) < count:
            wrong.append(f"class {name} ends at {now['given'].get(name, 0)} of {count}")
    return wrong


def newest(some: Held) -> int:
    """Return the record of the newest press; 0: there is none."""
    return max(some["presses"], default=0)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(held(sys.argv[1])) + "\n")
