//! Finds a built-in topic in an entry. A name such as Jordan is also a first name: it counts by what stands around it
//! and what else the entry speaks of. Pure.

use super::compiled::CompiledTopic;
use super::context::EvalContext;
use super::evidence::{NameAt, Namesake};
use super::spelling::has_capital;
use super::subject::FieldSet;
use super::syntax::Field;

/// How far away another country stands in a list with the name; and how far it still tells what the name means, where
/// another place has it and where none has.
const BESIDE: usize = 3;
const CLOSE: usize = 8;
const NEAR: usize = 30;

/// Names that are common words of Russian or Ukrainian: fumes, small.
const COMMON_WORDS: &[&str] = &["чад", "чада", "чаду", "чадом", "чаде", "мали", "малі", "того"];

/// The first and last word of a name.
type Place = (usize, usize);

/// What an entry has of a topic.
pub(super) enum TopicName {
    /// A name of it, and what tells that it is the topic's where it might be another.
    Counts(Place, Option<String>),
    /// A name that might be another; nothing speaks against it.
    Likely(Place),
    /// Names that are probably others.
    Unlikely,
}

impl EvalContext<'_, '_> {
    /// What the feed tells by itself stays true whatever its article says: articles speak of much else.
    pub(super) fn find_topic(&self, topic: &CompiledTopic, fields: FieldSet) -> Option<TopicName> {
        if self.text.has_article() && fields != FieldSet::FEED {
            let said = self.find_topic_by(topic, fields.without(Field::Article), FieldSet::FEED);
            let by_all = || self.find_topic_by(topic, fields, FieldSet::DEFAULT);
            return said.filter(|said| matches!(said, TopicName::Counts(..))).or_else(by_all);
        }
        self.find_topic_by(topic, fields, FieldSet::FEED)
    }

    /// What some fields have of a topic; `around` are those in which something may tell what a name means.
    fn find_topic_by(&self, topic: &CompiledTopic, fields: FieldSet, around: FieldSet) -> Option<TopicName> {
        let searched = fields.union(around);
        let mut names = self.places(topic.names, fields);
        let others = [topic.ambiguous, topic.unlikely];
        if names.next().is_none() && others.iter().all(|id| self.places(*id, fields).next().is_none()) {
            return None;
        }
        let longer: Vec<Place> = self.places(topic.longer, searched).collect();
        let is_whole =
            |(first, last): &Place| !longer.iter().any(|(start, end)| start <= first && last <= end);
        let is_own = |place: &Place| is_whole(place) && !self.is_namesake(*place);
        let certain = self.places(topic.names, fields).find(is_own);
        if let Some(place) = certain {
            return Some(TopicName::Counts(place, None));
        }
        let names = |id| self.places(id, fields).filter(is_own).collect::<Vec<_>>();
        let (mut all, unlikely) = (names(topic.ambiguous), names(topic.unlikely));
        let is_likely = unlikely.is_empty();
        let namesake = match is_likely {
            _ if topic.is_also_place => Namesake::Place,
            true => Namesake::Word,
            false => Namesake::Person,
        };
        all.extend(unlikely);
        let unsure = Unsure { context: self, topic, around, all, namesake, is_likely };
        let first = *unsure.all.iter().min()?;
        let own = self.places(topic.names, around).find(is_own);
        if let Some(own) = own {
            return Some(TopicName::Counts(first, Some(self.with(own))));
        }
        Some(match unsure.evidence(&is_whole) {
            Some(evidence) if evidence.is_empty() => TopicName::Likely(first),
            Some(evidence) => TopicName::Counts(first, Some(evidence)),
            None => TopicName::Unlikely,
        })
    }

    fn is_namesake(&self, (first, last): Place) -> bool {
        self.text.segment_of(first).is_some_and(|segment| {
            NameAt { segment, at: first - segment.first_word }.is_namesake(last - segment.first_word)
        })
    }

    fn with(&self, (first, last): Place) -> String {
        format!("with {}", self.text.original(first, last))
    }

    fn is_in(&self, word: usize, fields: FieldSet) -> bool {
        self.text.segment_of(word).is_some_and(|segment| fields.contains(segment.field))
    }
}

/// Names that may be others, in an entry without a certain one.
struct Unsure<'c, 't, 'a> {
    context: &'c EvalContext<'t, 'a>,
    topic: &'c CompiledTopic,
    /// The fields in which something may tell what they mean.
    around: FieldSet,
    all: Vec<Place>,
    namesake: Namesake,
    /// Whether they are the topic's unless something speaks against it.
    is_likely: bool,
}

