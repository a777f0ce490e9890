"""The tables of the hub's SQLite store, and how an older file becomes a newer one."""

from typing import Final

V1: Final = """
CREATE TABLE epoch (value INTEGER NOT NULL);          -- u32, random; one row

CREATE TABLE spool (
    no INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    spool TEXT NOT NULL,                              -- 16 hexadecimal digits: SQLite has no unsigned 64 bits
    heard_utc_us INTEGER NOT NULL,                    -- when the hub last stored anything of it
    UNIQUE (station, spool)
);

CREATE TABLE segment (                                -- files of waveforms; bytes after `length` are nobody's
    no INTEGER PRIMARY KEY,
    length INTEGER NOT NULL
);

CREATE TABLE record (
    spool_no INTEGER NOT NULL REFERENCES spool (no),
    class INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind INTEGER,                                     -- NULL: of a version that this hub could not read
    key_id INTEGER,
    boot INTEGER,
    t_us INTEGER,
    visit INTEGER,
    is_waiting INTEGER NOT NULL,                      -- an event that nobody has opened yet
    received_utc_us INTEGER NOT NULL,
    raw BLOB,                                         -- the whole record as it came, or where it is kept:
    segment INTEGER REFERENCES segment (no),
    start INTEGER,
    length INTEGER,
    PRIMARY KEY (spool_no, class, seq),
    CHECK ((raw IS NULL) = (segment IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX chunk_by_time ON record (spool_no, class, boot, t_us, seq) WHERE kind = 1;
CREATE INDEX event_waiting ON record (spool_no, key_id) WHERE is_waiting;
CREATE INDEX record_unreadable ON record (spool_no) WHERE kind IS NULL;

CREATE TABLE stored_range (                           -- what receipts say: records and tombstones
    spool_no INTEGER NOT NULL,
    class INTEGER NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    PRIMARY KEY (spool_no, class, low)
) WITHOUT ROWID;

CREATE TABLE event (                                  -- opened events
    spool_no INTEGER NOT NULL,
    class INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    boot INTEGER NOT NULL,
    t_us INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (spool_no, class, seq)
) WITHOUT ROWID;
CREATE INDEX event_by_time ON event (spool_no, boot, t_us, class, seq);
CREATE INDEX event_by_name ON event (spool_no, name, boot, t_us, class, seq);

CREATE TABLE key (
    spool_no INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,                             -- of its event in class 0
    PRIMARY KEY (spool_no, key_id)
) WITHOUT ROWID;

CREATE TABLE stream_set (
    spool_no INTEGER NOT NULL,
    set_no INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (spool_no, set_no)
) WITHOUT ROWID;

CREATE TABLE anchor (
    spool_no INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    t_us INTEGER NOT NULL,
    utc_us INTEGER NOT NULL,
    err_us INTEGER NOT NULL,
    PRIMARY KEY (spool_no, boot, t_us, utc_us)
) WITHOUT ROWID;

CREATE TABLE tombstone (                              -- what the box gave up, and why
    spool_no INTEGER NOT NULL,
    class INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (spool_no, class, first_seq, last_seq)
) WITHOUT ROWID;

CREATE TABLE call (
    spool_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,                             -- of the press in class 0
    state TEXT NOT NULL,
    is_closed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    t_us INTEGER NOT NULL,
    sent_boot INTEGER NOT NULL,
    sent_t_us INTEGER NOT NULL,
    visit INTEGER NOT NULL,
    received_utc_us INTEGER NOT NULL,
    changed_utc_us INTEGER NOT NULL,
    owner TEXT,
    nudges INTEGER NOT NULL,
    PRIMARY KEY (spool_no, seq)
) WITHOUT ROWID;
CREATE INDEX call_open ON call (received_utc_us) WHERE NOT is_closed;
"""

V2: Final = """
CREATE INDEX part_by_visit ON record (spool_no, visit, seq) WHERE kind = 3;
"""

MIGRATIONS: Final = (
    V1,
    V2,
)  # entry n makes version n + 1 out of version n; never change one that was released
SCHEMA_VERSION: Final = len(MIGRATIONS)
