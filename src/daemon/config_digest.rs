//! The digest of a config: what has to be the same in those of all daemons on a database. Pure.
//!
//! It is made from the checked config: comments, white space, the order of keys and the files do not count, nor do what
//! each daemon has for itself, and secrets. The database has the addresses of sources as they are, so they do count.

use std::collections::HashMap;

use crate::config::{self, Config};
use crate::entry::text_hash;
use crate::publish::output::Output;
use crate::source::{Access, Authorization, Source};
use crate::{fetch, filter};

/// The digests of a config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConfigDigest {
    /// Of all of it.
    pub(super) whole: String,
    /// What it says of each source, by its name.
    pub(super) sources: HashMap<String, String>,
}

/// The digests of a config.
pub(super) fn digest(config: &Config) -> ConfigDigest {
    // A new key has to be thought of here.
    let Config {
        listen,
        site,
        max_age,
        source_metrics,
        token: _,
        store,
        fetch: requests,
        concurrency,
        per_host,
        hosts,
        access,
        sources: _,
        first_poll_limits,
        outputs,
        ids,
        query_context,
        watch,
        files: _,
        warnings: _,
    } = config;
    let public_url = Some(&site.public_url).filter(|url| **url != config::default_public_url(listen));
    let sources: HashMap<String, String> =
        config.sources.iter().map(|source| (source.name.clone(), source_digest(config, source))).collect();
    // In the file they are a list, and its order says nothing. That of outputs is seen on the front page.
    let mut listed: Vec<_> = sources.iter().collect();
    listed.sort_unstable();
    let query = |text: &String| {
        filter::parse(text, query_context).map_or_else(|_| text.clone(), |query| query.to_string())
    };
    let topics: Vec<_> = query_context.topics.iter().map(|(name, text)| (name, query(text))).collect();
    let outputs: Vec<String> = outputs.iter().map(describe_output).collect();
    let text = format!(
        "{public_url:?} {:?} {:?} {:?} {max_age:?} {source_metrics} {:?} {requests:?} {concurrency} {per_host} {hosts:?} {} \
         {} {listed:?} {outputs:?} {ids:?} {topics:?} {:?} {watch}",
        site.hub.as_ref().map(url::Url::as_str),
        site.links,
        site.author,
        store.keep,
        describe_access(access),
        first_poll_limits.others,
        query_context.languages,
    );
    ConfigDigest { whole: text_hash(&[&text]), sources }
}

/// What it says of a source, and of all requests.
fn source_digest(config: &Config, source: &Source) -> String {
    let Source {
        name,
        is_named,
        url,
        publish_url,
        title,
        tags,
        interval,
        access,
        language,
        first_poll,
        stories,
        articles,
    } = source;
    let host = config.hosts.get(&fetch::host_key(url.whole()));
    text_hash(&[&format!(
        "{name:?} {is_named} {} {publish_url:?} {title:?} {tags:?} {interval:?} {} {language:?} {first_poll} {stories} \
         {articles:?} {host:?} {} {:?}",
        url.whole(),
        describe_access(access),
        config.per_host,
        config.fetch,
    )])
}

/// Request settings without the values of what may be secret.
fn describe_access(access: &Access) -> String {
    let Access {
        timeout,
        max_body,
        user_agent,
        headers,
        authorization,
        proxy,
        ca,
        allow_private,
        lacks_secret: _,
    } = access;
    let headers: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let authorization = authorization.as_ref().map(|authorization| match authorization {
        Authorization::Basic { .. } => "basic",
        Authorization::Bearer(_) => "bearer",
    });
    let proxy = proxy.as_ref().map(|proxy| (proxy.0.scheme(), proxy.0.host_str(), proxy.0.port()));
    format!(
        "{timeout:?} {max_body} {user_agent:?} {headers:?} {authorization:?} {proxy:?} {ca:?} {allow_private}"
    )
}

