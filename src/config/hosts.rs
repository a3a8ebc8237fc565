//! Reads and checks `[host."NAME"]`: how often a host may be asked. Pure.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::diagnostic::Diagnostic;
use super::toml_reader::{FileReader, TableReader, TomlValue, ValueError, type_name};
use super::values::{duration, integer};
use crate::fetch;
use crate::source::host_budget::HostSettings;

/// Reads the tables below `[host]`, by host.
pub(super) fn read_hosts(reader: &mut FileReader<'_>, table: &DeTable<'_>) -> BTreeMap<String, HostSettings> {
    let mut hosts = BTreeMap::new();
    for (key, value) in table {
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
            Ok(settings) => drop(hosts.insert(host, settings)),
            Err(error) => reader.error(value.span(), "invalid settings of a host", error.label),
        }
    }
    hosts
}

fn read_host(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<HostSettings, ValueError> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(ValueError::with_hint(
            ["expected a table, found ", type_name(value)],
            "write [host.\"example.org\"], with quotes",
        ));
    };
    let mut table = TableReader::new("[host]", table);
    let settings = HostSettings {
        gap: table.read(reader, "gap", duration).map(|gap| gap.value),
        per_host: table.read(reader, "per_host", integer(1..=100)).map(|count| count.value),
    };
    table.finish(reader);
    Ok(settings)
}

/// `www.example.org` has the budget of `example.org`.
fn host_key(name: &str) -> Option<String> {
    let url: url::Url = format!("https://{name}/").parse().ok()?;
    let is_host =
        url.path() == "/" && url.port().is_none() && url.username().is_empty() && url.query().is_none();
    is_host.then(|| fetch::host_key(&url)).filter(|host| !host.is_empty())
}
