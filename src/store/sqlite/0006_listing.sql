-- What each source's last document listed: such entries are kept, however old. Beside the source, whose
-- row is written at each poll; this one only when the list is another.
CREATE TABLE listing (
    source  INTEGER PRIMARY KEY REFERENCES source (id),
    entries TEXT NOT NULL             -- JSON: the numbers, ascending
) STRICT;
-- Serves: which entries are older than `keep`?
CREATE INDEX entry_first_seen ON entry (first_seen);
