"""The tables of the spool, version by version.

No secondary index stands on the record tables: seq is the row id. A class is a table, so that each counts
its own seq (AUTOINCREMENT: never reused, even after rows are gone). What became of the seqs stands in small
tables of ranges, so that no question about them reads the records. Source: docs/adr/0016-the-spool.md.
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

# Version 1 did not write down what it deleted. It deleted from the oldest on, but for rows that the hub has.
_GIVEN_UP_BEFORE: Final = "".join(
    f"INSERT INTO given_up SELECT {c.value}, 1, gone FROM (SELECT coalesce((SELECT min(seq) FROM "
    f"{record_table(c)}), seq + 1) - 1 AS gone FROM sqlite_sequence WHERE name = '{record_table(c)}') "
    "WHERE gone > 0;\n"
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
    # version 2. `given_up` has the seqs whose row is gone, whether the hub has them or not. `mark`: up to
    # `settled`, nothing was owed any more when the hub's clock stood there. A draft stays in its slot until
    # another takes it, because a row that is overwritten costs one page and one that is deleted several; what
    # is of an older generation has become a record, and the view shows the others.
    f"""
    CREATE TABLE given_up (class INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
                           PRIMARY KEY (class, low)) WITHOUT ROWID;
    {_GIVEN_UP_BEFORE}
    CREATE TABLE mark (mark INTEGER NOT NULL, class INTEGER NOT NULL, hub_utc_us INTEGER NOT NULL,
                       settled INTEGER NOT NULL, PRIMARY KEY (mark, class)) WITHOUT ROWID;
    CREATE TABLE draft_slot (slot INTEGER PRIMARY KEY, generation INTEGER NOT NULL, raw BLOB NOT NULL);
    INSERT INTO draft_slot SELECT row_number() OVER (ORDER BY draft), 1, raw FROM draft;
    DROP TABLE draft;
    INSERT INTO fact VALUES ('draft generation', '1');
    CREATE VIEW draft AS SELECT slot AS draft, raw FROM draft_slot WHERE generation =
        (SELECT CAST(value AS INTEGER) FROM fact WHERE name = 'draft generation');
    DELETE FROM fact WHERE name = 'warm-up';
    """,
    # version 3. `kept` has the rows without which others mean nothing: they stay, though the hub has them.
    """
    CREATE TABLE kept (class INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (class, seq)) WITHOUT ROWID;
    """,
)
