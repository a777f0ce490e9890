"""The tables of the spool, version by version.

No secondary index stands on the record tables: seq is the row id. A class is a table, so that each counts its
own seq (AUTOINCREMENT: never reused, even after rows are gone).
"""

from typing import Final

from contract.ids import RecordClass


def record_table(record_class: RecordClass) -> str:
    """Return the table of a class."""
    return f"record_{record_class.value}"


_RECORDS: Final = "".join(
    f"CREATE TABLE {record_table(c)} (seq INTEGER PRIMARY KEY AUTOINCREMENT, boot INTEGER NOT NULL, "
    "t_us INTEGER NOT NULL, raw BLOB NOT NULL);\n"
    for c in RecordClass
)

SCHEMA: Final = (
    # version 1
    f"""
    {_RECORDS}
    CREATE TABLE draft (draft INTEGER PRIMARY KEY AUTOINCREMENT, raw BLOB NOT NULL);
    CREATE TABLE boot (boot INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
    CREATE TABLE received (class INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
                           PRIMARY KEY (class, low)) WITHOUT ROWID;
    CREATE TABLE refused (class INTEGER NOT NULL, seq INTEGER NOT NULL, refusal INTEGER NOT NULL,
                          PRIMARY KEY (class, seq)) WITHOUT ROWID;
    CREATE TABLE press (device TEXT NOT NULL, device_boot INTEGER NOT NULL, press_count INTEGER NOT NULL,
                        seq INTEGER NOT NULL, PRIMARY KEY (device, device_boot, press_count)) WITHOUT ROWID;
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
)
