//! What sources change between two polls. Each change is a row of the table "Which stored entry is it" in
//! ARCHITECTURE.md; where the row says that an edited item is a new entry, it is a new article here, too.

use jiff::{SignedDuration, Timestamp};

use crate::documents::Version;
use crate::origin::{Article, Identity, Origin, Source, has_low_first_poll};

/// A copy of an older text would be another story.
const MAX_COPIED_AGE: SignedDuration = SignedDuration::from_hours(48);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Text,
    Title,
    /// The old title and more.
    LongerTitle,
    Date,
    TitleAndDate,
    Link,
    LinkAndTitle,
    Scheme,
    Tracking,
}

use Edit::{Date, Link, LinkAndTitle, LongerTitle, Scheme, Text, Title, TitleAndDate, Tracking};

/// What an edited item is, by the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    SameEntry,
    /// The same entry, if the earlier version left the feed in the same poll.
    IfItLeft,
    NewEntry,
}

impl Origin {
    /// One change of a source between two times. `is_whole`: a whole document follows.
    pub fn change(&mut self, source: usize, between: (Timestamp, Timestamp), is_whole: bool) {
        if self.sources[source].needs_whole {
            return;
        }
        let date = self.date(between);
        let hours = |hours: i64| date - SignedDuration::from_hours(hours);
        match self.random.usize(0..if has_low_first_poll(source) { 36 } else { 100 }) {
            0..25 => drop(self.publish(source, date)),
            25..30 => {
                let late = hours(self.random.i64(1..70));
                self.publish(source, late);
            }
            30..33 => {
                let archived = hours(self.random.i64(100..500));
                self.publish(source, archived);
            }
            33..35 => {
                // A burst, larger than the document.
                for _ in 0..=self.sources[source].window.min(25) {
                    let date = self.date(between);
                    self.publish(source, date);
                }
            }
            35 => {
                let future = hours(-self.random.i64(1..20));
                self.publish(source, future);
            }
            36..44 => self.copy(source, between),
            44..47 => self.repeat_title(source, date),
            47..51 => self.reuse_guid(source, date),
            51..54 => self.change_guids(source, is_whole),
            54..60 => {
                if let Some(article) = self.any(self.listed(source))
                    && self.sources[source].identity != Identity::Replaced
                {
                    self.sources[source].listing.retain(|listed| *listed != article);
                    self.articles[article].history.push("left the feed".into());
                }
            }
            60..66 => self.list_again(source),
            _ => self.edit(source, date, is_whole),
        }
    }

    fn date(&mut self, (since, now): (Timestamp, Timestamp)) -> Timestamp {
        now - SignedDuration::from_secs(self.random.i64(0..=now.duration_since(since).as_secs().max(1)))
    }

    fn any(&mut self, articles: Vec<usize>) -> Option<usize> {
        self.random.choice(articles)
    }

    /// The articles of a source that were read.
    fn read_articles(&self, source: usize) -> Vec<usize> {
        let all = self.sources[source].articles.iter().copied();
        all.filter(|article| self.articles[*article].first.is_some()).collect()
    }

    /// Whether an article was read as it is now.
    fn is_clean(&self, article: usize) -> bool {
        let Article { source, version, reads, .. } = &self.articles[article];
        let is_positional = self.sources[*source].identity == Identity::Positional;
        reads.last().is_some_and(|read| match is_positional {
            true => Version { guid: None, ..read.clone() } == *version,
            false => read == version,
        })
    }

    /// An article with the text of another source's.
    fn copy(&mut self, source: usize, between: (Timestamp, Timestamp)) {
        if self.sources[source].identity == Identity::Replaced {
            return;
        }
        let recent = self.articles.len().saturating_sub(400)..self.articles.len();
        let some: Vec<usize> = (0..20).map(|_| self.random.usize(recent.clone())).collect();
        let may_be_copied = |article: &usize| {
            let Article { source: other, is_uncopied, first, copies, reads, .. } = &self.articles[*article];
            let is_recent =
                first.as_ref().is_some_and(|first| between.1.duration_since(first.date) < MAX_COPIED_AGE);
            // An edited text is not the one that a copy is compared with.
            let is_unedited =
                reads.iter().all(|read| (&read.title, &read.text) == (&reads[0].title, &reads[0].text));
            let has_copied = copies.iter().any(|copy| self.articles[*copy].source == source);
            is_recent
                && is_unedited
                && *other != source
                && !is_uncopied
                && !has_copied
                && self.is_clean(*article)
        };
        let Some(original) = some.into_iter().find(may_be_copied) else { return };
        let date = self.date(between);
        let article = self.publish(source, date);
        let Article { story, version: Version { title, text, .. }, copies, .. } =
            &mut self.articles[original];
        copies.push(article);
        let (story, title, text) = (*story, title.clone(), text.clone());
        let copy = &mut self.articles[article];
        (copy.story, copy.version.title, copy.version.text, copy.is_uncopied) = (story, title, text, true);
        self.note(article, &format!("a copy of article {original}"));
    }

