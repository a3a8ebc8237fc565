//! Templates for titles of entries and names of authors, such as `{source}: {title}`. Pure.

use std::fmt;

/// A checked template.
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

/// What may be in braces.
const PLACEHOLDERS: [(&str, Placeholder); 4] = [
    ("title", Placeholder::Title),
    ("source", Placeholder::Source),
    ("author", Placeholder::Author),
    ("site", Placeholder::Site),
];

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

/// The values of the placeholders.
#[derive(Clone, Copy, Debug)]
pub struct TemplateValues<'a> {
    /// The entry's own title; empty for the name of an author.
    pub title: &'a str,
    /// Its source's title.
    pub source: &'a str,
    /// The author, of several the first; empty if there is none.
    pub author: &'a str,
    /// The host of its link; empty if it has none.
    pub site: &'a str,
}

impl Template {
    /// Parses a template for titles: `{title}`, `{source}`, `{author}`, `{site}`, and `{{`, `}}` for literal braces.
    ///
    /// # Errors
    /// An unpaired brace, an unknown placeholder, or no `{title}`, without which all entries would look alike.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        Template::parse_with(text, &PLACEHOLDERS, "title")
    }

    /// Parses a template for names of authors: the same without `{title}`.
    ///
    /// # Errors
    /// An unpaired brace, an unknown placeholder, or no `{author}`.
    pub fn parse_author(text: &str) -> Result<Template, TemplateError> {
        Template::parse_with(text, &PLACEHOLDERS[1..], "author")
    }

    fn parse_with(
        text: &str,
        allowed: &[(&str, Placeholder)],
        required: &str,
    ) -> Result<Template, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        let mut has_required = false;
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
                return Err(TemplateError(format!("a single {brace}: write it twice for a literal brace")));
            };
            let Some((name, placeholder)) = allowed.iter().find(|(name, _)| *name == word.trim()) else {
                let names: Vec<String> = allowed.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                return Err(TemplateError(format!("{{{word}}} is not one of {}", names.join(", "))));
            };
            has_required |= *name == required;
            if !plain.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut plain)));
            }
            parts.push(TemplatePart::Placeholder(*placeholder));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(TemplatePart::Text(plain));
        }
        if !has_required {
            return Err(TemplateError(format!("{{{required}}} is missing")));
        }
        Ok(Template { parts })
    }

    /// The text with its values.
    #[must_use]
    pub fn render(&self, values: &TemplateValues<'_>) -> String {
        let value = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Placeholder(Placeholder::Title) => values.title.to_owned(),
            TemplatePart::Placeholder(Placeholder::Source) => values.source.to_owned(),
            TemplatePart::Placeholder(Placeholder::Author) => values.author.to_owned(),
            TemplatePart::Placeholder(Placeholder::Site) => values.site.to_owned(),
        };
        self.parts.iter().map(value).collect()
    }
}

/// Whether a text is meant as a template: it contains `{title}`.
#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains("{title}")
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            TemplatePart::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            TemplatePart::Placeholder(placeholder) => {
                let name =
                    PLACEHOLDERS.iter().find(|(_, known)| known == placeholder).map_or("", |(name, _)| name);
                write!(f, "{{{name}}}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> Result<String, TemplateError> {
        let values = TemplateValues {
            title: "War {title}",
            source: "The Gazette",
            author: "",
            site: "gazette.example",
        };
        Template::parse(text).map(|template| template.render(&values))
    }

    #[test]
    fn placeholders_are_replaced_once_and_braces_can_be_escaped() {
        assert_eq!(rendered("{source}: {title}").as_deref(), Ok("The Gazette: War {title}"));
        assert_eq!(
            rendered("{{{ title }}} ({site}{author})").as_deref(),
            Ok("{War {title}} (gazette.example)")
        );
        assert_eq!(rendered("{title}").as_deref(), Ok("War {title}"));
    }

    #[test]
    fn an_invalid_template_is_an_error() {
        for (text, words) in [
            ("{source}: {titel}", "{titel} is not one of"),
            ("{source}", "{title} is missing"),
            ("{title", "a single {"),
            ("title} {title}", "a single }"),
            ("{title} {", "a single {"),
            ("{title} {}", "{} is not one of"),
        ] {
            assert!(rendered(text).is_err_and(|error| error.0.contains(words)), "{text}");
        }
    }

    #[test]
    fn a_template_for_authors_has_no_title() {
        let values = TemplateValues { title: "", source: "The Gazette", author: "Ann", site: "" };
        let rendered = Template::parse_author("{author} ({source})").map(|template| template.render(&values));
        assert_eq!(rendered.as_deref(), Ok("Ann (The Gazette)"));
        for (text, words) in [
            ("{title} {author}", "{title} is not one of {source}, {author}, {site}"),
            ("{source}", "{author} is missing"),
        ] {
            assert!(Template::parse_author(text).is_err_and(|error| error.0 == words), "{text}");
        }
    }

    #[test]
    fn a_printed_template_parses_to_the_same_template() {
        for text in ["{{x}} {title}|{source}{author} {site}", "{title}"] {
            let template = Template::parse(text).expect("a template");
            assert_eq!(Template::parse(&template.to_string()), Ok(template));
        }
    }
}
