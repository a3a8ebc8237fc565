//! Reads and checks `[host."NAME"]`: how often a host may be asked. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::toml_reader::{FileReader, Located, TableReader, TomlValue, ValueError, type_name};
use super::values::{duration, integer};
use crate::fetch;
use crate::source::Source;
use crate::source::host_budget::HostSettings;

/// What is set for each host; the place is that of its `gap`, if it has one.
pub(super) type RawHosts = BTreeMap<String, Located<HostSettings>>;

/// Reads the tables below `[host]`, by host.
pub(super) fn read_hosts(reader: &mut FileReader<'_>, table: &DeTable<'_>) -> RawHosts {
    let mut hosts = BTreeMap::new();
    for (key, value) in table {
        // TOML takes [host.example.org] for tables within tables.
        let tables = value.get_ref().as_table().into_iter().flat_map(|table| table.values());
        if tables.map(|inner| inner.get_ref()).any(DeValue::is_table) {
            let label = "write it as in [host.\"example.org\"]";
            reader.error(key.span(), "the name of a host needs quotes", label);
            continue;
        }
        let Some(host) = host_key(key.get_ref()) else {
            let name = key.get_ref();
            let mut diagnostic = Diagnostic::error(reader.span(key.span()), "invalid name of a host")
                .title(format!("`{name}` is no host"));
            diagnostic =
                diagnostic.label("write a name such as [host.\"example.org\"], without scheme and path");
            reader.diagnostics.push(diagnostic);
            continue;
        };
        match read_host(reader, value) {
            Ok(settings) => {
                if hosts.insert(host, settings).is_some() {
                    let label = "remove one: www.example.org is the same host as example.org";
                    reader.error(key.span(), "there are two tables for a host", label);
                }
            }
            Err(error) => {
                let span = reader.span(value.span());
                reader.diagnostics.push(error.diagnostic(span, "invalid settings of a host"));
            }
        }
    }
    hosts
}

fn read_host(
    reader: &mut FileReader<'_>,
    value: &TomlValue<'_>,
) -> Result<Located<HostSettings>, ValueError> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(ValueError::with_hint(
            ["expected a table, found ", type_name(value)],
            "write [host.\"example.org\"], with quotes",
        ));
    };
    let mut table = TableReader::new("[host]", table);
    let gap = table.read(reader, "gap", duration);
    let span = gap.as_ref().map_or_else(|| reader.span(value.span()), |gap| gap.span.clone());
    let settings = HostSettings {
        gap: gap.map(|gap| gap.value),
        per_host: table.read(reader, "per_host", integer(1..=100)).map(|count| count.value),
    };
    table.finish(reader);
    Ok(Located { value: settings, span })
}

/// The settings of each host. Warns of a gap with which its sources cannot be read as often as they should.
pub(super) fn check_hosts(
    raw: RawHosts,
    sources: &[Arc<Source>],
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, HostSettings> {
    let mut hosts = BTreeMap::new();
    for (host, Located { value: settings, span }) in raw {
        let of_host = sources.iter().filter(|source| fetch::host_key(source.url.whole()) == host);
        let every: Vec<f64> = of_host.map(|source| source.interval.every.as_secs_f64()).collect();
        if every.is_empty() {
            diagnostics.push(
                Diagnostic::warning(span, "the settings of a host are not used")
                    .title(format!("the settings of {host} are not used"))
                    .label("no source has an address there"),
            );
            continue;
        }
        let wanted = 1.0 / every.iter().map(|every| 1.0 / every).sum::<f64>();
        if let Some(gap) = settings.gap.filter(|gap| gap.as_secs_f64() > wanted) {
            let shown =
                |seconds: f64| humantime::format_duration(Duration::from_secs(seconds.round() as u64));
            let each = shown(gap.as_secs_f64() * every.len() as f64);
            diagnostics.push(
                Diagnostic::warning(span, "the sources of a host want more than its `gap` allows")
                    .title(format!("the sources of {host} want more than its `gap` allows"))
                    .label(format!("its {} sources want a request every {}", every.len(), shown(wanted)))
                    .hint(format!(
                        "with this gap each is read every {each}: raise their `every`, or lower the gap"
                    )),
            );
        }
        hosts.insert(host, settings);
    }
    hosts
}

/// `www.example.org` has the budget of `example.org`.
fn host_key(name: &str) -> Option<String> {
    let url: url::Url = format!("https://{name}/").parse().ok()?;
    let is_host =
        url.path() == "/" && url.port().is_none() && url.username().is_empty() && url.query().is_none();
    is_host.then(|| fetch::host_key(&url)).filter(|host| !host.is_empty())
}
