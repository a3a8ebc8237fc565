-- What the daemon has to say of itself, for `siftwire status` to tell: "config" is what is wrong with it.
CREATE TABLE note (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
