//! Articles and what stands in their place, on pages of our own making.

mod hostile;
mod walls;

use url::Url;

use super::*;

fn page_at(html: &str, feed_text: Option<&str>) -> Result<Article, NoArticle> {
    let url = Url::parse("https://news.example/2026/votes").expect("a URL");
    let page = WebPage { bytes: html.as_bytes(), content_type: Some("text/html; charset=utf-8"), url: &url };
    find(&page, &Selectors::default(), feed_text)
}

fn found(html: &str) -> Article {
    page_at(html, None).unwrap_or_else(|refusal| panic!("{refusal}: {html}"))
}

/// A sentence in a language, made long enough for a paragraph.
const SENTENCES: [&str; 10] = [
    "The parliament in Yerevan voted on Monday, after a long debate, for the treaty with its northern neighbour.",
    "Das Parlament in Eriwan stimmte am Montag nach langer Debatte für den Vertrag mit dem nördlichen Nachbarn.",
    "Le parlement d'Erevan a voté lundi, après un long débat, le traité avec son voisin du nord.",
    "Парламент в Ереване проголосовал в понедельник, после долгих споров, за договор с северным соседом.",
    "Երևանի խորհրդարանը երկուշաբթի օրը, երկար քննարկումից հետո, քվեարկեց հյուսիսային հարևանի հետ պայմանագրի օգտին։",
    "პარლამენტმა ორშაბათს, ხანგრძლივი დებატების შემდეგ, ჩრდილოელ მეზობელთან ხელშეკრულებას მხარი დაუჭირა.",
    "صوت البرلمان في يريفان يوم الاثنين، بعد نقاش طويل، لصالح المعاهدة مع جاره الشمالي.",
    "エレバンの議会は月曜日、長い議論の末、北の隣国との条約に賛成票を投じた。反対は少なかった。",
    "埃里温议会周一经过长时间辩论后，投票赞成与北方邻国的条约。反对票很少。",
    "예레반 의회는 월요일 긴 토론 끝에 북쪽 이웃 나라와의 조약에 찬성표를 던졌다. 반대는 적었다.",
];

fn article_of(sentence: &str) -> String {
    let paragraphs: String =
        (1..=8).map(|number| format!("<p>{number}. {sentence} {sentence}</p>")).collect();
    let links: String = (1..=9)
        .map(|n| format!("<li><a href=/{n}>Another headline number {n} of this site</a></li>"))
        .collect();
    format!(
        "<!doctype html><title>{sentence} | News</title><meta property=og:title content=\"{sentence}\">\
         <body><nav><ul>{links}</ul></nav><main><h1>{sentence}</h1><div class=byline>By A. Author, today</div>\
         <div class=text>{paragraphs}<figure><img src=a.jpg><figcaption>A picture of the hall.</figcaption></figure>\
         <p>9. {sentence}</p><div class=share-bar>Share this on all networks.</div>\
         <div class='related'><h3>Related</h3><ul>{links}</ul></div></div></main>\
         <div id=comments><p>{sentence} I do not think so at all, and I say it here, at length, to everybody.</p></div>\
         <footer>© News. All rights reserved, and no part of it may be copied.</footer></body>"
    )
}

#[test]
fn the_article_is_found_in_every_script() {
    for sentence in SENTENCES {
        let article = found(&article_of(sentence));
        let lines: Vec<&str> = article.text.lines().collect();
        assert_eq!(lines.len(), 9, "{}", article.text);
        assert!(lines[0].starts_with("1. ") && lines[8].starts_with("9. "), "{}", article.text);
        assert_eq!(article.title.as_deref(), Some(sentence));
        assert!(article.html.contains("<img src=\"https://news.example/2026/a.jpg\""), "{}", article.html);
        assert!(article.html.contains("<figcaption>A picture of the hall.</figcaption>"), "{}", article.html);
        assert!(!article.html.contains("Another headline") && !article.html.contains("Share this"));
        assert_eq!(article.by, By::Finder);
    }
}

