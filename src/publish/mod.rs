//! The way out: one output, top to bottom.

pub mod atom;
pub mod document;
pub mod files;
pub mod format;
pub mod html;
pub mod json_feed;
mod language;
pub mod opml;
pub mod output;
pub mod rss;
pub mod select;
pub mod shelf;
mod text;
mod xml;
