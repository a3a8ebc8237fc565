-- What the operator should hear of the sources' health, the newest with the highest number.
CREATE TABLE health (
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    event  TEXT NOT NULL              -- JSON of HealthEvent
) STRICT;
