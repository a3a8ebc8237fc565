//! What users do with the pages, each task in Chromium on a telephone and on a desk, with and without scripts. A task that
//! fails is named.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

mod site;
mod user;

use site::{ENTRIES, Site, TOKEN};
use user::User;

/// With which scripts a task is done.
#[derive(Clone, Copy, PartialEq)]
enum Scripts {
    /// With and without.
    Either,
    /// It is about what the script does, or the script makes no difference.
    Needed,
}
use Scripts::{Either, Needed};

type Task = (&'static str, Scripts, fn(&mut User<'_>));

const TASKS: &[Task] = &[
    ("find a feed on the front page and open its page", Either, open_a_feed),
    ("copy a feed's address by keyboard", Either, copy_an_address),
    ("skip to the entries of a feed by keyboard", Either, skip_to_the_entries),
    ("see what a feed takes, and try another filter", Either, see_the_criteria),
    ("search the entries of a feed, then all that is kept", Either, search_a_feed),
    ("read a feed that is written from right to left", Either, read_from_the_right),
    ("come to the page for filters from the front page", Either, come_to_the_filters),
    ("type words and see what they find, marked", Either, find_words),
    ("leave something out with a minus", Either, leave_out),
    ("type a mistake and see the caret under it", Either, see_a_mistake),
    ("mend the mistake", Either, mend_a_mistake),
    ("read a warning of a filter that does less than it seems", Either, read_a_warning),
    ("choose two sources and a tag", Either, choose_sources),
    ("choose a source that is not there", Either, choose_an_unknown_source),
    ("start from an output and see gains and losses", Either, start_from_an_output),
    ("compare with an output that is chosen by keyboard", Either, compare_by_keyboard),
    ("copy the [[output]] block and use it", Either, use_the_block),
    ("subscribe to the feed of a search", Either, subscribe_to_a_search),
    ("see which words a term stands for", Either, see_the_words),
    ("see how many match by day and by source", Either, see_the_counts),
    ("clear the filter", Either, clear_the_filter),
    ("open the address of somebody else's search", Either, open_a_search),
    ("go back after looking at an entry: the query comes back", Either, go_back),
    ("search in Hebrew", Either, search_in_hebrew),
    ("search in Arabic", Either, search_in_arabic),
    ("search in Persian", Either, search_in_persian),
    ("type fast: nothing jumps, the field keeps the focus", Needed, type_fast),
    ("hear each answer once", Needed, hear_each_answer_once),
    ("type without a network, then with one", Needed, type_without_a_network),
    ("keep a part open while typing", Needed, keep_a_part_open),
    ("find out why an entry is not in an output, by keyboard only", Either, find_out_why),
    ("read what is kept of an entry, as HTML too", Either, read_an_entry),
    ("find the command that splits a story", Either, split_a_story),
    ("leaf through the sources to page 3 and search them", Either, leaf_through_the_sources),
    ("find out why a source fails", Either, find_a_failure),
    ("read a chart as numbers", Either, read_a_chart),
    ("read times in one's own zone", Needed, read_local_times),
    ("see where the focus is on each page", Needed, see_the_focus),
    ("read each page at 320 px", Needed, read_at_320),
    ("read each page at twice the size", Needed, read_at_twice_the_size),
    ("read each page in the dark", Needed, read_in_the_dark),
    ("read each page with reduced motion and forced colours", Needed, read_with_preferences),
];

/// The pages of the site.
const PAGES: [&str; 16] = [
    "/",
    "/feeds/armenia",
    "/feeds/levant",
    "/feeds/levant?q=%D7%A8%D7%9B%D7%91%D7%AA",
    "/feeds/armenia?q=%28+AND+averylongwordthatisnotclosedatallandgoesonandonandonandon",
    "/feeds/_health",
    "/sources",
    "/sources?q=nothing+of+this",
    "/sources/gazette",
    "/sources/davar",
    "/sources/missing",
    "/stories",
    "/entry/1",
    "/try",
    "/try?q=%40armenia+-azerbaijan&output=armenia",
    "/try?q=%28+AND+averylongwordthatisnotclosedatallandgoesonandonandonandonuntilthelineisfull&sources=nobody",
];