#[test]
fn title_author_date_and_language_are_those_of_the_page() {
    let sentence = SENTENCES[0];
    let head = "<html lang=en-GB><meta name=author content='M. Eta'><meta property=article:published_time content='2026-11-30T10:00:00+04:00'>";
    let article = found(&format!("{head}{}", article_of(sentence)));
    assert_eq!(article.author.as_deref(), Some("M. Eta"));
    assert_eq!(article.published.map(|date| date.to_string()).as_deref(), Some("2026-11-30T06:00:00Z"));
    assert_eq!(article.language.as_deref(), Some("en"));
    let json = r#"<script type="application/ld+json">{"@type": "NewsArticle", "headline": "H", "author": [{"name": "A. Ani"}, {"name": "B. Ben"}],
        "datePublished": "2026-11-29T10:00:00Z"}</script>"#;
    let article = found(&format!("{json}{head}{}", article_of(sentence)));
    assert_eq!(article.author.as_deref(), Some("A. Ani, B. Ben"));
    assert_eq!(article.published.map(|date| date.to_string()).as_deref(), Some("2026-11-29T10:00:00Z"));
    let plain = format!(
        "<title>{sentence} - The News</title><meta property=og:site_name content='The News'><p>{}",
        sentence.repeat(5)
    );
    assert_eq!(found(&plain).title.as_deref(), Some(sentence));
}

#[test]
fn addresses_are_relative_to_the_base_of_the_page() {
    for (base, expected) in [
        ("<base href='https://cdn.example/dir/'>", "https://cdn.example/dir/a.jpg"),
        ("<base target=_top><base href=/files/><base href=/others/>", "https://news.example/files/a.jpg"),
        ("<base href='javascript:x()'>", "https://news.example/2026/a.jpg"),
        ("", "https://news.example/2026/a.jpg"),
    ] {
        let html = found(&format!("{base}{}", article_of(SENTENCES[0]))).html;
        assert!(html.contains(&format!("src=\"{expected}\"")), "{base} {html}");
    }
}

#[test]
fn json_ld_counts_where_it_is_whole() {
    let sentence = SENTENCES[0];
    let script = |body: &str| {
        format!(
            "<script type=application/ld+json>{{\"@type\": \"Article\", \"articleBody\": \"{body}\"}}</script>"
        )
    };
    // A teaser.
    assert_eq!(found(&format!("{}{}", script(sentence), article_of(sentence))).by, By::Finder);
    // The same: what it has not is none of the article.
    let whole: String = (1..=8).map(|number| format!("{number}. {sentence} {sentence} ")).collect();
    let article = found(&format!("{}{}", script(&whole), article_of(sentence)));
    assert_eq!(article.by, By::JsonLd);
    assert!(article.html.contains("<p>") && article.text.lines().count() == 8, "{}", article.text);
    // More than the page shows.
    let long = format!("{sentence}\\n\\n").repeat(20);
    let article = found(&format!("{}<h1>T</h1><p>{sentence}</p>", script(&long)));
    assert_eq!((article.by, article.text.lines().count()), (By::JsonLd, 20));
    assert_eq!(article.html.matches("<p>").count(), 20);
}

