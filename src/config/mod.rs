//! The user's config: read, checked and reported on. Reads the config's files and, in `edit`, writes one.

mod check;
mod cut;
mod diagnostic;
pub mod edit;
mod fingerprint;
mod hosts;
mod icon;
mod literal;
mod load;
mod locate;
mod mask;
mod merge;
pub mod newsboat;
pub mod opml;
mod outputs;
mod permissions;
mod raw;
mod schema;
mod secret;
mod settings;
mod shape;
mod sources;
mod store_location;
mod token;
mod toml_mistakes;
mod toml_reader;
mod values;

pub use check::default_public_url;
pub use diagnostic::{
    Diagnostic, Diagnostics, FileSpan, Fixed, MaskedFile, Severity, Styling, Text, shown_name,
};
pub use fingerprint::{Fingerprint, fingerprint};
pub use load::{SHIPPED, load, load_other, load_with_main_text, store_options, store_path};
pub use locate::{ConfigLocation, Environment, UnseenSecrets, locate};
pub use mask::mask_urls;
pub use schema::schema;
pub use settings::{Config, ConfigFile};
pub use store_location::store_location;
