-- The memory of Siftwire. Times are milliseconds since 1970, UTC.

-- One row: the ever-growing number that each new or edited entry takes the next of.
CREATE TABLE revision (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO revision VALUES (1, 0);

-- What is polled. A source that left the config stays, inactive, with its entries.
CREATE TABLE source (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    url           TEXT NOT NULL UNIQUE,
    host          TEXT NOT NULL,
    title         TEXT,               -- the user's word
    language      TEXT,               -- the user's word
    active        INTEGER NOT NULL,
    polled        INTEGER NOT NULL DEFAULT 0,  -- 1 once a poll has been committed
    next_poll     INTEGER,            -- null: at once
    claimed_until INTEGER,            -- the right to poll it is taken until then
    state         TEXT NOT NULL       -- JSON of SourceState
) STRICT;
-- Serves: which sources are due, and when is the next?
CREATE INDEX source_due ON source (next_poll) WHERE active = 1;

CREATE TABLE entry (
    number      INTEGER PRIMARY KEY,
    source      INTEGER NOT NULL REFERENCES source (id),
    revision    INTEGER NOT NULL,
    uid         TEXT NOT NULL,        -- the published id
    date        INTEGER NOT NULL,     -- the published date
    changed     INTEGER NOT NULL,
    first_seen  INTEGER NOT NULL,
    debut       INTEGER NOT NULL,     -- 1: came with the first poll of its source
    edits       INTEGER NOT NULL,     -- how often `changed` has moved
    fingerprint BLOB NOT NULL,        -- of all that the publisher says
    wording     BLOB NOT NULL,        -- of what a reader sees
    title       TEXT,
    link        TEXT,
    published   INTEGER,
    updated     INTEGER,
    more        TEXT NOT NULL,        -- JSON of the entry's other fields
    summary     TEXT,
    content     TEXT
) STRICT;
-- Serves: what is new since an output's watermark?
CREATE UNIQUE INDEX entry_revision ON entry (revision);
-- Serves: is this published id free?
CREATE UNIQUE INDEX entry_uid ON entry (uid);
-- Serves: how many entries has a source?
CREATE INDEX entry_source ON entry (source);

-- The names by which an entry is found again. A key outlives its entry, so that what was
-- pruned does not come back.
CREATE TABLE key (
    source INTEGER NOT NULL REFERENCES source (id),
    key    TEXT NOT NULL,
    entry  INTEGER REFERENCES entry (number) ON DELETE SET NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
-- Serves: the foreign key, when entries are pruned.
CREATE INDEX key_entry ON key (entry);

-- What is published. An output that left the config stays, inactive, with its members.
CREATE TABLE output (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    active     INTEGER NOT NULL,
    since      INTEGER NOT NULL,      -- when it was first configured
    definition TEXT NOT NULL,         -- digest of what decides its members
    watermark  INTEGER NOT NULL       -- entries up to this revision have been evaluated
) STRICT;

-- Which entries an output has; `date` is the entry's, for the order.
CREATE TABLE membership (
    output INTEGER NOT NULL REFERENCES output (id) ON DELETE CASCADE,
    date   INTEGER NOT NULL,
    entry  INTEGER NOT NULL REFERENCES entry (number) ON DELETE CASCADE,
    why    TEXT NOT NULL,             -- JSON of the reasons
    PRIMARY KEY (output, date, entry)
) STRICT, WITHOUT ROWID;
-- Serves: the foreign key, and in which outputs is this entry?
CREATE INDEX membership_entry ON membership (entry);

-- When the bytes of a document last changed, for Last-Modified across restarts.
CREATE TABLE rendering (
    output  INTEGER NOT NULL REFERENCES output (id) ON DELETE CASCADE,
    format  TEXT NOT NULL,
    digest  TEXT NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (output, format)
) STRICT, WITHOUT ROWID;
