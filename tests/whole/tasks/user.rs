//! Somebody at a browser: what they do, and what must hold wherever they are.

use serde_json::{Value, json};

use super::site::Site;
use crate::browser::Browser;

pub struct User<'a> {
    pub browser: Browser,
    pub site: &'a Site,
    pub width: u32,
    /// Whether pages may run scripts.
    pub scripts: bool,
}

/// What makes a page wider than the window.
const TOO_WIDE: &str = "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && \
    e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('pre, .scroll, .skip, datalist, option')).map(e => e.outerHTML.slice(0, 200))";

impl User<'_> {
    pub fn new(site: &Site) -> User<'_> {
        User { browser: Browser::start(), site, width: 0, scripts: true }
    }

    /// Begins anew: a window of this width, no preferences, no cookies.
    pub fn begin(&mut self, width: u32, scripts: bool) {
        (self.width, self.scripts) = (width, scripts);
        self.browser.set_width(width);
        self.browser.allow_scripts(scripts);
        self.browser.prefer("prefers-color-scheme", "light");
        self.browser.call("Network.clearBrowserCookies", json!({}));
        self.browser.open("about:blank");
        self.browser.take_events();
    }

    pub fn open(&mut self, path: &str) {
        let url = self.site.url(path);
        self.browser.open(&url);
    }

    pub fn text(&mut self, selector: &str) -> String {
        self.browser.text(&format!("document.querySelector({})?.textContent", json!(selector)))
    }

    #[track_caller]
    pub fn sees(&mut self, selector: &str, part: &str) {
        let text = self.text(selector);
        assert!(text.contains(part), "{part:?} is not in {selector}: {text:?}");
    }

    pub fn count(&mut self, selector: &str) -> u64 {
        let count = self.browser.value(&format!("document.querySelectorAll({}).length", json!(selector)));
        count.as_u64().expect("a number")
    }

    /// The titles of the entries in a list of the page for filters.
    pub fn titles(&mut self, list: &str) -> Vec<String> {
        let titles = self.browser.value(&format!(
            "[...document.querySelectorAll('#results section section')].filter(s => / {list}$/.test(s.querySelector('h3').textContent))\
             .flatMap(s => [...s.querySelectorAll('h4')].map(h => h.textContent))"
        ));
        titles
            .as_array()
            .expect("a list")
            .iter()
            .map(|title| title.as_str().expect("text").to_owned())
            .collect()
    }

    pub fn click(&mut self, selector: &str) {
        self.browser.click(&format!("document.querySelector({})", json!(selector)));
    }

    /// Clicks a link with this text, or whose address ends with it.
    pub fn follow(&mut self, link: &str) {
        let link = format!(
            "[...document.querySelectorAll('a')].find(a => a.textContent.trim() === {0} || a.href.endsWith({0}))",
            json!(link)
        );
        self.browser.load(|browser| browser.click(&link));
    }

    /// Puts a text in place of what a field has.
    pub fn fill(&mut self, selector: &str, text: &str) {
        self.click(selector);
        self.browser.value(&format!("document.querySelector({}).select()", json!(selector)));
        match text {
            "" => self.browser.press("Backspace"),
            _ => self.browser.enter(text),
        }
    }

    /// Sends the form, if no script has.
    pub fn send(&mut self) {
        let is_wanted = "location.search.slice(1) === new URLSearchParams(new FormData(document.getElementById('search'))).toString()";
        if self.scripts {
            self.browser.wait_for(is_wanted);
        } else {
            self.browser.load(|browser| browser.click("document.querySelector('#search button')"));
        }
    }

    /// Types a filter.
    pub fn search(&mut self, query: &str) {
        self.fill("#q", query);
        if self.scripts {
            self.send();
        } else {
            self.browser.load(|browser| browser.press("Enter"));
        }
    }

    /// Presses Tab until what has the focus fulfils an expression of `e`.
    #[track_caller]
    pub fn tab_to(&mut self, expression: &str) {
        for _ in 0..200 {
            self.browser.press("Tab");
            if self.browser.value(&format!("(e => {expression})(document.activeElement)")) == true {
                return;
            }
        }
        panic!("the keyboard does not reach {expression}");
    }

    #[track_caller]
    pub fn fits(&mut self) {
        let is_too_wide = self.browser.value("document.documentElement.scrollWidth > innerWidth");
        let what = if is_too_wide == true { self.browser.value(TOO_WIDE) } else { Value::Null };
        assert!(is_too_wide == false, "wider than the window: {} {what}", self.browser.text("location.href"));
    }

    /// What must hold wherever somebody is: nothing is cut off, nothing failed, nothing is requested from elsewhere, and
    /// the page can be used by all, in light and dark.
    #[track_caller]
    pub fn all_is_well(&mut self) {
        self.fits();
        for (event, parameters) in self.browser.take_events() {
            let is_bad = match event.as_str() {
                "Log.entryAdded" => {
                    parameters["entry"]["source"] == "security"
                        || parameters["entry"]["source"] == "javascript"
                }
                "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Page.javascriptDialogOpening" => {
                    true
                }
                "Network.requestWillBeSent" => {
                    let url = parameters["request"]["url"].as_str().expect("an address");
                    !["http://127.0.0.1:", "http://localhost:", "about:"]
                        .iter()
                        .any(|start| url.starts_with(start))
                }
                _ => false,
            };
            assert!(!is_bad, "{event}: {parameters}");
        }
        self.can_be_used_by_all();
    }

    /// What axe finds wrong with the page, in light and dark: nothing. Scripts change nothing of that, and it needs them.
    #[track_caller]
    pub fn can_be_used_by_all(&mut self) {
        #[cfg(axe)]
        if self.scripts {
            let page = self.browser.text("location.href");
            assert_eq!(self.browser.violations("{ resultTypes: ['violations'] }"), "[]", "{page}");
            self.browser.prefer("prefers-color-scheme", "dark");
            let contrast =
                "{ resultTypes: ['violations'], runOnly: ['color-contrast', 'link-in-text-block'] }";
            assert_eq!(self.browser.violations(contrast), "[]", "{page} in the dark");
            self.browser.prefer("prefers-color-scheme", "light");
        }
    }
}