#[test]
fn users_can_do_their_tasks() {
    let site = Site::start();
    let mut user = User::new(&site);
    let mut failed = Vec::new();
    for (name, scripts, task) in TASKS {
        for width in [390, 1280] {
            for with_scripts in [true, false] {
                if *scripts == Needed && !with_scripts {
                    continue;
                }
                let done = catch_unwind(AssertUnwindSafe(|| {
                    user.begin(width, with_scripts);
                    task(&mut user);
                    user.all_is_well();
                }));
                if let Some(folder) = std::env::var_os("SIFTWIRE_PICTURES") {
                    let name: String =
                        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
                    let file = format!("{name}-{width}-{with_scripts}.png");
                    user.browser.photograph(&std::path::Path::new(&folder).join(file));
                }
                if done.is_err() {
                    failed.push(format!("{name} ({width} px, scripts: {with_scripts})"));
                }
            }
        }
    }
    assert_eq!(failed, [""; 0]);
}

fn open_a_feed(user: &mut User<'_>) {
    user.open("/");
    user.follow("Armenia");
    user.sees("h1", "Armenia");
    user.sees("#entries .entry mark", "Armenia");
}

fn copy_an_address(user: &mut User<'_>) {
    user.open("/");
    user.tab_to("e.matches('.cards input')");
    // The focus selects all of it.
    let selected =
        user.browser.text("(e => e.value.slice(e.selectionStart, e.selectionEnd))(document.activeElement)");
    assert!(selected.ends_with("/feeds/armenia.atom"), "{selected}");
    let path = selected.replace("http://", "").replace(user.site.daemon.address(), "");
    assert_eq!(user.site.daemon.get(&path).status, 200);
}

fn skip_to_the_entries(user: &mut User<'_>) {
    user.open("/feeds/armenia");
    user.browser.press("Tab");
    user.browser.wait_for(
        "document.activeElement.matches('.skip') && document.activeElement.getBoundingClientRect().left >= 0",
    );
    user.browser.press("Enter");
    user.browser.press("Tab");
    assert_eq!(user.browser.value("document.activeElement.closest('#entries .entry') !== null"), true);
}

fn see_the_criteria(user: &mut User<'_>) {
    user.open("/feeds/lakes");
    user.sees(".criteria", "lake OR trout");
    user.follow("Try another filter");
    assert_eq!(user.browser.text("document.getElementById('q').value"), "lake OR trout");
}

fn search_a_feed(user: &mut User<'_>) {
    user.open("/feeds/armenia");
    user.fill("form.search input", "yerevan");
    user.browser.load(|browser| browser.press("Enter"));
    user.sees("[role=status]", "1 entry of 2");
    user.sees("#entries h2", "Armenia opens a new train line");
    user.follow("Search all that is kept");
    user.sees("#status", &format!("1 of {ENTRIES} entries match"));
    user.open("/feeds/armenia?q=%28");
    user.sees(".problem pre", "^");
}

fn read_from_the_right(user: &mut User<'_>) {
    user.open("/feeds/levant");
    let directions = user.browser.value(
        "['h1', '.entry', '.entry p a', '.entry time'].map(e => document.querySelector(e).matches(':dir(rtl)'))",
    );
    assert_eq!(
        directions,
        json!([true, true, false, false]),
        "only what is English is written from the left"
    );
}

fn come_to_the_filters(user: &mut User<'_>) {
    user.open("/");
    user.follow("/try");
    user.sees("h1", "Try a filter");
    // The first stop of the keyboard after the link back is the field.
    user.browser.press("Tab");
    user.browser.press("Tab");
    assert_eq!(user.browser.text("document.activeElement.id"), "q");
}

