//! What is removed leaves a trace, and what is not shown none.

use url::Url;

use crate::html::{Addresses, sanitize};

/// The usual and the fast path, for an entry with a page.
fn clean(html: &str) -> String {
    let page = Url::parse("https://e.org/a/b").ok();
    sanitize(html.to_owned(), &Addresses { base: page.clone(), page }).0
}

fn check(cases: &[(&str, &str)]) {
    for (html, cleaned) in cases {
        assert_eq!(clean(html), *cleaned, "{html}");
        assert_eq!(clean(cleaned), *cleaned, "again: {html}");
    }
}

const GIF: &str = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const JPEG: &str = "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ";

#[test]
fn a_picture_is_shown_once_wherever_its_address_is() {
    let shown = "<img src=\"https://e.org/p.jpg\">";
    let placeholder = format!("<img src=\"{GIF}\" data-src=\"https://e.org/p.jpg\">");
    for html in [
        "<img data-src='/p.jpg'>",
        "<img src='/blank.gif' data-lazy-src='/p.jpg'>",
        "<img src='' data-original='/p.jpg'>",
        "<img src='about:blank' data-large-file='/p.jpg'>",
        "<img data-orig-file='/p.jpg' data-image-meta='{\"a\": 1}' data-id=12>",
        "<img data-srcset='/p.jpg 800w' sizes='100vw'>",
        "<img file='/p.jpg'>",
        "<amp-img src='/p.jpg' layout=fill></amp-img>",
        "<amp-anim src='/p.jpg'><amp-img placeholder src='/x.jpg'></amp-img></amp-anim>",
        "<amp-img src='/p.jpg'><noscript><img src='https://e.org/p.jpg'></noscript></amp-img>",
        "<noscript><img src='/p.jpg'></noscript>",
        "<noscript>&lt;img src=\"/p.jpg\"&gt;</noscript>",
        "<img data-src='/p.jpg'><noscript>&lt;img src=\"/p.jpg\"&gt;</noscript>",
        "<noscript><img src='/p.jpg'></noscript><img data-src='/p.jpg'>",
        "<img src='data:image/svg+xml,%3Csvg/%3E'>\n<noscript><img src='/p.jpg'></noscript>",
        "<img data-src='/small.jpg'><noscript><img src='/p.jpg'></noscript>",
        "<picture><source srcset='/x.webp' type='image/webp'><img src='/p.jpg'></picture>",
        "<picture><source srcset='/x.avif' type='image/avif'><source srcset='/p.jpg'></picture>",
        "<picture><source data-srcset='/p.jpg 1x' type='image/jpeg'><source srcset='/x.webp' type='image/webp'><img src='data:,'></picture>",
        "<picture><!-- x --><img data-src='/p.jpg'></picture>",
        "<object type='image/jpeg' data='/p.jpg'></object>",
        "<embed type='image/jpeg' src='/p.jpg'>",
        "<svg><image xlink:href='/p.jpg'></image></svg>",
        &placeholder,
        &format!("{placeholder}<noscript>{shown}</noscript>"),
        &format!("{placeholder}{placeholder}"),
    ] {
        assert_eq!(clean(html).replace('\n', ""), shown, "{html}");
    }
    check(&[
        (
            "<img data-src='/p.jpg' alt='A' width=3 class=x title=T>",
            "<img src=\"https://e.org/p.jpg\" alt=\"A\" width=\"3\" title=\"T\">",
        ),
        (
            "<img src='/p.jpg'><img src='/p.jpg'>",
            "<img src=\"https://e.org/p.jpg\"><img src=\"https://e.org/p.jpg\">",
        ),
        (
            "<picture><img src='/p.jpg'><p>the rest</p><img src='/q.jpg'>t",
            "<img src=\"https://e.org/p.jpg\"><p>the rest</p><img src=\"https://e.org/q.jpg\">t",
        ),
        ("<amp-img src='/p.jpg'><p>the rest</p>", "<img src=\"https://e.org/p.jpg\"><p>the rest</p>"),
        (
            "<video data-src='/v.mp4' controls></video>",
            "<video src=\"https://e.org/v.mp4\" controls=\"\"></video>",
        ),
    ]);
}

