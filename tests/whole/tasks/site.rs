//! What the users of `tasks` work with: a daemon that has read news in several languages, with a story, a source that
//! fails and many that are silent.

use std::fmt::Write as _;
use std::path::Path;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};
use crate::try_page::feed;
use crate::try_page::{GAZETTE, SourceNews, VESTNIK};

pub const TOKEN: &str = "SECRETcorrect-horse-battery";
/// How many entries it keeps.
pub const ENTRIES: usize = 17;
/// Sources without entries, so that the list of all has three pages.
const SILENT: usize = 205;

const SOURCES: [SourceNews<'static>; 8] = [
    GAZETTE,
    VESTNIK,
    (
        "lake",
        "lang = \"en\"",
        &[
            ("The trout are back", "Biologists say the war on poachers is won."),
            ("Averylongwordthatnoscreenofatelephonehasroomforbecauseitdoesnotend andmoreofit", "a < b"),
        ],
    ),
    ("times", "lang = \"en\"", &[STORY]),
    ("herald", "lang = \"en\"", &[STORY]),
    (
        "davar",
        "title = \"דבר היום\"\ntags = [\"levant\"]\nlang = \"he\"",
        &[
            ("רכבת חדשה בין חיפה לירושלים", "הנסיעה תימשך שעה אחת, אמר שר התחבורה."),
            ("הגשם הראשון", "הגשם יגיע בשבוע הבא."),
        ],
    ),
    (
        "nahar",
        "title = \"النهار الجديد\"\ntags = [\"levant\"]\nlang = \"ar\"",
        &[
            ("قطار جديد بين القاهرة والإسكندرية", "تستغرق الرحلة ساعتين، بحسب وزير النقل."),
            ("المطر الأول", "يصل المطر الأسبوع المقبل."),
        ],
    ),
    (
        "ayandeh",
        "title = \"آینده نو\"\nlang = \"fa\"",
        &[
            ("راه‌آهن تازه میان تهران و مشهد", "سفر شش ساعت طول می‌کشد."),
            ("نخستین برف", "برف هفته آینده می‌رسد."),
            ("بازار کتاب", "نمایشگاه کتاب تهران آغاز شد."),
        ],
    ),
];

const STORY: (&str, &str) = (
    "Four nurses discharged from hospital",
    "Four nurses who were being treated for the disease have been discharged from a hospital in the east of the country, \
     the ministry of health said on Monday, and two more are expected to leave it soon.",
);

const OUTPUTS: &str = "[[output]]\nname = \"armenia\"\ntitle = \"Armenia\"\nfilter = \"armenia\"\n\
    [[output]]\nname = \"levant\"\ntitle = \"חדשות המזרח\"\nsources = [\"#levant\"]\n\
    [[output]]\nname = \"lakes\"\ntitle = \"Lakes\"\nfilter = \"lake OR trout\"\nsources = [\"lake\"]\n";

/// A running daemon with its sources.
pub struct Site {
    _home: Home,
    pub daemon: Daemon,
    pub origin: Origin,
}

impl Site {
    pub fn start() -> Site {
        let origin = Origin::start();
        let mut config = String::from(
            "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nper_host = 100\nallow = [\"127.0.0.0/8\"]\n",
        );
        let mut source = |name: &str, keys: &str| {
            let url = origin.url(&format!("/{name}"));
            writeln!(config, "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\n{keys}").expect("a string");
        };
        for (name, keys, entries) in SOURCES {
            feed(&origin, name, entries);
            source(name, keys);
        }
        source("missing", "");
        for number in 0..SILENT {
            let name = format!("wire-{number:03}");
            feed(&origin, &name, &[]);
            source(&name, "");
        }
        let home = Home::new(&(config + OUTPUTS));
        let daemon = home.start();
        let site = Site { _home: home, daemon, origin };
        for (path, part) in [
            ("/try?q=", format!("{ENTRIES} of {ENTRIES} entries match").as_str()),
            ("/stories", "siftwire stories split"),
            ("/feeds/levant", "חדשה"),
            ("/feeds/lakes", "trout"),
            ("/sources", "failing since"),
            ("/sources/wire-204", "last answer"),
        ] {
            eventually(path, || site.daemon.get(path).body.contains(part).then_some(()));
        }
        site
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.daemon.address())
    }

    /// The same at an address that others reach, so that a token is needed. Links of its entries lead to its sources, which are polled all the time.
    pub fn behind_token() -> Site {
        let origin = Origin::start();
        let mut config = format!(
            "[serve]\nlisten = \"0.0.0.0:0\"\ntoken = \"{TOKEN}\"\n[poll]\nper_host = 100\nallow = [\"127.0.0.0/8\"]\n\
             [[output]]\nname = \"open\"\n[[output]]\nname = \"closed\"\nprivate = true\n"
        );
        for (name, keys, entries) in &SOURCES[..3] {
            feed(&origin, name, entries);
            let url = origin.url(&format!("/{name}"));
            writeln!(
                config,
                "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\n{keys}\nevery = \"1s\"\nat_most = \"1s\""
            )
            .expect("a string");
        }
        let home = Home::new(&config);
        let daemon = home.start_with(&[("RUST_LOG", Path::new("trace"))]);
        eventually("the entries", || daemon.get("/feeds/open").body.contains("trout").then_some(()));
        Site { _home: home, daemon, origin }
    }
}