#[test]
fn json_ld_of_another_article_does_not_count() {
    let (text, title) = (SENTENCES[0], "The treaty with the northern neighbour");
    let entry = |fields: &str, author: &str, words: &str| {
        let body = format!("{words} about quite another thing, of which the page has nothing, and more. ")
            .repeat(20);
        format!(r#"{{"@type": "NewsArticle", {fields} "author": "{author}", "articleBody": "{body}"}}"#)
    };
    let page = |entries: &str| {
        let own: String = (1..=4).map(|number| format!("<p>{number}. {text}</p>")).collect();
        found(&format!(
            "<title>{title} | News</title><link rel=canonical href='https://www.news.example/treaty'>\
             <script type=application/ld+json>[{entries}]</script><article><h1>{title}</h1>{own}</article>"
        ))
    };
    let others = [
        r#""headline": "A dog and its bone","#,
        r#""url": "https://news.example/dog","#,
        r#""headline": "A dog and its bone", "mainEntityOfPage": {"@id": "https://news.example/dog"},"#,
    ];
    for other in others {
        let article = page(&entry(other, "B", "A text"));
        assert_eq!((article.by, article.text.lines().count()), (By::Finder, 4), "{other} {}", article.text);
    }
    for own in [
        format!(r#""headline": "{title}","#),
        r#""url": "https://news.example/treaty/","#.to_owned(),
        r#""headline": "A treaty", "mainEntityOfPage": "http://news.example/2026/votes?a=b","#.to_owned(),
        String::new(),
    ] {
        let article = page(&format!("{}, {}", entry(others[0], "B", "Another"), entry(&own, "A", "Own")));
        assert!(article.by == By::JsonLd && article.text.starts_with("Own"), "{own} {}", article.text);
        assert_eq!(article.author.as_deref(), Some("A"));
    }
    // What the page has the beginning of is its own.
    let begun = page(&entry(others[0], "A", &(1..=4).map(|n| format!("{n}. {text} ")).collect::<String>()));
    assert_eq!(begun.by, By::JsonLd);
}

#[test]
fn the_owner_of_a_source_is_believed() {
    let url = Url::parse("https://news.example/a").expect("a URL");
    let html = article_of(SENTENCES[0]);
    let with = |article: Option<&str>, without: Option<&str>| {
        let page = WebPage { bytes: html.as_bytes(), content_type: None, url: &url };
        find(&page, &Selectors::parse(article, without).expect("selectors"), None)
    };
    let comments = with(Some("#comments, #comments p"), None).expect("an article");
    assert_eq!((comments.by, comments.text.lines().count()), (By::Selector, 1));
    assert!(comments.text.contains("I do not think so"));
    let shorter = with(None, Some(".text p:first-child")).expect("an article");
    assert_eq!((shorter.by, shorter.text.lines().count()), (By::Finder, 8));
    let part = with(Some(".text"), Some(".related, .share-bar, figure")).expect("an article");
    assert_eq!(part.text.lines().count(), 9);
    assert!(!part.html.contains("<img"));
    // A selector that fits no longer does no harm.
    assert_eq!(with(Some(".body"), None).expect("an article").by, By::Finder);
}

#[test]
fn a_text_that_a_script_shows_later_is_read_and_what_stays_hidden_is_not() {
    let text = SENTENCES[0];
    let paragraphs = format!("<p>{text}</p><p>{text} Again.</p><p>{text} Still.</p>");
    let later =
        found(&format!("<div>Loading the page, please wait.</div><div hidden id=S:0>{paragraphs}</div>"));
    assert_eq!(later.text.lines().count(), 3);
    let hidden = found(&format!("<div>{paragraphs}<p style='display:none'>Secret words of {text}</p></div>"));
    assert_eq!(hidden.text.lines().count(), 3);
}

#[test]
fn names_of_a_layout_tell_nothing() {
    let text = SENTENCES[0];
    let part =
        |number: usize| format!("<div class='sidebar-grid__item'><p>{number}. {text}</p><p>{text}</p></div>");
    let parts: String = (1..=6).map(part).collect();
    assert!(found(&format!("<h1>T</h1><div class=grid>{parts}</div>")).text.contains("6. "));
    // Addresses, and numbers that programs read, are none of the text.
    let machine = "<div>https://news.example/images/2026/11/30/a-picture-of-the-hall.jpg</div><div>500</div>";
    let article =
        found(&format!("<article><h1>T</h1><p>{text}</p><p>{text} And more.</p>{machine}</article>"));
    assert_eq!(article.text.lines().count(), 2, "{}", article.text);
    // A table may end an article.
    let rows = "<tr><td>Yerevan</td><td>41</td></tr><tr><td>Gyumri</td><td>12</td></tr>";
    let article = found(&format!(
        "<article><h1>T</h1><p>{text}</p><p>{text} And more.</p><table>{rows}</table></article>"
    ));
    assert!(article.text.ends_with("Gyumri\n12"), "{}", article.text);
}

#[test]
fn an_article_in_parts_is_found_whole() {
    let text = SENTENCES[0];
    let long: String = (1..=9).map(|number| format!("<p>{number}. {text} {text}</p>")).collect();
    let starts_with_lead = |html: &str| {
        let found = found(html).text;
        assert!(found.starts_with("Lead. ") && found.contains("9. "), "{html}\n{found}");
    };
    // In columns of the same make, at any level.
    for (open, close) in [("<div class='col a'>", "</div>"), ("<section><div class=b>", "</div></section>")] {
        let part = |html: &str| format!("{open}{html}{close}");
        let aside = part("<ul><li><a href=/a>Another headline of this site</a></li></ul>");
        let lead = part(&format!("<p>Lead. {text}</p>"));
        starts_with_lead(&format!("<div><h1>T</h1><div>{lead}{aside}{}</div></div>", part(&long)));
    }
    // Under the headline, in an element of its own.
    let title = "The treaty with the northern neighbour";
    starts_with_lead(&format!(
        "<title>{title}</title><h1>{title}</h1><div class=standfirst><p>Lead. {text}</p></div><div class=y><div>{long}</div></div>"
    ));
    // Set in large type.
    starts_with_lead(&format!("<article><h1>T</h1><h2>Lead. {text} {text}</h2>{long}</article>"));
}

#[test]
fn teasers_and_notices_that_have_more_text_than_the_article_are_none_of_it() {
    let text = SENTENCES[0];
    let title = "The treaty with the northern neighbour";
    let own: String = (1..=4).map(|number| format!("<p>{number}. {text}</p>")).collect();
    let other: String = (1..=4)
        .map(|_| format!("<div class=row><div><p>Other. {text}</p><p>{text}</p></div></div>"))
        .collect();
    for page in [
        format!(
            "<main><article><h1>{title}</h1><div>{own}</div></article><div class=block>{other}</div></main>"
        ),
        format!("<div class=block>{other}</div><article><header><h1>{title}</h1></header>{own}</article>"),
    ] {
        let article = found(&format!("<title>{title} | News</title>{page}"));
        assert_eq!(article.text.lines().count(), 4, "{page}\n{}", article.text);
    }
    // What is marked so, and has little but the headline, is not the article.
    let all = found(&format!(
        "<title>{title}</title><article><h1>{title}</h1><p>{text}</p></article><div>{other}</div>"
    ));
    assert!(all.text.contains("Other. "), "{}", all.text);
}

#[test]
fn teasers_that_are_marked_as_articles_are_none_of_it() {
    let text = SENTENCES[0];
    let title = "The treaty with the northern neighbour";
    let own: String = (1..=6).map(|number| format!("<p>{number}. {text}</p>")).collect();
    let card = |n: u32| {
        format!(
            "<article><h3><a href=/{n}>Headline number {n}</a></h3><p>Other {n}. {text}</p></article>\
             <article><h3>Headline again, {n}</h3><p>Other {n}, again. {text}</p><a href=/{n}>Read it</a></article>"
        )
    };
    let cards: String = (1..=39).map(card).collect();
    for page in [
        format!("<article><h1>{title}</h1>{own}</article>{cards}"),
        format!("<article><h1>{title}</h1>{own}{cards}</article>"),
        format!("<article><h1>{title}</h1>{own}{}{own}.</article>", card(1)),
        format!("<main><h1>{title}</h1>{own}{cards}</main>"),
        format!("<main>{cards}<h1>{title}</h1>{own}</main>"),
        format!("<main><h2>{title}</h2><div>{own}</div><div>{cards}</div></main>"),
    ] {
        let article = found(&format!("<title>{title} | News</title>{page}"));
        assert!(article.text.contains("6. The parliament"), "{page}\n{}", article.text);
        assert!(!article.text.contains("Other") && !article.text.contains("Headline"), "{}", article.text);
    }
    // Posts of a page that consists of them, and parts without links.
    let posts =
        found(&format!("<title>{title} | News</title><main><h1>{title}</h1><p>{text}</p>{cards}</main>"));
    assert!(posts.text.contains("Other 39, again."), "{}", posts.text);
    let parts: String =
        (1..=4).map(|n| format!("<article><h3>Part {n}</h3><p>Part {n}. {text}</p></article>")).collect();
    let whole = found(&format!("<title>{title} | News</title><main><h1>{title}</h1>{own}{parts}</main>"));
    assert!(whole.text.contains("Part 4. "), "{}", whole.text);
}

#[test]
fn headings_of_paragraphs_stay_also_as_links() {
    let text = SENTENCES[0];
    let part = |number: u32| {
        format!(
            "<h2><a href=/{number}>A link of the week, number {number}</a></h2><p>{number}. {text}</p>\
             <header><h3>More of number {number}</h3></header><p>Again {number}. {text}</p>"
        )
    };
    let parts: String = (1..=5).map(part).collect();
    let article = found(&format!("<div><p>The links of this week, as always. {text}</p>{parts}</div>"));
    for number in 1..=5 {
        assert!(article.text.contains(&format!("A link of the week, number {number}")), "{}", article.text);
        assert!(article.text.contains(&format!("More of number {number}")), "{}", article.text);
    }
}

#[test]
fn paragraphs_that_are_links_stay_and_headlines_of_other_articles_do_not() {
    for text in SENTENCES {
        let linked = |number: u32| format!("<p><a href=/{number}>Linked {number}. {text} {text}</a></p>");
        let plain = |number: u32| format!("<p>{number}. {text} {text}</p>");
        let other =
            "<p><a href=/other>Another headline of this site, which is as long as a paragraph is</a></p>";
        let article = found(&format!(
            "<article><h1>T</h1>{other}{}{}{}{other}{}{}{other}</article>",
            linked(1),
            linked(2),
            plain(1),
            linked(3),
            plain(2)
        ));
        let lines: Vec<&str> = article.text.lines().collect();
        assert!(lines[0].starts_with("Linked 1") && lines[1].starts_with("Linked 2"), "{}", article.text);
        assert!(
            article.text.contains("Linked 3") && !article.text.contains("Another headline"),
            "{}",
            article.text
        );
    }
}

#[test]
fn a_last_paragraph_of_one_word_stays_and_other_short_ends_do_not() {
    let paragraphs: String = (1..=6).map(|number| format!("<p>{number}. {}</p>", SENTENCES[0])).collect();
    for (end, stays) in [
        ("<p>Armenia</p>", true),
        ("<p>Հայաստան</p>", true),
        ("<p>आर्मेनिया</p>", true),
        ("<p>Related:</p>", false),
        ("<p>(END)</p>", false),
        ("<p>Read more from us</p>", false),
        ("<p>Armenia</p><div>Tags</div>", true),
        ("<p class=tag>Armenia</p>", false),
        ("<p><a href=/armenia>Armenia</a></p>", false),
        ("<div>Armenia</div>", false),
        ("<div><p>Armenia</p></div>", false),
        ("<h3>Share</h3><p>Armenia</p>", false),
    ] {
        let article = found(&format!("<article><h1>T</h1>{paragraphs}{end}</article>"));
        assert_eq!(article.text.lines().count(), if stays { 7 } else { 6 }, "{end} {}", article.text);
    }
}

#[test]
fn classes_made_by_programs_and_those_of_rows_are_no_names() {
    let text = SENTENCES[0];
    let paragraphs: String =
        (1..=8).map(|number| format!("<p class='jp ad ae af toc'>{number}. {text}</p>")).collect();
    let article = found(&format!("<article><h1>T</h1>{paragraphs}</article>"));
    assert_eq!(article.text.lines().count(), 8, "{}", article.text);
    // Components of a widespread editor.
    let parts: String =
        (1..=8).map(|number| format!("<div class='cmp cmp-text'><p>{number}. {text}</p></div>")).collect();
    let article = found(&format!("<div><h1>T</h1>{parts}</div><div class=ad>{text}</div>"));
    assert_eq!(article.text.lines().count(), 8, "{}", article.text);
    let rows: String = (1..=9)
        .map(|n| format!("<tr class='player player-{n}'><td>{n}</td><td>Driver {n}</td></tr>"))
        .collect();
    let article = found(&format!(
        "<article><h1>T</h1><p>{text}</p><p>{text} Again.</p><table>{rows}</table></article>"
    ));
    assert!(article.text.contains("Driver 1") && article.text.ends_with("Driver 9"), "{}", article.text);
}

#[test]
fn a_hidden_copy_of_the_article_is_left() {
    let text = SENTENCES[0];
    let paragraphs: String = (1..=18).map(|number| format!("<p>{number}. {text}</p>")).collect();
    let copy = format!("<div style='display:none'><div>{text} {}</div></div>", text.repeat(80));
    let article = found(&format!("<main><h1>T</h1><div>{paragraphs}</div>{copy}</main>"));
    assert_eq!(article.text.lines().count(), 18, "{}", article.text);
}

#[test]
fn a_shorter_text_than_the_feed_has_is_none() {
    let html = article_of(SENTENCES[0]);
    assert!(page_at(&html, Some(SENTENCES[0])).is_ok());
    assert_eq!(page_at(&html, Some(&SENTENCES[0].repeat(40))), Err(NoArticle::ShorterThanFeed));
    assert_eq!(page_at(&html, Some(&"<p>&amp;</p>".repeat(400))).map(|article| article.by), Ok(By::Finder));
}