#[test]
fn a_picture_keeps_its_sizes() {
    check(&[
        (
            "<img srcset='/s.jpg 320w, /p.jpg 1200w, /x.jpg 2400w'>",
            "<img src=\"https://e.org/p.jpg\" srcset=\"https://e.org/s.jpg 320w, https://e.org/p.jpg 1200w, https://e.org/x.jpg 2400w\">",
        ),
        (
            "<img src='/p.jpg' srcset='/x.jpg?a&amp;b 2x' sizes='9vw' loading=lazy style='color:red'>",
            "<img src=\"https://e.org/p.jpg\" srcset=\"https://e.org/x.jpg?a&amp;b 2x\">",
        ),
        // A browser would take the placeholder.
        ("<img src='/b.gif' data-src='/p.jpg' srcset='/b.gif 1x'>", "<img src=\"https://e.org/p.jpg\">"),
        ("<img src='/p.jpg' srcset='javascript:x() 1x'>", "<img src=\"https://e.org/p.jpg\">"),
        ("<p srcset='/p.jpg 1x'>t</p>", "<p>t</p>"),
    ]);
}

#[test]
fn placeholders_and_pixels_are_no_pictures() {
    for html in [
        &format!("<img src='{GIF}'>"),
        "<img data-src='/p.gif' width=1 height=1>",
        "<noscript><img src='https://www.facebook.com/tr?id=1' style='display:none' height=1 width=1></noscript>",
        "<iframe src='https://www.googletagmanager.com/ns.html?id=1' height=0 width=0></iframe>",
        "<iframe src='https://ads.example/' style='display:none'></iframe>",
        "<img data-src='{{ url }}'>",
        "<img alt='A'>",
    ] {
        assert_eq!(clean(&format!("a{html}b")), "ab", "{html}");
    }
    let with_pixel = "<img data-src='/p.jpg'><noscript><img src='/t' width=1 height=1></noscript>";
    assert_eq!(clean(with_pixel), "<img src=\"https://e.org/p.jpg\">");
}

#[test]
fn pictures_in_addresses_are_kept_within_bounds() {
    let picture = format!("<img src=\"{JPEG}\" alt=\"A\">");
    check(&[(&picture, &picture)]);
    let long = format!("data:image/jpeg;base64,{}", "A".repeat(90_000));
    assert_eq!(clean(&format!("<img src={long}>").repeat(9)).matches("<img").count(), 3);
    let longer = format!("data:image/jpeg;base64,{}", "A".repeat(200_000));
    check(&[
        (&format!("<img src={longer} alt='A &lt; B'>"), "<a href=\"https://e.org/a/b\">A &lt; B</a>"),
        (&format!("<img src={longer}>"), "<a href=\"https://e.org/a/b\">Picture</a>"),
        ("<img src='cid:1' alt='Chart'>", "Chart"),
        ("<a href='data:image/png;base64,iVBORw0KGgo'>a</a>", "<a>a</a>"),
        (
            "<video src='data:image/jpeg;base64,AAAA' poster='data:image/jpeg;base64,AAAA'></video>a",
            "<video></video>a",
        ),
    ]);
}

