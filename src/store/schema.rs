//! The schema of the tables, for every database.

/// Written for SQLite.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// Its version. Builds before the schema was one file had 1 to 10.
pub(super) const SCHEMA_VERSION: i32 = 138;

/// The version of a copy that is not finished: no program may use it as a store.
pub(super) const UNFINISHED_COPY: i32 = -1;
