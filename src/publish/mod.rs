//! The way out: one output, top to bottom.

pub mod output;
