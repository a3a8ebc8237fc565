-- The whole of what is published: the bytes of documents, archive pages, the hub's news.

-- The document itself in zstd, so that a start serves it before anything is read or written anew.
ALTER TABLE rendering ADD COLUMN body BLOB;
-- Digest of what, beside the entries, decides the bytes: titles, addresses, caps.
ALTER TABLE rendering ADD COLUMN look TEXT NOT NULL DEFAULT '';
-- How many entries it lists.
ALTER TABLE rendering ADD COLUMN entries INTEGER NOT NULL DEFAULT 0;

-- The pages of an output's past (RFC 5005 section 4), oldest first, from 1. A page with `filled` = `size` is
-- full: nothing enters or leaves it, but for entries that are forgotten.
CREATE TABLE archive_page (
    output INTEGER NOT NULL REFERENCES output (id) ON DELETE CASCADE,
    page   INTEGER NOT NULL,
    size   INTEGER NOT NULL,          -- entries that it takes
    filled INTEGER NOT NULL,          -- entries that have entered
    PRIMARY KEY (output, page)
) STRICT, WITHOUT ROWID;

-- Which entries are on a page: each entry of an output is on one.
CREATE TABLE archive (
    output INTEGER NOT NULL REFERENCES output (id) ON DELETE CASCADE,
    page   INTEGER NOT NULL,
    entry  INTEGER NOT NULL REFERENCES entry (number) ON DELETE CASCADE,
    PRIMARY KEY (output, page, entry)
) STRICT, WITHOUT ROWID;
-- Serves: is this entry on a page already? And the foreign key.
CREATE INDEX archive_entry ON archive (entry, output);

-- A full page as it was first given out, in zstd: later edits of its entries do not reach it.
CREATE TABLE archive_body (
    output  INTEGER NOT NULL REFERENCES output (id) ON DELETE CASCADE,
    page    INTEGER NOT NULL,
    format  TEXT NOT NULL,
    base    TEXT NOT NULL,            -- the public_url that its links name
    changed INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (output, page, format)
) STRICT;

-- Outputs whose change the WebSub hub has not heard of.
CREATE TABLE ping (
    output  INTEGER PRIMARY KEY REFERENCES output (id) ON DELETE CASCADE,
    changed INTEGER NOT NULL,         -- of the change: a later one makes it another
    due     INTEGER NOT NULL,
    tries   INTEGER NOT NULL
) STRICT;

-- What outputs have already goes onto pages of the usual size.
INSERT INTO archive (output, page, entry)
    SELECT output, 1 + (row_number() OVER (PARTITION BY output ORDER BY date, entry) - 1) / 100, entry FROM membership;
INSERT INTO archive_page (output, page, size, filled)
    SELECT output, page, 100, count(*) FROM archive GROUP BY output, page;
