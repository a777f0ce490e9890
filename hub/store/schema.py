"""The tables of the hub's SQLite store, and how an older file becomes a newer one."""

from typing import Final

from hub.store.alert_book import ALERTS
from hub.store.call_queries import LISTS
from hub.store.fleet_book import FLEET
from hub.store.forgetting import FORGETTING
from hub.store.link_book import LINKS
from hub.store.paper_tables import PAPERS
from hub.store.settings_book import SETTINGS
from hub.store.view_book import VIEWS

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

V3: Final = """
ALTER TABLE anchor ADD COLUMN source TEXT NOT NULL DEFAULT 'hub';  -- boxes of before knew no other
ALTER TABLE anchor ADD COLUMN version INTEGER NOT NULL DEFAULT 1;  -- of the boot's fit that it made
ALTER TABLE anchor ADD COLUMN made_utc_us INTEGER NOT NULL DEFAULT 0;  -- when, by the hub's clock
CREATE INDEX anchor_by_version ON anchor (spool_no, boot, version);

CREATE TABLE knot (                                   -- fits of boots: hub.times.fit
    spool_no INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    t_us INTEGER NOT NULL,
    since_version INTEGER NOT NULL,                   -- the fit of the boot in which it came
    until_version INTEGER,                            -- the one in which another took its place
    low_us INTEGER NOT NULL,                          -- UTC less the boot's time lies between the two
    high_us INTEGER NOT NULL,
    PRIMARY KEY (spool_no, boot, t_us, since_version)
) WITHOUT ROWID;
CREATE INDEX knot_now ON knot (spool_no, boot, t_us, low_us, high_us) WHERE until_version IS NULL;

CREATE TABLE sample_line (                            -- true rates of streams: hub.times.rates
    spool_no INTEGER NOT NULL,
    set_no INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    stream INTEGER NOT NULL,
    from_index INTEGER NOT NULL,
    since_version INTEGER NOT NULL,                   -- counted for each stream of a set in a boot
    until_version INTEGER,
    made_utc_us INTEGER NOT NULL,
    t_us REAL NOT NULL,
    period_us REAL NOT NULL,
    PRIMARY KEY (spool_no, set_no, boot, stream, from_index, since_version)
) WITHOUT ROWID;
"""

V4: Final = """
ALTER TABLE call ADD COLUMN kept TEXT;                -- JSON of the rest of it: hub.calls.kept
UPDATE call SET state = 'CLOSED' WHERE state = 'ENDED';  -- hubs of before had two words for it

CREATE TABLE call_journal (                           -- what was done to a call: hub.calls.table
    spool_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,                             -- of the press in class 0
    no INTEGER NOT NULL,                              -- the call's revision that it made
    utc_us INTEGER NOT NULL,
    by TEXT,                                          -- the account; NULL: the station, a clock, the rules
    input TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    detail TEXT,                                      -- JSON; NULL: there is no more to say
    PRIMARY KEY (spool_no, seq, no)
) WITHOUT ROWID;
CREATE INDEX call_by_time ON call (received_utc_us);
"""

HEARD: Final = """
ALTER TABLE spool ADD COLUMN heard_no INTEGER NOT NULL DEFAULT 0;  -- over all: who was heard after whom
UPDATE spool SET heard_no = (
    SELECT count(*) FROM spool o
    WHERE o.heard_utc_us < spool.heard_utc_us OR (o.heard_utc_us = spool.heard_utc_us AND o.no <= spool.no)
);
CREATE INDEX spool_heard ON spool (heard_no);
"""

# Entry n makes version n + 1 out of version n; never change one that was released. What SQL cannot do of
# version 3, the fits of what anchors there are, does hub/store/time_filing.py.
MIGRATIONS: Final = (V1, V2, V3, V4, PAPERS, LISTS, FLEET, ALERTS, LINKS, VIEWS, SETTINGS, HEARD, FORGETTING)
SCHEMA_VERSION: Final = len(MIGRATIONS)
FITS_SINCE: Final = 3
