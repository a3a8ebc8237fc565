//! Which language tags a document may contain. Pure.

/// The two-letter codes of ISO 639-1. Feed validators reject others.
const ISO_639_1: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
     da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id \
     ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg \
     mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru \
     rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk \
     ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Whether a tag has the form of BCP 47 and begins with an ISO 639-1 code, or with any three letters.
pub(super) fn is_valid_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language = match language.len() {
        2 => ISO_639_1.split_ascii_whitespace().any(|code| code.eq_ignore_ascii_case(language)),
        3 => language.bytes().all(|byte| byte.is_ascii_alphabetic()),
        _ => false,
    };
    let is_subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_language && parts.all(is_subtag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_language_tags_are_valid() {
        for tag in ["en", "hy", "pt-BR", "zh-hant-tw", "EN-us", "hyw"] {
            assert!(is_valid_tag(tag), "{tag}");
        }
        for word in ["", "zz", "english", "en_us", "en-", "e", "\u{440}\u{443}", "en-toolongsubtag"] {
            assert!(!is_valid_tag(word), "{word}");
        }
    }
}