impl Unsure<'_, '_, '_> {
    /// What tells that the names are the topic's; empty if nothing speaks against it.
    fn evidence(&self, is_whole: &dyn Fn(&Place) -> bool) -> Option<String> {
        let (context, topic) = (self.context, self.topic);
        let is_person = |name: &NameAt<'_>| name.is_person() && !name.is_of_office();
        let persons = self.names().filter(is_person).count();
        if !self.is_likely && persons > 0 {
            return None;
        }
        let countries = context.places(topic.countries, self.around);
        let countries: Vec<Place> =
            countries.filter(is_whole).filter(|place| !self.all.contains(place)).collect();
        // A list of countries is one whatever else the entry speaks of.
        let beside = if self.namesake == Namesake::Place { BESIDE - 1 } else { BESIDE };
        if let Some(country) = countries.iter().find(|place| self.is_within(beside, place.0)) {
            return Some(context.with(*country));
        }
        let frame = || self.names().find_map(|name| name.frame(self.namesake));
        let strong = || {
            self.names().filter(|name| !name.is_in_title_case()).find_map(|name| name.frame(self.namesake))
        };
        if let Some(frame) = strong().filter(|_| self.namesake != Namesake::Place) {
            return Some(frame);
        }
        if context.places(topic.against, self.around).next().is_some()
            || self.is_word_too()
            || self.names().all(|name| name.is_thing())
        {
            return None;
        }
        let affairs =
            || self.names().find_map(|name| name.affairs()).filter(|_| self.namesake == Namesake::Person);
        let opening =
            || self.names().find_map(|name| name.opening()).filter(|_| self.namesake == Namesake::Person);
        let nearby = || self.nearby(&countries, persons == self.all.len());
        let found = frame().or_else(affairs).or_else(nearby).or_else(opening);
        if found.is_some() {
            return found;
        }
        let words = context.text.segments_in(self.around).map(|segment| segment.tokens.len());
        if words.sum::<usize>() == 1 {
            return Some("alone".to_owned());
        }
        let is_likely = self.is_likely && persons < self.all.len() && !self.may_be_word();
        is_likely.then(String::new)
    }

    fn names(&self) -> impl Iterator<Item = NameAt<'_>> {
        self.all.iter().filter_map(|(word, _)| {
            let segment = self.context.text.segment_of(*word)?;
            Some(NameAt { segment, at: word - segment.first_word })
        })
    }

    fn is_within(&self, words: usize, place: usize) -> bool {
        let is_near =
            |name: usize| name.abs_diff(place) <= words && self.context.in_same_segment(name, place);
        self.all.iter().any(|(name, _)| is_near(*name))
    }

    /// Another country, or a word of the region. Texts about a place of the same name speak of any country: there, it
    /// must be close in the title.
    fn nearby(&self, countries: &[Place], are_persons: bool) -> Option<String> {
        let (context, topic) = (self.context, self.topic);
        let regional = || context.places(topic.nearby, self.around);
        let title = FieldSet::single(Field::Title);
        let found = match self.namesake {
            Namesake::Place => {
                let is_close =
                    |place: &&Place| self.is_within(CLOSE, place.0) && context.is_in(place.0, title);
                let is_near = |(word, _): &Place| self.is_within(NEAR, *word) || self.is_early(*word);
                countries.iter().find(is_close).copied().or_else(|| regional().find(is_near))
            }
            _ if are_persons => regional().next(),
            _ => {
                let is_near = |place: &&Place| self.is_within(NEAR, place.0) || context.is_in(place.0, title);
                countries.iter().find(is_near).copied().or_else(|| regional().next())
            }
        };
        found.map(|place| context.with(place))
    }

    /// Whether a word stands at the start of a text or in the title, and the name too.
    fn is_early(&self, word: usize) -> bool {
        let is_early = |word: usize| {
            self.context.text.segment_of(word).is_some_and(|segment| word - segment.first_word <= NEAR)
        };
        is_early(word) && self.all.iter().any(|(name, _)| is_early(*name))
    }

    /// Whether the entry has the name in small letters too: a turkey.
    fn is_word_too(&self) -> bool {
        let Some(name) = self.names().next() else { return false };
        let word = name.segment.tokens.word(name.at);
        self.context.text.segments_in(self.around).any(|segment| {
            (0..segment.tokens.len())
                .any(|at| segment.tokens.word(at) == word && !has_capital(segment.written(at)))
        })
    }

    /// Whether each name is a common word of a language, and starts a sentence: there, all words have capitals.
    fn may_be_word(&self) -> bool {
        self.names()
            .all(|name| COMMON_WORDS.contains(&name.segment.tokens.word(name.at)) && name.starts_sentence())
    }
}
