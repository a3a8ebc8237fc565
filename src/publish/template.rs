//! How an output titles its entries, such as `{source}: {title}`. Pure.

use std::fmt;

/// A text with places for what an entry says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<TemplatePart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Placeholder(Placeholder),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    Title,
    Source,
    Author,
    Site,
}

/// The words that may stand in braces.
const PLACEHOLDERS: [(&str, Placeholder); 4] = [
    ("title", Placeholder::Title),
    ("source", Placeholder::Source),
    ("author", Placeholder::Author),
    ("site", Placeholder::Site),
];

/// What is wrong with a template, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

/// What fills the places of a template.
#[derive(Clone, Copy, Debug)]
pub struct TemplateValues<'a> {
    /// The entry's own title.
    pub title: &'a str,
    /// Its source's title.
    pub source: &'a str,
    /// The first of its authors; empty where it names none.
    pub author: &'a str,
    /// The host of its page; empty where it has none.
    pub site: &'a str,
}

impl Template {
    /// Reads `{title}`, `{source}`, `{author}`, `{site}`, and `{{`, `}}` for the braces themselves.
    ///
    /// # Errors
    /// A brace that nothing closes, another word, or no `{title}` at all: entries without it could
    /// not be told apart.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let Some((word, after)) = rest.split_once('}').filter(|_| brace == "{") else {
                return Err(TemplateError(format!("a single {brace}: write it twice where it is meant")));
            };
            let Some((_, place)) = PLACEHOLDERS.iter().find(|(name, _)| *name == word.trim()) else {
                return Err(TemplateError(format!(
                    "{{{word}}} is none of {{title}}, {{source}}, {{author}}, {{site}}"
                )));
            };
            if !plain.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut plain)));
            }
            parts.push(TemplatePart::Placeholder(*place));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(TemplatePart::Text(plain));
        }
        if !parts.contains(&TemplatePart::Placeholder(Placeholder::Title)) {
            return Err(TemplateError("{title} is missing".to_owned()));
        }
        Ok(Template { parts })
    }

    /// The title of one entry.
    #[must_use]
    pub fn render(&self, filling: &TemplateValues<'_>) -> String {
        let piece = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Placeholder(Placeholder::Title) => filling.title.to_owned(),
            TemplatePart::Placeholder(Placeholder::Source) => filling.source.to_owned(),
            TemplatePart::Placeholder(Placeholder::Author) => filling.author.to_owned(),
            TemplatePart::Placeholder(Placeholder::Site) => filling.site.to_owned(),
        };
        self.parts.iter().map(piece).collect()
    }
}

/// Whether a text is meant as a template: it has `{title}` in it, which no other text has.
#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains("{title}")
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            TemplatePart::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            TemplatePart::Placeholder(place) => {
                let name = PLACEHOLDERS.iter().find(|(_, known)| known == place).map_or("", |(name, _)| name);
                write!(f, "{{{name}}}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, TemplateError> {
        let filling = TemplateValues {
            title: "War {title}",
            source: "The Gazette",
            author: "",
            site: "gazette.example",
        };
        Template::parse(text).map(|template| template.render(&filling))
    }

    #[test]
    fn places_are_filled_once_and_braces_can_be_written() {
        assert_eq!(filled("{source}: {title}").as_deref(), Ok("The Gazette: War {title}"));
        assert_eq!(
            filled("{{{ title }}} ({site}{author})").as_deref(),
            Ok("{War {title}} (gazette.example)")
        );
        assert_eq!(filled("{title}").as_deref(), Ok("War {title}"));
    }

    #[test]
    fn what_cannot_be_filled_is_said() {
        for (text, words) in [
            ("{source}: {titel}", "{titel} is none of"),
            ("{source}", "{title} is missing"),
            ("{title", "a single {"),
            ("title} {title}", "a single }"),
            ("{title} {", "a single {"),
            ("{title} {}", "{} is none of"),
        ] {
            assert!(filled(text).is_err_and(|wrong| wrong.0.contains(words)), "{text}");
        }
    }

    #[test]
    fn what_is_printed_reads_back_the_same() {
        for text in ["{{x}} {title}|{source}{author} {site}", "{title}"] {
            let template = Template::parse(text).expect("a template");
            assert_eq!(Template::parse(&template.to_string()), Ok(template));
        }
    }
}
