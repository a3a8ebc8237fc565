-- The schema of Siftwire's store. Times are milliseconds since 1970, UTC; booleans are 0 or 1.
--
-- REFERENCES clauses document the links between tables and serve `siftwire doctor`. They are not enforced while
-- the daemon runs (PRAGMA foreign_keys = OFF): the commands keep them, which saves a lookup for each row.

-- One row of counters. All of them only grow, so that no number is given out twice.
CREATE TABLE counter (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,        -- last revision; each new or edited entry takes the next one
    entry    INTEGER NOT NULL,        -- last entry number
    story    INTEGER NOT NULL,        -- last story id
    pruned   INTEGER NOT NULL,        -- highest number of a pruned entry: entries above it are certain to exist
    pruned_before INTEGER NOT NULL    -- all pruned entries were first seen before this time
) STRICT;
INSERT INTO counter VALUES (1, 0, 0, 0, 0, 0);

-- The sources. One that leaves the config stays, inactive, with its entries.
CREATE TABLE source (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    url           TEXT NOT NULL UNIQUE,  -- of any length
    host          TEXT NOT NULL,      -- sources of one host are not polled at the same time
    title         TEXT,               -- from the config
    language      TEXT,               -- from the config
    publish_url   INTEGER NOT NULL,   -- what is published of its addresses: 0 host, 1 and path, 2 everything
    full_text     INTEGER NOT NULL DEFAULT 0,  -- its articles are: 0 not read, 1 matched, 2 published too
    article_limit INTEGER NOT NULL DEFAULT 0,  -- how many of them are requested within 24 hours
    active        INTEGER NOT NULL,   -- 1: the config names it
    settings      TEXT NOT NULL DEFAULT '',  -- hash of what the config says of it, without secrets; empty in a file
    polled        INTEGER NOT NULL DEFAULT 0,  -- 1: a poll has succeeded
    next_poll     INTEGER,            -- null: at once
    claims        INTEGER NOT NULL DEFAULT 0,  -- number of the last claim
    claimed_by    TEXT,               -- who made it: "daemon", the id of one of several, or "command"
    claimed_until INTEGER,            -- until then, or until its poll is committed; null: it has ended
    feed_id       TEXT,               -- the feed's own id, as in the state
    feed_title    TEXT,               -- as in the state
    last_poll     INTEGER,            -- as in the state
    health_rank       INTEGER NOT NULL DEFAULT 2,  -- from the state: 0 fails, 1 else wrong, 2 not polled yet, 3 well
    state         TEXT NOT NULL       -- JSON of SourceState
) STRICT;
-- Serves: which source had this name before it moved to another address?
CREATE INDEX source_name ON source (name);  -- of any length
-- Serves: does another source call itself by the same id?
CREATE INDEX source_feed_id ON source (feed_id) WHERE feed_id IS NOT NULL;  -- of any length

-- The hosts that have refused a request, or have told that they take no more.
CREATE TABLE host (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,      -- as in source.host
    budget TEXT NOT NULL              -- JSON of HostBudget
) STRICT;

-- The robots.txt of the origins of articles, as far as they are current.
CREATE TABLE robots (
    id      INTEGER PRIMARY KEY,
    origin  TEXT NOT NULL UNIQUE,     -- such as https://news.example
    expires INTEGER NOT NULL,
    file    BLOB,                     -- zstd; null: there is none
    failure TEXT                      -- why it is not known, for people: then no article is requested
) STRICT;

-- The entries.
-- The long columns come last: a row is read from its beginning.
CREATE TABLE entry (
    number       INTEGER PRIMARY KEY, -- from counter.entry: that of a pruned entry is never given to another one
    source       INTEGER NOT NULL REFERENCES source (id),
    revision     INTEGER NOT NULL,
    story        INTEGER NOT NULL,    -- its story, from counter.story; a lone entry is a story of one
    uid          TEXT NOT NULL,       -- id, from which outputs make theirs
    date         INTEGER NOT NULL,    -- published date
    changed      INTEGER NOT NULL,    -- when the text that a reader sees last changed
    first_seen   INTEGER NOT NULL,
    revised      INTEGER NOT NULL,    -- time of the poll that brought it, or its latest edit
    first_poll   INTEGER NOT NULL,    -- 1: it came with the first poll of its source
    edits        INTEGER NOT NULL,    -- how often `changed` has moved
    fingerprint  BLOB NOT NULL,       -- hash of everything that the publisher says
    content_hash BLOB NOT NULL,       -- hash of what a reader sees
    title        TEXT,
    link         TEXT,
    owns_link    INTEGER NOT NULL,    -- 1: it is on its publisher's own site
    published    INTEGER,             -- the publisher's date
    updated      INTEGER,             -- the publisher's date
    extra_json   TEXT NOT NULL,       -- JSON of the other fields and of the keys
    summary      TEXT,
    content      TEXT
) STRICT;
-- Serves: what is new since an output's watermark?
CREATE UNIQUE INDEX entry_revision ON entry (revision);
-- Serves: is this id free?
CREATE UNIQUE INDEX entry_uid ON entry (uid);  -- of any length
-- Serves: how many entries does a source have?
CREATE INDEX entry_source ON entry (source);
-- Serves: which entries belong to this story?
CREATE INDEX entry_story ON entry (story);
-- Serves: which entries are older than `keep`?
CREATE INDEX entry_first_seen ON entry (first_seen);