#[test]
fn frames_objects_and_players_are_frames_each_once() {
    let frame = "<iframe src=\"https://x.example/e\"></iframe>";
    for html in [
        "<iframe src='https://x.example/e' sandbox>text</iframe>",
        "<iframe src='about:blank' data-src='https://x.example/e'></iframe>",
        "<iframe data-lazy-src='https://x.example/e'></iframe><noscript><iframe src='https://x.example/e'></iframe></noscript>",
        "<amp-iframe src='https://x.example/e'></amp-iframe>",
        "<embed src='https://x.example/e'>",
        "<object data='https://x.example/e'></object>",
        "<object><param name='Movie' value='https://x.example/e'><embed src='https://x.example/e'></object>",
        "<object data='https://x.example/e'><object data='https://x.example/e'></object></object>",
    ] {
        assert_eq!(clean(html), frame, "{html}");
    }
    let video = |id: &str| format!("<iframe src=\"https://www.youtube.com/embed/{id}\"></iframe>");
    assert_eq!(clean("<lite-youtube videoid='a1'></lite-youtube>"), video("a1"));
    assert_eq!(clean("<amp-youtube data-videoid='a1' layout=fill></amp-youtube>"), video("a1"));
    assert_eq!(
        clean("<script async src='https://telegram.org/js/w.js' data-telegram-post='news/8'>x()</script>"),
        "<iframe src=\"https://t.me/news/8\"></iframe>"
    );
    assert_eq!(
        clean("<script src='https://gist.github.com/a/1.js'></script>"),
        "<iframe src=\"https://gist.github.com/a/1\"></iframe>"
    );
    assert_eq!(
        clean("<div class=lazy data-src='https://www.youtube.com/embed/a1'></div>"),
        format!("{}<div></div>", video("a1"))
    );
    check(&[
        (
            "<object data='/e.swf'>Words <b>stay</b></object>",
            "<iframe src=\"https://e.org/e.swf\"></iframe>Words <b>stay</b>",
        ),
        (
            "<iframe src=//x.example/e width=9 title='A > B'></iframe>",
            "<iframe src=\"https://x.example/e\" width=\"9\" title=\"A &gt; B\"></iframe>",
        ),
    ]);
}

#[test]
fn what_a_browser_does_not_show_goes() {
    for html in [
        "<p hidden>x</p>",
        "<p hidden=''>x</p>",
        "<div style='display:none'><p>x<b>x</b></p></div>",
        "<p style='color:red; DISPLAY : None !important'>x</p>",
        "<p style='visibility:hidden'>x</p>",
        "<p style='max-height:0;overflow:hidden'>x</p>",
        "<title>x</title>",
        "<style>x</style>",
        "<template><p>x</p></template>",
        "<dialog>x</dialog>",
        "<noembed>x</noembed>",
        "<datalist><option>x</datalist>",
        "<svg><title>x</title><defs><text>x</text></defs></svg>",
        "<math hidden><mi>x</mi></math>",
    ] {
        assert_eq!(clean(&format!("<p>a</p>{html}<p>b</p>")), "<p>a</p><p>b</p>", "{html}");
    }
    check(&[
        ("<p style='display:none;display:block'>a</p>", "<p>a</p>"),
        ("<p hidden style='display: block'>a</p>", "<p>a</p>"),
        ("<p hidden=until-found>a</p>", "<p>a</p>"),
        ("<p style='overflow:hidden;text-decoration:none'>a</p>", "<p>a</p>"),
        ("<dialog open>a</dialog>", "a"),
        ("<noscript><p>a</p></noscript>", "<p>a</p>"),
        ("<noscript>1 &lt; 2</noscript>", "1 &lt; 2"),
        (
            "<noscript>&lt;script&gt;x()&lt;/script&gt;&lt;p title='&lt;'&gt;a</noscript>b",
            "<p title=\"&lt;\">a</p>b",
        ),
        ("<xmp><b>a</b></xmp>", "<pre>&lt;b&gt;a&lt;/b&gt;</pre>"),
        // An entry never becomes empty.
        ("<div style='display:none'><p>a <i>b</i></p></div>", "<div><p>a <i>b</i></p></div>"),
        ("<title>Words</title>", " Words "),
        (
            "<!DOCTYPE html><html lang=ar><head><title>x</title></head><body dir=RTL lang=ar><p>a</p></body></html>",
            "<div dir=\"rtl\" lang=\"ar\"><p>a</p></div>",
        ),
        ("<html dir=rtl><body class=x><p>a</p>", "<div dir=\"rtl\"><p>a</p></div>"),
    ]);
}

