//! The SQL of the tables, which every database runs. I/O: the database.

mod archive;
pub(super) mod article_rows;
mod articles;
mod claims;
mod config_edits;
mod daemon_status;
mod daemons;
pub(super) mod entries;
mod former_versions;
mod hosts;
mod kept_apart;
mod lookups;
mod members;
mod outputs;
mod owners;
mod pings;
mod poll;
mod poll_days;
mod published_ids;
mod robots;
pub(super) mod rows;
mod source_state;
mod sources;
mod stand_ins;
mod stories;
mod story_rows;
mod web_pages;

pub use config_edits::ConfigAgreement;
pub use web_pages::NeighbourPages;
