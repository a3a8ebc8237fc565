-- Entries that the user has made a story of their own, in the order in which it was done. A daemon that runs
-- meanwhile reads here which of them its index in memory does not hold yet. Few rows, each for ever.
CREATE TABLE parted (
    number INTEGER PRIMARY KEY,
    entry  INTEGER NOT NULL
) STRICT;
