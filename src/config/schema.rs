//! The JSON schema of config.toml, from the readers of its keys. Pure.

use serde_json::{Map, Value, json};

use super::raw::known_keys;
use super::toml_reader::TableKey;

/// What a source and an output must have.
const REQUIRED: [(&str, &str); 2] = [("[[source]]", "url"), ("[[output]]", "name")];

/// The schema, draft 7: the newest one that editors of TOML know.
#[must_use]
pub fn schema() -> Value {
    let keys = known_keys();
    let mut root = table("the top level", &keys);
    for (name, value) in root["properties"].as_object_mut().into_iter().flatten() {
        let single = |brackets: &str| table(brackets, &keys);
        match name.as_str() {
            "source" | "output" => {
                *value = json!({ "type": "array", "items": single(&format!("[[{name}]]")) });
            }
            "host" => *value = json!({ "type": "object", "additionalProperties": single("[host]") }),
            "topics" => *value = json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            _ if value.is_null() => *value = single(&format!("[{name}]")),
            _ => {}
        }
    }
    root["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    root["title"] = "config.toml of Siftwire".into();
    root
}

fn table(name: &str, keys: &[TableKey]) -> Value {
    let own = keys.iter().filter(|known| known.table == name);
    let properties: Map<String, Value> =
        own.map(|known| (known.key.to_owned(), known.shape.clone())).collect();
    let required: Vec<&str> =
        REQUIRED.iter().filter(|(table, _)| *table == name).map(|(_, key)| *key).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