fn find_words(user: &mut User<'_>) {
    user.open("/try");
    user.search("@armenia");
    user.sees("#status", &format!("3 of {ENTRIES} entries match"));
    assert_eq!(
        user.titles("in"),
        [
            "Armenia opens a new train line",
            "Армения и Россия обсудили железную дорогу",
            "Peace talks at the border"
        ]
    );
    assert_eq!(user.titles("out").len(), ENTRIES - 3);
    user.sees("h4 mark", "Armenia");
    user.sees(".why", "@armenia in title: Armenia");
}

fn leave_out(user: &mut User<'_>) {
    user.open("/try?q=%40armenia");
    user.search("@armenia -azerbaijan");
    assert_eq!(user.titles("in").len(), 2);
    user.sees("#results", "azerbaijan: `azerbaijan` found in text: Azerbaijan");
}

/// How far the carets are from the place where the marked part begins.
const CARET_OFFSET: &str = "(() => {
    const pre = document.querySelector('.problem pre');
    const carets = document.createRange();
    carets.setStart(pre.lastChild, 0);
    carets.setEnd(pre.lastChild, 1);
    const [caret, part] = [carets.getBoundingClientRect(), pre.querySelector('mark').getBoundingClientRect()];
    const isRtl = pre.matches(':dir(rtl)');
    if (pre.lastChild.textContent[0] !== '^' || caret.top < part.bottom - 2) return 'not under it';
    return isRtl ? Math.abs(caret.right - part.right) : Math.abs(caret.left - part.left);
})()";

#[track_caller]
fn has_caret(user: &mut User<'_>) {
    let offset = user.browser.value(CARET_OFFSET);
    assert!(offset.as_f64().is_some_and(|offset| offset < 2.0), "{offset}");
}

fn see_a_mistake(user: &mut User<'_>) {
    user.open("/try");
    user.search("armenia AND (russia OR");
    user.sees("#status", "The filter has a mistake");
    user.sees(".problem pre", "armenia AND (russia OR");
    has_caret(user);
}

fn mend_a_mistake(user: &mut User<'_>) {
    see_a_mistake(user);
    user.search("armenia AND (russia OR yerevan)");
    assert_eq!(user.count(".problem"), 0);
    assert_eq!(user.titles("in"), ["Armenia opens a new train line"]);
}

fn read_a_warning(user: &mut User<'_>) {
    user.open("/try");
    user.search("armenia and russia");
    user.sees(".start h2", "may not do what you mean");
    assert_eq!(user.browser.value("document.querySelector('.start pre mark').textContent"), "and");
}

fn choose_sources(user: &mut User<'_>) {
    user.open("/try");
    user.fill("input[name=sources][type=text]", "lake, times");
    user.send();
    user.sees("#status", "3 of 3 entries");
    user.click("input[type=checkbox][value='#levant']");
    user.send();
    user.sees("#status", "7 of 7 entries");
    // By keyboard too.
    user.browser.value("document.querySelector(\"input[type=checkbox][value='#levant']\").focus()");
    user.browser.press(" ");
    user.send();
    user.sees("#status", "3 of 3 entries");
}

fn choose_an_unknown_source(user: &mut User<'_>) {
    user.open("/try");
    user.fill("input[name=sources][type=text]", "laek");
    user.send();
    user.sees(".notices", "There is no source");
}

fn start_from_an_output(user: &mut User<'_>) {
    user.open("/try");
    user.follow("Armenia");
    assert_eq!(user.browser.text("document.getElementById('q').value"), "armenia");
    user.search("armenia -azerbaijan OR trout");
    assert_eq!(user.titles("more"), ["The trout are back"]);
    assert_eq!(user.titles("fewer"), ["Peace talks at the border"]);
}

fn compare_by_keyboard(user: &mut User<'_>) {
    user.open("/try");
    user.tab_to("e.name === 'output'");
    // Letters choose in a list.
    user.browser.call("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": "L", "text": "L" }));
    assert_eq!(user.browser.text("document.activeElement.value"), "lakes");
    if user.scripts {
        user.browser.wait_for("document.getElementById('q')?.value === 'lake OR trout'");
    } else {
        user.send();
    }
    assert_eq!(user.browser.text("document.getElementById('q').value"), "lake OR trout");
    user.sees("#results", "Compared with lakes");
}

