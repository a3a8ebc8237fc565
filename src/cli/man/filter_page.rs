//! siftwire-filter(7): the text of `siftwire help filter`. Pure.

use clap_mangen::roff::{Roff, roman};

use super::markup;
use crate::filter;

/// The page without its title.
pub fn roff() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]);
    roff.text([roman("siftwire-filter - the filter language of siftwire(1)")]);
    for block in filter::MANUAL.split("\n\n") {
        let block = block.trim_end();
        if block.starts_with("# ") {
            roff.control("SH", ["DESCRIPTION"]);
        } else if let Some(heading) = block.strip_prefix("## ") {
            roff.control("SH", [heading]);
        } else {
            markup::paragraphs(&mut roff, block);
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman("siftwire(1), siftwire-preview(1), siftwire-explain(1), siftwire-config(5)")]);
    roff
}
