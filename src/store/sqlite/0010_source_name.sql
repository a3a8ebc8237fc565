-- Serves: who had this name before? Without it each new source of a config looked at every other.
CREATE INDEX source_name ON source (name);
