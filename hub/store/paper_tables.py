"""Tables of what people write in a call, of advice to stations, and of whom a call was about."""

from typing import Final

PAPERS: Final = """
CREATE TABLE call_visit (                             -- who was being seen while somebody had answered
    call_spool_no INTEGER NOT NULL,
    call_seq INTEGER NOT NULL,
    spool_no INTEGER NOT NULL,                        -- of the visit: another one may begin in a call
    visit INTEGER NOT NULL,
    since_utc_us INTEGER NOT NULL,
    PRIMARY KEY (call_spool_no, call_seq, spool_no, visit)
) WITHOUT ROWID;

CREATE TABLE paper (                                  -- every version; none is ever changed or taken away
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    call_spool_no INTEGER NOT NULL,                   -- in which call it was written
    call_seq INTEGER NOT NULL,
    spool_no INTEGER NOT NULL,                        -- of whom: a visit, or visit 0 for the call as a whole
    visit INTEGER NOT NULL,
    kind TEXT NOT NULL,
    revision INTEGER,                                 -- NULL: kept, but another's version stands
    by_name TEXT NOT NULL,
    utc_us INTEGER NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX paper_of_visit ON paper (spool_no, visit, kind, no);
CREATE INDEX paper_of_call ON paper (call_spool_no, call_seq, kind, no);

CREATE TABLE advice (
    no INTEGER PRIMARY KEY,                           -- counts at this hub: hub.store.papers
    call_spool_no INTEGER NOT NULL,
    call_seq INTEGER NOT NULL,
    spool_no INTEGER NOT NULL,
    visit INTEGER NOT NULL,
    urgency TEXT NOT NULL,
    text TEXT NOT NULL,
    by_name TEXT NOT NULL,
    made_utc_us INTEGER NOT NULL,
    is_settled INTEGER NOT NULL DEFAULT 0             -- the station has it, or nobody says it any more
);
CREATE INDEX advice_of_call ON advice (call_spool_no, call_seq, no);
CREATE INDEX advice_open ON advice (no) WHERE NOT is_settled;

CREATE TABLE advice_step (                            -- what became of it, in the order in which it came here
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    advice INTEGER NOT NULL,
    state TEXT NOT NULL,                              -- contract.events.AdviceKept, or "undelivered"
    text TEXT NOT NULL,
    utc_us INTEGER NOT NULL                           -- when the hub heard it
);
CREATE INDEX step_of_advice ON advice_step (advice, no);
"""
