//! What the names of an element's classes tell of its purpose, as authors of pages write them in all languages. Pure.

use crate::html::Element;
use crate::text::WordSet;

/// What an element is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    Unknown,
    /// Holds the text of the article.
    Body,
    /// The lead, under the headline.
    Lead,
    /// Belongs to a picture or a player.
    Caption,
    /// Often holds what is no text of the article: decided by what it has.
    Aside,
    /// Holds no text of the article.
    Boilerplate,
    /// Holds none, even if it is long: comments, notices of the law.
    Outside,
}

static OUTSIDE: WordSet = WordSet::new(
    "comment comments commentlist disqus cookie cookies gdpr consent footer copyright privacy onetrust didomi usercentrics respond replies \
     livefyre",
);

static BOILERPLATE: WordSet = WordSet::new(
    "nav navbar navigation menu breadcrumb breadcrumbs footer sidebar comment comments disqus respond related \
     relatedposts recommend recommended recommendation recommendations recirc recirculation newsletter newsletters subscribe \
     subscription signup share shares sharing sharebar sharedaddy sharethis shareaholic social socials socialmedia addthis addtoany cookie \
     cookies consent gdpr advert adverts advertisement advertising ad ads adsbygoogle adslot adbox sponsor sponsored \
     outbrain taboola popup modal tooltip pagination pager paginator tags taglist tagcloud trending popular mostread \
     mostpopular readmore morefrom teaser teasers rating ratings poll toolbar byline bylines breadcrumbs jp relpost \
     screenreader skip print noprint follow followus feedback toc crosssell upsell dianomi zergnet mgid revcontent",
);

static ASIDE: WordSet = WordSet::new(
    "meta metadata info box widget promo promotion banner prev previous tag category categories topic topics topbar header \
     date time timestamp published posted updated callout cta aside extra bookmark copyright disclaimer credits source sources \
     tools actions utility",
);

static CAPTION: WordSet = WordSet::new(
    "caption captions figcaption credit imagecredit photocredit legend bildunterschrift copyright player video gallery slideshow carousel \
     lightbox",
);

static LEAD: WordSet = WordSet::new(
    "lead lede standfirst intro dek deck subtitle subheadline subheading subhead subline abstract excerpt chapo teasertext \
     headline2 vorspann kicker ingress bajada copete entradilla sumario sottotitolo occhiello chapeau summary description",
);

/// Words side by side that name what stands around articles.
const AROUND_PAIRS: [(&str, &str); 10] = [
    ("visually", "hidden"),
    ("sr", "only"),
    ("screen", "reader"),
    ("read", "more"),
    ("read", "next"),
    ("more", "stories"),
    ("most", "read"),
    ("also", "read"),
    ("up", "next"),
    ("author", "bio"),
];

/// The words of an element's classes and id, in lower case: `articleBody` and `article-body` are two.
pub(super) fn class_words(element: &Element) -> Vec<String> {
    let mut words = Vec::new();
    for name in ["class", "id", "itemprop", "data-component", "data-testid", "property", "rel"] {
        let Some(value) = element.value(name) else { continue };
        let mut word = String::new();
        let mut was_lower = false;
        // Classes such as `md:hidden` and `bg_[nav.light]` are styles alone.
        let names = value
            .split_ascii_whitespace()
            .filter(|name| !name.contains([':', '[', '.', '(']))
            .collect::<Vec<_>>();
        // Several of so few letters are made by programs: `ad` is one of `ac ad ae`, and not advertising.
        let is_short = |name: &&str| name.len() <= 3;
        let are_made = names.iter().filter(|name| is_short(name)).count() >= 3;
        let names =
            names.into_iter().filter(|name| !are_made || !is_short(name)).collect::<Vec<_>>().join(" ");
        for c in names.bytes().take(300) {
            let is_new = c.is_ascii_uppercase() && was_lower;
            if is_new || !c.is_ascii_alphabetic() {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            if c.is_ascii_alphabetic() {
                word.push(char::from(c.to_ascii_lowercase()));
            }
            was_lower = c.is_ascii_lowercase();
        }
        words.extend(Some(word).filter(|word| !word.is_empty()));
        words.push(String::new());
    }
    words
}

/// What an element is for, by its name, role and classes.
pub(super) fn purpose(element: &Element) -> Purpose {
    let role = element.value("role").unwrap_or_default();
    match element.local_name() {
        "nav" | "menu" | "dialog" => return Purpose::Boilerplate,
        "figcaption" => return Purpose::Caption,
        // Classes of rows are those of what they list.
        "tr" | "tbody" => return Purpose::Unknown,
        _ => {}
    }
    if [
        "navigation", "search", "banner", "complementary", "contentinfo", "dialog", "alertdialog", "menu",
        "toolbar", "tooltip", "doc-endnotes",
    ]
    .contains(&role)
    {
        return Purpose::Boilerplate;
    }
    let words = class_words(element);
    let has = |set: &WordSet| words.iter().any(|word| set.contains(word));
    if has(&OUTSIDE) || element.local_name() == "footer" {
        return Purpose::Outside;
    }
    if has(&BOILERPLATE)
        || words.windows(2).any(|pair| AROUND_PAIRS.contains(&(pair[0].as_str(), pair[1].as_str())))
    {
        return Purpose::Boilerplate;
    }
    if has(&CAPTION) {
        return Purpose::Caption;
    }
    if element.value("itemprop").is_some_and(|name| name.eq_ignore_ascii_case("articlebody")) {
        return Purpose::Body;
    }
    if has(&LEAD) {
        return Purpose::Lead;
    }
    if has(&ASIDE)
        || matches!(element.local_name(), "aside" | "form" | "header" | "address" | "time" | "details")
    {
        return Purpose::Aside;
    }
    Purpose::Unknown
}