fn use_the_block(user: &mut User<'_>) {
    user.open("/try?q=%40armenia+-%22train+line%22&sources=gazette&sources=%23levant");
    user.click("#use summary");
    user.browser.wait_for("document.getElementById('use').open");
    let block = user.browser.text(
        "{ getSelection().selectAllChildren(document.querySelector('#use pre')); String(getSelection()) }",
    );
    let home = crate::program::Home::new(&format!(
        "[[source]]\nname = \"gazette\"\nurl = \"https://a.example/\"\ntags = [\"levant\"]\n{block}"
    ));
    let (code, _, words) = home.run(&["check"]);
    assert_eq!(code, Some(0), "{block}: {words}");
    assert!(block.contains("filter = '@armenia -\"train line\"'"), "{block}");
}

fn subscribe_to_a_search(user: &mut User<'_>) {
    user.open("/try");
    user.search("trout");
    user.click("#use summary");
    let address = user.browser.text("document.querySelector('#use input').value");
    assert_eq!(user.browser.text("document.querySelector('link[rel=alternate]').href"), address);
    let path = address.replace("http://", "").replace(user.site.daemon.address(), "");
    let feed = user.site.daemon.get(&path);
    assert_eq!((feed.status, feed.body.matches("<entry>").count()), (200, 1), "{path}: {}", feed.body);
}

fn see_the_words(user: &mut User<'_>) {
    user.open("/try");
    user.search("armenia");
    user.click("#words summary");
    user.browser.wait_for("document.getElementById('words').open");
    user.sees("#words dd", "armenians");
}

fn see_the_counts(user: &mut User<'_>) {
    user.open("/try");
    user.search("armenia");
    user.sees(".about", "2 in 30 days");
    user.sees(".bars", "The gazette 2 of 4");
    assert_eq!(user.count(".days rect"), 30);
    assert!(
        user.browser.text("document.querySelector('.days').getAttribute('aria-label')").contains("30 days")
    );
}

fn clear_the_filter(user: &mut User<'_>) {
    user.open("/try?q=armenia");
    user.search("");
    user.sees("#status", &format!("{ENTRIES} of {ENTRIES} entries match"));
}

fn open_a_search(user: &mut User<'_>) {
    user.open("/try?q=train&sources=lake%2C+gazette&sources=%23levant&output=lakes&stories=all");
    let fields = user.browser.value("[...new FormData(document.getElementById('search'))]");
    let expected = json!([
        ["q", "train"],
        ["sources", "lake, gazette"],
        ["output", "lakes"],
        ["stories", "all"],
        ["sources", "#levant"],
    ]);
    assert_eq!(fields, expected);
    user.sees("#results", "Compared with lakes");
}

fn go_back(user: &mut User<'_>) {
    user.open("/");
    user.follow("/try");
    user.search("trout");
    user.browser.load(|browser| browser.click("document.querySelector('#results .entry .soft a')"));
    user.sees("h1", "The trout are back");
    user.browser.value("history.back()");
    user.browser.wait_for(
        "document.getElementById('q')?.value === 'trout' && document.querySelector('#results h4') !== null",
    );
    user.sees("#status", &format!("1 of {ENTRIES} "));
    assert_eq!(user.titles("in"), ["The trout are back"]);
}

/// Searches in a language that is written from right to left.
fn search_from_the_right(user: &mut User<'_>, query: &str, title: &str) {
    user.open("/try");
    user.search(query);
    assert_eq!(user.titles("in"), [title]);
    assert_eq!(
        user.browser
            .value("['#q', '#results h4'].every(e => document.querySelector(e).matches(':dir(rtl)'))"),
        true
    );
    user.sees("h4 mark", query);
    user.search(&format!("{query} AND ("));
    has_caret(user);
}