fn describe_output(output: &Output) -> String {
    let Output {
        name,
        was,
        access,
        title,
        description,
        icon,
        entry_title,
        filter,
        sources,
        criteria: _,
        limit,
        stories,
        prefer,
        also_in,
        byline,
        per_source,
        max_age,
        content,
        write_to,
    } = output;
    let filter = filter.as_ref().map(filter::Query::to_string);
    // Each machine has its own folders.
    let is_written = write_to.is_some();
    format!(
        "{name:?} {was:?} {access:?} {title:?} {description:?} {icon:?} {entry_title:?} {filter:?} {sources:?} {limit} \
         {stories:?} {prefer:?} {also_in:?} {byline:?} {per_source:?} {max_age:?} {content:?} {is_written}"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "writes a config")]

    use super::*;
    use crate::config::Environment;

    fn of(text: &str) -> ConfigDigest {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config.toml"), text).expect("a file");
        let environment =
            Environment { current_directory: folder.path().to_owned(), ..Environment::default() };
        let location = config::locate(None, &environment);
        digest(&config::load(&location, &environment).unwrap_or_else(|error| panic!("{error}")))
    }

    const CONFIG: &str = r#"
[serve]
listen = "127.0.0.1:8080"
token = "a-long-token-of-one"
[poll]
every = "1h"
[topics]
west = "france  OR spain"
[[source]]
name = "a"
url = "https://a.example/feed?key=1"
user = "me"
password = "secret"
headers = { X-Key = "one" }
proxy = "http://me:secret@proxy.example:8080"
[[source]]
name = "b"
url = "https://b.example/feed"
[[output]]
name = "all"
filter = """west
  AND paris"""
write_to = "here"
"#;

    #[test]
    fn what_a_daemon_has_for_itself_and_how_it_is_written_do_not_count() {
        let expected = of(CONFIG);
        for (old, new) in [
            ("listen = \"127.0.0.1:8080\"", "listen = \"127.0.0.1:9\""),
            ("[serve]\nlisten = \"127.0.0.1:8080\"", "[serve]\n'listen' = '127.0.0.2:8080' # x"),
            ("a-long-token-of-one", "a-long-token-of-two"),
            ("secret", "another"),
            ("\"me\"", "\"you\""),
            ("X-Key = \"one\"", "X-Key = \"two\""),
            ("write_to = \"here\"", "write_to = \"there\""),
            ("france  OR spain", "france OR spain"),
            ("west\n  AND paris", "west AND   paris"),
            ("every = \"1h\"", "every = \"60m\""),
            (
                "name = \"a\"\nurl = \"https://a.example/feed?key=1\"",
                "url = \"https://a.example/feed?key=1\"\nname = \"a\"",
            ),
            ("\n", "\n\n"),
        ] {
            assert!(CONFIG.contains(old), "{old}");
            assert_eq!(of(&CONFIG.replace(old, new)), expected, "{old} {new}");
        }
    }

    #[test]
    fn what_decides_sources_and_outputs_counts_and_for_a_source_what_is_said_of_it() {
        let expected = of(CONFIG);
        for (old, new, changed) in [
            ("every = \"1h\"", "every = \"2h\"", "ab"),
            ("[poll]", "[poll]\ncontact = \"me@example.org\"", "ab"),
            ("[poll]", "[host.\"b.example\"]\ngap = \"9s\"\n[poll]", "b"),
            ("key=1", "key=2", "a"),
            ("X-Key", "X-Other", "a"),
            ("user = \"me\"\npassword", "bearer", "a"),
            ("proxy.example:8080", "proxy.example:8081", "a"),
            ("name = \"b\"\n", "name = \"b\"\ntitle = \"B\"\n", "b"),
            ("name = \"b\"\n", "name = \"c\"\n", "b"),
            ("france  OR", "italy OR", ""),
            ("AND paris", "AND  rome", ""),
            ("name = \"all\"", "name = \"all\"\nprivate = true", ""),
            ("write_to = \"here\"", "", ""),
            ("[poll]", "[poll]\nconcurrency = 3", ""),
            ("listen", "public_url = \"https://feeds.example\"\nlisten", ""),
        ] {
            assert!(CONFIG.contains(old), "{old}");
            let found = of(&CONFIG.replace(old, new));
            assert_ne!(found.whole, expected.whole, "{old} {new}");
            let differs = |name: &&str| found.sources.get(*name) != expected.sources.get(*name);
            assert_eq!(["a", "b"].into_iter().filter(differs).collect::<String>(), changed, "{old} {new}");
        }
    }
}
