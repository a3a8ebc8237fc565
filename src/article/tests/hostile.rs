//! Pages that are made to exhaust the finder, and pages that are damaged.

use super::*;

#[test]
fn hostile_pages_cost_time_linear_in_their_length() {
    let sentence = SENTENCES[0];
    let attributes: String = (0..100_000).map(|number| format!(" a{number}=b")).collect();
    for hostile in [
        "<div>".repeat(100_000),
        "<b>".repeat(100_000),
        format!("{}{sentence}", "<div><p>".repeat(50_000)),
        format!("<p{attributes}>{sentence}"),
        format!("<table>{}", "<tr><td><table>".repeat(30_000)),
        "<a href=x><div>".repeat(50_000),
        format!("<svg>{}", "<g>".repeat(100_000)),
        "<script>".repeat(100_000),
        format!("<p>{}", "&".repeat(1 << 20)),
        format!("<script type=application/ld+json>{}</script>", "[".repeat(500_000)),
        format!("<div>{}</div>", format!("<p>{sentence}</p>").repeat(18_000)),
        format!(
            "<div>{}</div>",
            format!("<div class='comment related'><h1>{sentence}</h1><p>{sentence}</p></div>").repeat(8000)
        ),
        "<h1>a</h1>".repeat(200_000),
        "<meta name=description content=x>".repeat(60_000),
        "\0".repeat(100_000) + "<p>",
        format!(
            "<script type=application/ld+json>{{\"@type\":\"Article\",\"articleBody\":\"{}\"}}</script>{}",
            sentence.repeat(9000),
            format!("<p>{sentence}</p>").repeat(9000)
        ),
    ] {
        // Quadratic time would be minutes.
        let _ = page_at(&hostile, Some("text"));
    }
}

#[test]
fn pages_that_are_cut_or_mixed_up_never_panic() {
    let page = article_of(SENTENCES[3]);
    let parts = [
        "<table>", "</div>", "<p", "<!--", "-->", "<script>", "</script>", "<b><i>", "</main>", "<template>",
        "<select>", "\"", "'", "<svg>", "<a href=x>", "&#x", "\u{0}", "<title>", "<form>", "<plaintext>",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..400 {
        let mut mixed = page.clone();
        for _ in 0..random.usize(1..6) {
            let at = mixed.floor_char_boundary(random.usize(0..=mixed.len()));
            match random.usize(0..3) {
                0 => mixed.truncate(at),
                1 => mixed.insert_str(at, &parts[random.usize(0..parts.len())].repeat(random.usize(1..4))),
                _ => {
                    let other = mixed.ceil_char_boundary(random.usize(at..=mixed.len()));
                    mixed.replace_range(at..other.min(mixed.ceil_char_boundary(at + 200)), "");
                }
            }
        }
        if let Ok(article) = page_at(&mixed, None) {
            assert!(!article.html.contains("<script") && !article.text.is_empty());
        }
    }
}