fn search_in_hebrew(user: &mut User<'_>) {
    search_from_the_right(user, "רכבת", "רכבת חדשה בין חיפה לירושלים");
}

fn search_in_arabic(user: &mut User<'_>) {
    search_from_the_right(user, "قطار", "قطار جديد بين القاهرة والإسكندرية");
}

fn search_in_persian(user: &mut User<'_>) {
    search_from_the_right(user, "مشهد", "راه‌آهن تازه میان تهران و مشهد");
}

/// Adds up how far things have moved.
const OBSERVE_SHIFTS: &str = "window.shifts = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) shifts += e.value; }).observe({ type: 'layout-shift', buffered: true })";

fn type_fast(user: &mut User<'_>) {
    user.open("/try");
    user.browser.value(OBSERVE_SHIFTS);
    user.click("#q");
    let place = "JSON.stringify([document.getElementById('q').getBoundingClientRect(), scrollY])";
    let before = user.browser.text(place);
    for (typed, expected) in [
        ("@armenia", format!("3 of {ENTRIES} ")),
        (" AND", "The filter has a mistake".to_owned()),
        (" train", format!("1 of {ENTRIES} ")),
        (" zebra", format!("0 of {ENTRIES} ")),
    ] {
        user.browser.enter(typed);
        user.browser
            .wait_for(&format!("document.getElementById('status').textContent.startsWith('{expected}')"));
        assert_eq!(user.browser.text("document.activeElement.id"), "q");
        assert_eq!(user.browser.text(place), before);
    }
    assert_eq!(user.browser.value("document.activeElement.selectionStart"), "@armenia AND train zebra".len());
    // Two frames, so that the last shift is told.
    user.browser.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    let shifts = user.browser.value("shifts").as_f64().expect("a number");
    assert!(shifts < 0.01, "{shifts}");
}

fn hear_each_answer_once(user: &mut User<'_>) {
    user.open("/try");
    user.browser.value(
        "window.heard = []; new MutationObserver(all => heard.push(...all.map(m => m.target.textContent)))\
         .observe(document.getElementById('status'), { childList: true, characterData: true, subtree: true })",
    );
    for query in ["trout", "trout AND", "trout OR train"] {
        user.search(query);
    }
    // Answers to what stood in the field meanwhile may come between.
    let heard = user.browser.value("heard");
    let heard: Vec<&str> =
        heard.as_array().expect("a list").iter().filter_map(|text| text.as_str()).collect();
    for answer in [format!("1 of {ENTRIES} "), "The filter has".to_owned(), format!("2 of {ENTRIES} ")] {
        assert_eq!(heard.iter().filter(|text| text.starts_with(&answer)).count(), 1, "{heard:?}");
    }
    assert_eq!(user.count("[aria-live], [role=status], [role=alert]"), 1, "nothing else speaks");
}

fn type_without_a_network(user: &mut User<'_>) {
    user.open("/try");
    let network = |user: &mut User<'_>, offline: bool| {
        let conditions =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        user.browser.call("Network.emulateNetworkConditions", conditions);
    };
    network(user, true);
    user.fill("#q", "trout");
    user.browser.wait_for("document.getElementById('status').textContent.startsWith('There is no answer')");
    network(user, false);
    user.browser.enter("s");
    user.send();
    user.sees("#status", &format!("1 of {ENTRIES} "));
}

fn keep_a_part_open(user: &mut User<'_>) {
    user.open("/try?q=armenia");
    user.click("#use summary");
    user.search("armenia -moscow");
    assert_eq!(user.browser.value("document.getElementById('use').open"), true);
    user.sees("#use pre", "armenia -moscow");
}

fn find_out_why(user: &mut User<'_>) {
    user.open("/try?q=trout");
    user.tab_to("/^entry\\s\\d+$/.test(e.textContent)");
    user.browser.load(|browser| browser.press("Enter"));
    user.sees("h1", "The trout are back");
    let why = user.browser.text(
        "[...document.querySelectorAll('h3')].find(h => h.textContent.startsWith('armenia')).nextElementSibling.textContent",
    );
    assert!(why.contains("not found"), "{why}");
    user.sees("main", "armenia: no");
}

