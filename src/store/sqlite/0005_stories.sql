-- Stories: which entries are the same text, and what tells so.

-- What is compared of an entry. It stands beside the entry, since in its row it would come after the text, on
-- pages that a lookup had to walk through; here a million of them are read in one go after a start. Rows go
-- after 90 days, when nothing asks for them any more.
CREATE TABLE likeness (
    entry     INTEGER PRIMARY KEY REFERENCES entry (number) ON DELETE CASCADE,
    source    INTEGER NOT NULL,
    date      INTEGER NOT NULL,       -- the published date
    seen      INTEGER NOT NULL,       -- when the entry was first seen
    address   INTEGER,                -- hash of the cleaned address
    article   INTEGER,                -- hash of host and article number
    signature BLOB NOT NULL           -- folded words of headline and text
) STRICT;
-- Serves: has another source this address?
CREATE INDEX likeness_address ON likeness (address) WHERE address IS NOT NULL;
-- Serves: has this host had the article under another address?
CREATE INDEX likeness_article ON likeness (article) WHERE article IS NOT NULL;

-- Entries that tell the story of another one. The first of a story, by whose number it is called, and
-- one that stands alone have no row.
CREATE TABLE story_member (
    entry  INTEGER PRIMARY KEY REFERENCES entry (number) ON DELETE CASCADE,
    story  INTEGER NOT NULL,
    why    TEXT NOT NULL,             -- the reason, in words
    joined INTEGER NOT NULL           -- when
) STRICT;
-- Serves: which entries are of this story?
CREATE INDEX story_member_story ON story_member (story);