-- The identity keys of entries. A key outlives its entry (`entry` is null then), so that a pruned entry does not
-- come back.
CREATE TABLE key (
    source INTEGER NOT NULL REFERENCES source (id),
    key    TEXT NOT NULL,             -- rule and value, as in "link https://...", or rule and hash of a long one
    entry  INTEGER REFERENCES entry (number),
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
-- Serves: which keys does a pruned entry leave behind?
CREATE INDEX key_entry ON key (entry);

-- The entries that each source's last document contained: they are kept, however old. Not a column of `source`,
-- whose row is written at each poll; this one is written only when the list changes.
CREATE TABLE in_feed (
    source  INTEGER PRIMARY KEY REFERENCES source (id),
    entries TEXT NOT NULL             -- JSON: entry numbers, ascending
) STRICT;

-- The titles that entries had before, the last few of each.
CREATE TABLE former_title (
    entry    INTEGER NOT NULL REFERENCES entry (number),
    replaced INTEGER NOT NULL,        -- when
    title    TEXT NOT NULL,
    reason   TEXT NOT NULL,           -- why the item with another title counts as this entry, for people
    PRIMARY KEY (entry, replaced)
) STRICT, WITHOUT ROWID;

-- What edits have changed of entries, as it was before: the last few edits of each, up to 100 KB.
CREATE TABLE former_version (
    entry    INTEGER NOT NULL REFERENCES entry (number),
    replaced INTEGER NOT NULL,        -- when
    body     BLOB NOT NULL,           -- zstd: JSON of FormerVersion
    PRIMARY KEY (entry, replaced)
) STRICT;

-- The articles at the links of entries: of those that an output has wanted. Decided once (`state`), by the article or
-- without it, an entry stays so.
CREATE TABLE article (
    entry         INTEGER PRIMARY KEY REFERENCES entry (number),
    source        INTEGER NOT NULL REFERENCES source (id),
    state         INTEGER NOT NULL DEFAULT 0,  -- 0: expected; 1: read; 2: it does not come
    tries         INTEGER NOT NULL DEFAULT 0,  -- the number of the last claim, too
    next_try      INTEGER,            -- 0: at once; null: none
    given_up      INTEGER NOT NULL,   -- if it has not come then, the feed alone decides
    claimed_by    TEXT,               -- as in source
    claimed_until INTEGER,            -- null: no request runs
    requested     INTEGER,            -- when it was last requested
    decided       INTEGER,            -- when `state` became 1 or 2
    validators    TEXT,               -- JSON of Validators
    text_hash     BLOB,               -- of its words
    reason        TEXT,               -- why it did not come, for people
    language      TEXT,               -- what the page declares
    title         TEXT,               -- shown where the feed has none
    authors       TEXT,               -- JSON; shown where the feed has none
    html          BLOB                -- zstd
) STRICT;
-- Serves: which articles of a source are still to be requested?
CREATE INDEX article_next_try ON article (source, entry) WHERE next_try IS NOT NULL;
-- Serves: which articles are expected?
CREATE INDEX article_expected ON article (entry) WHERE state = 0;
-- Serves: which articles were decided today?
CREATE INDEX article_decided ON article (decided) WHERE decided IS NOT NULL;
-- Serves: how many articles of a source were requested today?
CREATE INDEX article_requested ON article (source, requested) WHERE requested IS NOT NULL;
-- Serves: does another entry of the source have the same text?
CREATE INDEX article_text ON article (source, text_hash) WHERE text_hash IS NOT NULL;

-- Entries that joined the story of an earlier entry. The first entry of a story has no row.
CREATE TABLE story_join (
    entry  INTEGER PRIMARY KEY REFERENCES entry (number),
    reason TEXT NOT NULL,             -- for people
    joined INTEGER NOT NULL
) STRICT;

-- What new entries are compared with, for 90 days. A table of its own: in `entry` it would stand behind long texts,
-- and all of it is read at the first commit after a start.
CREATE TABLE dedup_features (
    entry      INTEGER PRIMARY KEY REFERENCES entry (number),
    source     INTEGER NOT NULL,
    date       INTEGER NOT NULL,      -- published date
    first_seen INTEGER NOT NULL,
    address    INTEGER,               -- hash of the cleaned address
    article    INTEGER,               -- hash of host and article number
    signature  BLOB NOT NULL          -- short hashes of the folded words of headline and text
) STRICT;

-- The whole hashes of the words in `signature`. Read only for the few entries that short hashes propose.
CREATE TABLE dedup_hashes (
    entry  INTEGER PRIMARY KEY REFERENCES entry (number),
    hashes BLOB NOT NULL
) STRICT;

-- Entries that the user has split from their story, in order. Another process reads here which entries its index
-- in memory must add. Few rows, kept for ever.
CREATE TABLE manual_split (
    number INTEGER PRIMARY KEY,
    entry  INTEGER NOT NULL
) STRICT;

-- The outputs. One that leaves the config stays with its members.
CREATE TABLE output (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    key        TEXT NOT NULL UNIQUE,  -- what its ids are made from: its first name; never changes
    removed    INTEGER,               -- when it left the config; null: the config names it
    since      INTEGER NOT NULL,      -- when it was first configured
    definition TEXT NOT NULL,         -- hash of what decides its members
    watermark  INTEGER NOT NULL,      -- entries up to this revision are evaluated
    private    INTEGER NOT NULL DEFAULT 0,      -- 1: it is not for everybody
    one_per_story INTEGER NOT NULL DEFAULT 0,   -- 1: it shows one entry of each story
    generation INTEGER NOT NULL DEFAULT 0,      -- which of its members are current
    last_generation INTEGER NOT NULL DEFAULT 0  -- the last one that was begun
) STRICT;

-- Which ids an output gives to entries, from which entry number on.
CREATE TABLE id_choice (
    output      INTEGER NOT NULL REFERENCES output (id),
    first_entry INTEGER NOT NULL,
    is_shared   INTEGER NOT NULL,     -- 1: entry.uid; 0: one made from that and the output's key
    PRIMARY KEY (output, first_entry)
) STRICT, WITHOUT ROWID;

-- The entries of each output. When an output's definition changes, a new generation is filled beside the current one
-- and then takes its place; lower ones are deleted later. The key begins with the entry: so members are written in the
-- order of the table, and those of one entry stand together.
CREATE TABLE membership (
    entry      INTEGER NOT NULL REFERENCES entry (number),
    output     INTEGER NOT NULL REFERENCES output (id),
    generation INTEGER NOT NULL,
    source     INTEGER NOT NULL REFERENCES source (id),
    entered    INTEGER NOT NULL,      -- when it counts as having entered; a document shows the last ones
    reasons    TEXT NOT NULL,         -- JSON: the terms that matched
    PRIMARY KEY (entry, output, generation)
) STRICT, WITHOUT ROWID;
-- Serves: which entries entered an output last?
CREATE INDEX membership_entered ON membership (output, generation, entered);
-- Serves: which entries of a source entered an output last?
CREATE INDEX membership_source ON membership (output, generation, source, entered);
-- The current members.
CREATE VIEW member AS
    SELECT membership.* FROM membership
    JOIN output ON output.id = membership.output AND output.generation = membership.generation;

-- The documents as they were last published.
CREATE TABLE rendering (
    output            INTEGER NOT NULL REFERENCES output (id),
    format            TEXT NOT NULL,  -- file name extension
    digest            TEXT NOT NULL,  -- hash of the bytes
    changed           INTEGER NOT NULL,  -- Last-Modified
    revision          INTEGER NOT NULL,  -- it has the changes of entries up to this one
    presentation_hash TEXT NOT NULL,  -- hash of what else decides the bytes: titles, addresses, limits
    entry_count       INTEGER NOT NULL,
    body              BLOB NOT NULL,  -- zstd
    file              TEXT,           -- where it is also written to; a copy in gzip stands beside it
    PRIMARY KEY (output, format)
) STRICT;

-- The archive pages of each output (RFC 5005, section 4), oldest first, from 1. A full page (filled = size) only
-- loses entries that are pruned.
CREATE TABLE archive_page (
    output INTEGER NOT NULL REFERENCES output (id),
    page   INTEGER NOT NULL,
    size   INTEGER NOT NULL,          -- capacity in entries
    filled INTEGER NOT NULL,          -- entries added so far
    PRIMARY KEY (output, page)
) STRICT, WITHOUT ROWID;

-- The entries of each archive page. Each member of an output is on one page.
CREATE TABLE archive_entry (
    output INTEGER NOT NULL REFERENCES output (id),
    page   INTEGER NOT NULL,
    entry  INTEGER NOT NULL REFERENCES entry (number),
    PRIMARY KEY (output, page, entry)
) STRICT, WITHOUT ROWID;
-- Serves: is this entry on a page of the output already? Which pages lose a pruned entry?
CREATE INDEX archive_entry_entry ON archive_entry (entry, output);

-- Full archive pages as they were first served: later edits of their entries do not change them.
CREATE TABLE stored_page (
    output  INTEGER NOT NULL REFERENCES output (id),
    page    INTEGER NOT NULL,
    format  TEXT NOT NULL,            -- file name extension
    address TEXT NOT NULL,            -- the output's address in its links, without extension
    changed INTEGER NOT NULL,         -- Last-Modified
    body    BLOB NOT NULL,            -- zstd
    PRIMARY KEY (output, page, format)
) STRICT;

-- Outputs with a change that the WebSub hub has not been told of.
CREATE TABLE ping (
    output   INTEGER PRIMARY KEY REFERENCES output (id),
    changed  INTEGER NOT NULL,        -- time of the latest change
    due      INTEGER NOT NULL,
    attempts INTEGER NOT NULL         -- failed so far
) STRICT;

-- Health events of the sources, the last 1000.
CREATE TABLE health (
    number INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES source (id),
    at     INTEGER NOT NULL,
    event  TEXT NOT NULL              -- JSON of HealthEvent
) STRICT;

-- How the polls of each source ended, on each of the last 30 days that had one.
CREATE TABLE poll_day (
    source       INTEGER NOT NULL REFERENCES source (id),
    day          INTEGER NOT NULL,    -- days since 1970, UTC
    read         INTEGER NOT NULL,    -- polls that read a document
    not_modified INTEGER NOT NULL,
    failed       INTEGER NOT NULL,
    failure      TEXT,                -- the outcome of the last one that failed
    failed_at    INTEGER,             -- when
    PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID;

-- The daemons that share a database; none of a file, which has one daemon. One that has not been seen for a while is
-- deleted, and what it held is free.
CREATE TABLE daemon (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,           -- machine and process, for people
    process  TEXT NOT NULL,           -- host name, boot, PID namespace, process and its start; empty: not known
    address  TEXT NOT NULL,           -- where it listens
    config   TEXT NOT NULL,           -- digest of its config; empty: that is refused
    sources  INTEGER NOT NULL,        -- how many it polls
    unpolled TEXT,                    -- JSON: hosts that it leaves to others, since its config differs there; null: all
    started  INTEGER NOT NULL,        -- by the clock of the database
    seen     INTEGER NOT NULL         -- the same
) STRICT, WITHOUT ROWID;

-- The configs that daemons of a database have had; none with a file. One is in force: outputs are made by it.
CREATE TABLE config_edit (
    digest   TEXT PRIMARY KEY,        -- hash of what has to be the same in all configs, without secrets
    edited   INTEGER NOT NULL,        -- when; at the latest when a daemon first had it, by the clock of the database
    held     INTEGER NOT NULL,        -- when a daemon was last seen with it
    in_force INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which daemon may send requests to a host.
CREATE TABLE host_lease (
    host      TEXT PRIMARY KEY,       -- as in source.host
    daemon    TEXT NOT NULL,          -- empty: none
    since     INTEGER NOT NULL        -- since when, by the clock of the database
) STRICT, WITHOUT ROWID;
CREATE INDEX host_lease_daemon ON host_lease (daemon);

-- What a daemon tells other processes, such as `siftwire status`, and its next start.
CREATE TABLE daemon_status (
    daemon TEXT NOT NULL,             -- which of several; empty: the only one, or it is of the store
    name   TEXT NOT NULL,
    text   TEXT NOT NULL,
    PRIMARY KEY (daemon, name)
) STRICT, WITHOUT ROWID;
