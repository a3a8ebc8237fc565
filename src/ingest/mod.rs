//! The way in: one poll, top to bottom.

pub mod fetch;
pub mod revise;