    /// A new article with an older one's title.
    fn repeat_title(&mut self, source: usize, date: Timestamp) {
        let mut earlier = self.read_articles(source);
        let is_possible = match self.sources[source].identity {
            Identity::Full | Identity::Permalink | Identity::LinkOnly => true,
            Identity::GuidOnly => self.sources[source].is_dated,
            // A second alert with another headline shows that the guid names several.
            Identity::Alert => earlier.len() > 1,
            _ => false,
        };
        earlier.retain(|article| {
            let Article { copies, is_uncopied, version, .. } = &self.articles[*article];
            is_possible && copies.is_empty() && !is_uncopied && version.date != Some(date)
        });
        let Some(earlier) = self.any(earlier) else { return };
        let article = self.publish(source, date);
        self.articles[article].version.title = self.articles[earlier].version.title.clone();
        self.articles[earlier].is_uncopied = true;
        self.articles[article].is_uncopied = true;
        self.note(article, &format!("has the title of article {earlier}"));
    }

    /// A new article with an older one's guid: a site that counts anew.
    fn reuse_guid(&mut self, source: usize, date: Timestamp) {
        let mut earlier = self.read_articles(source);
        let is_possible = self.sources[source].identity == Identity::Full;
        earlier.retain(|article| {
            let Article { has_shared_guid, version, .. } = &self.articles[*article];
            is_possible && !has_shared_guid && version.date != Some(date) && self.is_clean(*article)
        });
        let Some(earlier) = self.any(earlier) else { return };
        let article = self.publish(source, date);
        self.articles[article].version.guid = self.articles[earlier].version.guid.clone();
        self.articles[earlier].has_shared_guid = true;
        self.articles[article].has_shared_guid = true;
        self.note(article, &format!("has the guid of article {earlier}"));
    }

    /// Another program makes the feed.
    fn change_guids(&mut self, source: usize, is_whole: bool) {
        let items = self.listed(source);
        let Source { identity, ref in_feed, .. } = self.sources[source];
        let is_possible = items.iter().all(|article| {
            let Article { version, first, .. } = &self.articles[*article];
            let is_known_by_date = is_whole && version.date.is_some() && in_feed.contains(article);
            (self.is_clean(*article) || first.is_none())
                && (identity == Identity::Full || (identity == Identity::GuidOnly && is_known_by_date))
        });
        if is_possible {
            self.sources[source].needs_whole = identity == Identity::GuidOnly;
            for article in items {
                self.articles[article].version.guid = Some(self.guid(source));
                self.articles[article].has_shared_guid = false;
                self.note(article, "a new guid");
            }
        }
    }

    fn list_again(&mut self, source: usize) {
        let items = self.listed(source);
        let mut left = self.read_articles(source);
        left.retain(|article| !items.contains(article) && !self.articles[*article].is_replaced);
        let Some(article) = self.any(left) else { return };
        let listing = &mut self.sources[source].listing;
        listing.retain(|listed| *listed != article);
        listing.insert(0, article);
        self.articles[article].history.push("is listed again".into());
    }

    fn edit(&mut self, source: usize, date: Timestamp, is_whole: bool) {
        let clean = self.listed(source).into_iter().filter(|article| self.is_clean(*article)).collect();
        let Some(article) = self.any(clean) else { return };
        if self.sources[source].identity == Identity::Replaced {
            self.replace(article, date);
            return;
        }
        let all = [Text, Text, Title, LongerTitle, Date, TitleAndDate, Link, LinkAndTitle, Scheme, Tracking];
        let edit = self.random.choice(all).unwrap();
        match self.outcome(article, edit) {
            None => {}
            Some(Outcome::IfItLeft) if !is_whole || !self.sources[source].in_feed.contains(&article) => {}
            Some(Outcome::NewEntry) => self.succeed(article, edit, date),
            Some(outcome) => {
                self.articles[article].version = self.edited(article, edit, date);
                self.note(article, &format!("{edit:?} edited"));
                self.sources[source].needs_whole = outcome == Outcome::IfItLeft;
            }
        }
    }