fn read_an_entry(user: &mut User<'_>) {
    user.open("/try?q=train+yerevan");
    user.browser.load(|browser| browser.click("document.querySelector('.entry .soft a')"));
    user.sees("main", "First seen");
    user.click("details summary");
    user.browser.wait_for("document.querySelector('details').open");
    user.sees("details pre", "<b>train</b>");
}

fn split_a_story(user: &mut User<'_>) {
    user.open("/");
    user.follow("/sources");
    user.follow("/stories");
    let command = user.text(".entry code");
    let number = command.strip_prefix("siftwire stories split ").expect("a command");
    user.sees(".entry h2", "Four nurses");
    user.follow(&format!("/entry/{number}"));
    user.sees("main", &format!("siftwire stories split {number} makes it"));
    user.browser.load(|browser| browser.click("document.querySelector('.sources a')"));
    user.sees("main", "It is the first entry");
}

fn leaf_through_the_sources(user: &mut User<'_>) {
    user.open("/sources");
    user.sees("main", "page 1 of 3");
    user.follow("Next");
    user.follow("Next");
    user.sees("main", "page 3 of 3");
    assert_eq!(user.count("a[rel=next]"), 0);
    user.follow("Previous");
    user.fill("input[type=search]", "wire-17");
    user.browser.load(|browser| browser.press("Enter"));
    user.sees("main", "10 sources");
    assert_eq!(user.browser.text("document.querySelector('input[type=search]').value"), "wire-17");
}

fn find_a_failure(user: &mut User<'_>) {
    user.open("/sources");
    user.browser.load(|browser| browser.click("document.querySelector('.sources a')"));
    user.sees("h1", "missing");
    user.sees("main", "status 404");
    user.sees(".bad", "failing since");
}

fn read_a_chart(user: &mut User<'_>) {
    user.open("/sources/gazette");
    assert_eq!(user.count("svg[role=img][aria-label]"), 2);
    user.tab_to("e.tagName === 'SUMMARY'");
    user.browser.press("Enter");
    user.browser.wait_for("document.querySelector('details').open");
    user.sees("thead", "not modified");
    user.tab_to("e.matches('.scroll')");
}

fn read_local_times(user: &mut User<'_>) {
    user.browser.call("Emulation.setTimezoneOverride", json!({ "timezoneId": "Asia/Yerevan" }));
    for page in ["/sources/gazette", "/try?q=trout", "/stories", "/entry/1"] {
        user.open(page);
        let times = user.browser.value(
            "[...document.querySelectorAll('time')].every(t => t.textContent.includes('GMT+4') && t.title.endsWith('UTC'))",
        );
        assert_eq!(times, true, "{page}");
    }
    user.open("/try");
    user.search("trout");
    user.sees("#results time", "GMT+4");
    user.browser.call("Emulation.setTimezoneOverride", json!({ "timezoneId": "" }));
}

fn see_the_focus(user: &mut User<'_>) {
    for page in PAGES {
        user.open(page);
        for _ in 0..40 {
            user.browser.press("Tab");
            let seen = user.browser.value(
                "(e => { if (e === document.body) return 'none'; const s = getComputedStyle(e), r = e.getBoundingClientRect(); \
                 return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1 && r.bottom > 0 && r.top < innerHeight && r.right > 0 \
                 ? 'seen' : e.outerHTML.slice(0, 300); })(document.activeElement)",
            );
            if seen == "none" {
                break;
            }
            assert_eq!(seen, "seen", "{page}");
        }
    }
}

fn read_at_320(user: &mut User<'_>) {
    user.browser.set_width(320);
    for page in PAGES {
        user.open(page);
        user.browser.value("document.querySelectorAll('details').forEach(d => d.open = true)");
        user.fits();
    }
}

