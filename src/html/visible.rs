//! What a browser shows of an element, and what only counts readers. Pure.

use std::borrow::Cow;

use super::embeds::HOSTS;
use crate::text::file_part;

/// Whether a style hides an element with all that is in it. Of two declarations of a property the last one counts.
pub(crate) fn hides(style: &str) -> bool {
    let (mut not_displayed, mut invisible, mut flat, mut clipped) = (false, false, false, false);
    let style = style.to_ascii_lowercase();
    for declaration in style.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.split('!').next().unwrap_or_default().trim();
        match property.trim() {
            "display" => not_displayed = value == "none",
            "visibility" => invisible = matches!(value, "hidden" | "collapse"),
            "height" | "max-height" => flat |= matches!(value, "0" | "0px"),
            "overflow" | "overflow-y" => clipped |= value == "hidden",
            _ => {}
        }
    }
    not_displayed || invisible || (flat && clipped)
}

/// Whether the `hidden` attribute hides an element: a style may show it again, and some are shown once they are searched.
pub(crate) fn is_hidden_attribute(value: &str, style: Option<&str>) -> bool {
    let is_shown = style.is_some_and(|style| style.to_ascii_lowercase().contains("display:"));
    !value.eq_ignore_ascii_case("until-found") && !is_shown
}

/// Whether a picture or a frame with this address is meant to be seen, and not to track readers.
pub(super) fn is_visible<'a>(address: &str, attribute: impl Fn(&str) -> Option<Cow<'a, str>>) -> bool {
    let size = |name| attribute(name).and_then(|size| size.trim().trim_end_matches("px").parse::<u32>().ok());
    let tiny = size("width").is_some_and(|w| w <= 1) && size("height").is_some_and(|h| h <= 1);
    let style: String =
        attribute("style").unwrap_or_default().to_ascii_lowercase().split_whitespace().collect();
    let hidden = style.contains("display:none")
        || style.contains("visibility:hidden")
        || (["width:1px", "width:0"].iter().any(|size| style.contains(size))
            && ["height:1px", "height:0"].iter().any(|size| style.contains(size)));
    !tiny && !hidden && !is_tracker(address)
}

const TRACKERS: &str = file_part(HOSTS, "tracking pixels");

fn is_tracker(src: &str) -> bool {
    let Some((_, rest)) = src.split_once("://") else { return false };
    TRACKERS.lines().any(|start| rest.starts_with(start))
}