    /// The outcome of an edit; `None` for one that is not made.
    fn outcome(&self, article: usize, edit: Edit) -> Option<Outcome> {
        use Identity::{
            Alert, Full, GuidOnly, LinkOnly, OnePage, Permalink, Positional, Replaced, TitleOnly,
        };
        use Outcome::{IfItLeft, NewEntry, SameEntry};
        let Article { source, version, copies, has_shared_guid, .. } = &self.articles[article];
        let is_dated = version.date.is_some();
        if !is_dated && matches!(edit, Date | TitleAndDate | LinkAndTitle) {
            return None;
        }
        let has_unread_copies = copies.iter().any(|copy| self.articles[*copy].first.is_none());
        if has_unread_copies && matches!(edit, Text | Title | LongerTitle | TitleAndDate | LinkAndTitle) {
            return None;
        }
        // What identifies the article still: a guid that others have as well does not.
        let identity = match self.sources[*source].identity {
            Full if *has_shared_guid => LinkOnly,
            GuidOnly if *has_shared_guid => TitleOnly,
            identity => identity,
        };
        Some(match (edit, identity) {
            (Text, _) => SameEntry,
            (_, Alert | Replaced) => return None,
            (Title, GuidOnly) if !is_dated => NewEntry,
            (Title, Positional) if !is_dated => return None,
            (Title | LongerTitle | Date | TitleAndDate, TitleOnly) | (TitleAndDate, GuidOnly) => NewEntry,
            (Title | LongerTitle | Date, _) => SameEntry,
            (TitleAndDate, Positional | OnePage) => return None,
            (TitleAndDate, _) | (Link | LinkAndTitle, Full) => SameEntry,
            (Link, Permalink | LinkOnly) if is_dated => IfItLeft,
            (Scheme | Tracking, Full | Permalink | LinkOnly | Positional) => SameEntry,
            _ => return None,
        })
    }

    fn edited(&mut self, article: usize, edit: Edit, date: Timestamp) -> Version {
        let source = self.articles[article].source;
        let mut version = self.articles[article].version.clone();
        let is_permalink = version.guid == version.link;
        match edit {
            Text if self.random.bool() => version.text = self.sentence(32),
            Text => version.text = format!("{} {}", version.text, self.sentence(4)),
            LongerTitle => version.title = format!("{} {}", version.title, self.sentence(1)),
            Title | TitleAndDate | LinkAndTitle => version.title = self.sentence(7),
            _ => {}
        }
        if matches!(edit, Date | TitleAndDate) {
            version.date = Some(date);
        }
        let old = version.link.clone().unwrap_or_default();
        match edit {
            Link | LinkAndTitle => version.link = Some(self.link(source)),
            Scheme if old.starts_with("https") => {
                version.link = Some(old.replacen("https://www.", "http://", 1))
            }
            Scheme => version.link = Some(old.replacen("http://", "https://www.", 1)),
            Tracking => {
                let page = old.split('?').next().unwrap_or_default();
                version.link = Some(format!("{page}?utm_source={}", self.number()));
            }
            _ => {}
        }
        if is_permalink {
            version.guid.clone_from(&version.link);
        }
        version
    }

    /// The edited item is a new article in the place of this one.
    fn succeed(&mut self, article: usize, edit: Edit, date: Timestamp) {
        let mut version = self.edited(article, edit, date);
        let Article { source, story, is_uncopied, ref copies, ref reads, .. } = self.articles[article];
        // Else the text that was compared with others is not known.
        let is_same_story = reads.len() == 1 && !is_uncopied && copies.is_empty();
        let story = if is_same_story { story } else { self.number() };
        if !is_same_story {
            (version.title, version.text) = (self.sentence(7), self.sentence(32));
        }
        let has_shared_guid = version.guid.is_some();
        let new =
            Article { source, story, version, has_shared_guid, is_uncopied: true, ..Article::default() };
        let new = self.add(new, &format!("by its {edit:?} no longer article {article}"));
        self.sources[source].listing.retain(|listed| *listed != article);
        let old = &mut self.articles[article];
        (old.has_shared_guid, old.is_uncopied, old.is_replaced) = (has_shared_guid, true, true);
        old.history.push(format!("replaced by article {new}"));
    }

    /// Other news under the same guid and link: an edit, by the table.
    pub fn replace(&mut self, article: usize, date: Timestamp) -> usize {
        let (title, text) = (self.sentence(7), self.sentence(32));
        let Article { source, version, is_uncopied, .. } = &mut self.articles[article];
        let date = self.sources[*source].is_dated.then_some(date);
        (version.title, version.text, version.date, *is_uncopied) = (title, text, date, true);
        self.note(article, "replaced under its guid and link");
        article
    }
}