fn read_at_twice_the_size(user: &mut User<'_>) {
    // Zoomed: half as many pixels, of twice the size.
    let size = json!({ "width": user.width / 2, "height": 450, "deviceScaleFactor": 2, "mobile": false });
    user.browser.call("Emulation.setDeviceMetricsOverride", size);
    for page in PAGES {
        user.open(page);
        user.fits();
    }
    // Letters alone, as a preference of the browser.
    user.browser.set_width(user.width);
    for page in PAGES {
        user.open(page);
        user.browser.value("document.documentElement.style.fontSize = '200%'");
        let size = user.browser.text("getComputedStyle(document.body).fontSize");
        assert_eq!(size, "34px", "{page}");
        user.fits();
    }
}

fn read_in_the_dark(user: &mut User<'_>) {
    user.browser.prefer("prefers-color-scheme", "dark");
    for page in PAGES {
        user.open(page);
        let background = user.browser.text("getComputedStyle(document.body).backgroundColor");
        assert_eq!(background, "rgb(22, 21, 19)", "{page}");
        user.all_is_well();
        user.browser.prefer("prefers-color-scheme", "dark");
    }
}

fn read_with_preferences(user: &mut User<'_>) {
    for (feature, value) in [("prefers-reduced-motion", "reduce"), ("forced-colors", "active")] {
        user.browser.prefer(feature, value);
        for page in PAGES {
            user.open(page);
            assert_eq!(user.browser.value("document.getAnimations().length"), 0, "{page}");
            assert_eq!(
                user.browser.text("getComputedStyle(document.documentElement).scrollBehavior"),
                "auto"
            );
            user.fits();
        }
    }
}

#[test]
fn users_elsewhere_sign_in_and_the_token_stays_with_them() {
    let site = Site::behind_token();
    site.origin.set("/lake/0", 200, "text/html", "<title>The trout</title>");
    let mut user = User::new(&site);
    let mut told = Vec::new();
    for (width, scripts) in [(390, true), (390, false), (1280, true), (1280, false)] {
        user.begin(width, scripts);
        user.open("/try?q=trout&token=SECRETwrong");
        user.sees("h1", "Sign in");
        user.can_be_used_by_all();
        user.fill("input[type=password]", "SECRETtypo");
        user.browser.load(|browser| browser.press("Enter"));
        user.sees("[role=alert]", "That is not the token");
        user.tab_to("e.type === 'password'");
        user.browser.enter(TOKEN);
        user.browser.load(|browser| browser.press("Enter"));
        // The page that was asked for.
        user.sees("#status", "1 of 8 entries");
        told.extend(user.browser.take_events());
        // Polls run meanwhile.
        let polls = || site.origin.responses("/lake");
        let before = polls();
        while polls() == before {
            for query in ["@armenia", "trout AND", "train OR trout", "тропа"] {
                user.search(query);
                assert!(!user.text("#status").is_empty());
            }
        }
        user.search("trout");
        user.sees("#status", "1 of 8 entries");
        user.browser.load(|browser| browser.click("document.querySelector('#results h4 a')"));
        assert_eq!(user.browser.text("document.title"), "The trout");
        for page in ["/feeds/closed", "/entry/1", "/sources"] {
            user.open(page);
            assert_ne!(user.text("h1"), "Sign in", "{page}");
            user.all_is_well();
        }
    }
    let head = site.origin.last_head("/lake/0");
    assert!(head.contains("GET /lake/0"), "{head}");
    for secret in ["referer", "cookie", "secret"] {
        assert!(!head.to_lowercase().contains(secret), "{head}");
    }
    for (event, parameters) in told {
        let (url, headers) = (&parameters["request"]["url"], &parameters["request"]["headers"]);
        let is_secret = |value: &serde_json::Value| value.to_string().contains("SECRETc");
        assert!(
            event != "Network.requestWillBeSent" || !(is_secret(url) || is_secret(headers)),
            "{parameters}"
        );
    }
    let (_, log) = site.daemon.stop();
    assert!(log.contains("polled") && !log.contains("SECRET"), "{log}");
}
