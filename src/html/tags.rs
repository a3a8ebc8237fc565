//! Finds tags and attributes in sanitized HTML, which has each value in double quotes. Pure.

/// The raw value of an attribute of a tag.
pub(crate) fn attribute_value<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, mut rest) = tag.split_once(' ')?;
    loop {
        let (before, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        if before.trim() == name {
            return Some(value);
        }
        rest = after;
    }
}