#[test]
fn formulas_and_drawings_keep_their_text() {
    check(&[
        ("<math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math>", "a&lt;b"),
        ("<math><msup><mi>c</mi><mn>2</mn></msup></math>", "c<sup>2</sup>"),
        ("<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></math>", "x<sub>1</sub><sup>2</sup>"),
        ("<math><mfrac><mn>3</mn><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></mfrac></math>", "3/(a+b)"),
        ("<math><msqrt><mn>2</mn></msqrt><mroot><mi>x</mi><mn>3</mn></mroot></math>", "√(2)<sup>3</sup>√(x)"),
        ("<math><mfenced open='['><mi>a</mi><mi>b</mi></mfenced></math>", "[a, b)"),
        ("<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable></math>", "1 2  "),
        ("<math><semantics><mi>x</mi><annotation>\\x</annotation></semantics></math>", "x"),
        ("<math><mtext>if <b>so</b></mtext></math>", "if <b>so</b>"),
        ("<math alttext='E=m'></math>", "E=m"),
        ("<svg><text>One</text><g><text>Two</text></g></svg>", "One Two "),
        ("<svg><foreignObject><p>a</p></foreignObject></svg>", "<p>a</p>"),
        (
            "<span><span><math><mi>x</mi></math></span><span aria-hidden='true'><b>x</b></span></span>",
            "<span><span>x</span></span>",
        ),
    ]);
    let with_picture = "<span><span style='display:none'><math><mi>x</mi></math></span><img src='/x.svg' aria-hidden=true></span>";
    assert_eq!(clean(with_picture), "<span><img src=\"https://e.org/x.svg\"></span>");
}

#[test]
fn direction_language_and_places_stay() {
    check(&[
        ("<p dir=RTL lang=he>a</p>", "<p dir=\"rtl\" lang=\"he\">a</p>"),
        ("<p dir=x>a</p>", "<p>a</p>"),
        ("<a name=n>a</a>", "<a id=\"siftwire-n\">a</a>"),
        ("<a id=n></a><p>a</p>", "<a id=\"siftwire-n\"></a><p>a</p>"),
        ("<a href='#n'>a</a>", "<a href=\"https://e.org/a/b#n\">a</a>"),
        ("<a href=' #n '>a</a>", "<a href=\"https://e.org/a/b#n\">a</a>"),
    ]);
    let without_page = Addresses { base: Url::parse("https://e.org/").ok(), page: None };
    let html = "<a href='#n'>a</a><a href='c'>c</a><q cite='#n'></q><img src='#n'><p id=n>b".to_owned();
    assert_eq!(
        sanitize(html, &without_page).0,
        "<a href=\"#siftwire-n\">a</a><a href=\"https://e.org/c\">c</a><q></q><p id=\"siftwire-n\">b</p>"
    );
}

#[test]
fn cards_that_a_script_fills_become_links_and_inner_documents_stay() {
    for (html, address) in [
        (
            "<blockquote class='instagram-media' data-instgrm-permalink='https://www.instagram.com/p/Cx1/'></blockquote>",
            "https://www.instagram.com/p/Cx1/",
        ),
        (
            "<blockquote class=\"tiktok-embed\" cite=\"https://www.tiktok.com/@a/video/7\"><section></section></blockquote>",
            "https://www.tiktok.com/@a/video/7",
        ),
        (
            "<div class='fb-post' data-href='https://www.facebook.com/a/posts/1'></div>",
            "https://www.facebook.com/a/posts/1",
        ),
        (
            "<blockquote class='bluesky-embed' data-bluesky-uri='at://did:plc:ab/app.bsky.feed.post/3k'></blockquote>",
            "https://bsky.app/profile/did:plc:ab/post/3k",
        ),
    ] {
        let cleaned = clean(html);
        assert!(cleaned.contains(address), "{html}: {cleaned}");
    }
    let with_words = "<blockquote class=\"tiktok-embed\" cite=\"https://www.tiktok.com/@a/video/7\"><p>Words</p></blockquote>";
    assert!(!clean(with_words).contains("iframe"), "{}", clean(with_words));
    check(&[
        ("<iframe srcdoc='&lt;p&gt;a &lt;b&gt;b&lt;/b&gt;&lt;/p&gt;'></iframe>", "<p>a <b>b</b></p>"),
        ("<p>Let <script type='math/tex'>x^2 &lt; y</script> be</p>", "<p>Let x^2 &amp;lt; y be</p>"),
    ]);
}
