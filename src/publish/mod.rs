//! The way out: one output, top to bottom.
