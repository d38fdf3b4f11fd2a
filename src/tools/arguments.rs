//! Arguments and their schema: the schema that a model is shown, made from the Rust type, and the check whose message
//! names the argument that is wrong.

use crate::workspace::nearest;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The JSON Schema of `T`, plain enough for every provider: no references, no titles, no formats.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    if let Some(object) = schema.as_object_mut() {
        object.remove("description");
    }
    schema
}

fn plain(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    object.remove("title");
    object.remove("format");
    for nested in ["properties", "$defs"] {
        if let Some(members) = object.get_mut(nested).and_then(Value::as_object_mut) {
            members.values_mut().for_each(plain);
        }
    }
    if let Some(items) = object.get_mut("items") {
        plain(items);
    }
    if let Some(choices) = object.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.iter_mut().for_each(plain);
    }
}

/// The arguments as `T`; they have been checked, so this fails only where the type is stricter than its schema.
pub(super) fn typed<T: DeserializeOwned>(arguments: Value) -> Result<T, String> {
    serde_json::from_value(arguments)
        .map_err(|error| format!("The arguments cannot be used: {error}. Correct them and call again."))
}

/// Checks `arguments` against the `properties` and `required` of `schema`, dropping absent ones written as `null` and
/// turning values with one reading (`"5"` for 5) into the wanted type. The error is for the model.
pub(super) fn check(tool: &str, schema: &Value, arguments: Map<String, Value>) -> Result<Value, String> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let open = properties.is_empty() && schema.get("additionalProperties") != Some(&Value::Bool(false));
    let mut checked = Map::new();
    for (name, value) in arguments {
        let Some(wanted) = properties.get(&name) else {
            if open {
                checked.insert(name, value);
                continue;
            }
            return Err(unknown_argument(tool, &name, properties));
        };
        if value.is_null() {
            continue;
        }
        let value = coerced(wanted, value);
        if !satisfies(wanted, &value) {
            return Err(format!(
                "The argument `{name}` of {tool} must be {}, but was {}. Correct it and call again.",
                described(wanted),
                brief(&value)
            ));
        }
        checked.insert(name, value);
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for name in required {
        if !checked.contains_key(name) {
            let wanted = properties.get(name).map(described).unwrap_or_default();
            let meaning = properties.get(name).and_then(|p| p.get("description")).and_then(Value::as_str);
            return Err(format!(
                "{tool} needs the argument `{name}`, {wanted}{}. Add it and call again.",
                meaning.map(|text| format!(": {}", text.trim_end_matches('.'))).unwrap_or_default()
            ));
        }
    }
    Ok(Value::Object(checked))
}

fn unknown_argument(tool: &str, name: &str, properties: &Map<String, Value>) -> String {
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    let near = nearest(name, names.iter().copied());
    let hint = near.first().map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
    let known = if names.is_empty() { "It takes none.".to_owned() } else { format!("It takes {}.", list(&names)) };
    format!("{tool} has no argument `{name}`.{hint} {known}")
}

/// `a, b and c`, each in code marks.
pub(super) fn list(names: &[&str]) -> String {
    let marked: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match marked.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

fn choices(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("anyOf").and_then(Value::as_array)
}

fn kind(schema: &Value) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

/// `value` as the wanted type, where it has one reading as such.
fn coerced(schema: &Value, value: Value) -> Value {
    match (kind(schema), &value) {
        (Some("integer"), Value::String(text)) => text.trim().parse::<i64>().map_or(value, Value::from),
        (Some("integer"), Value::Number(number)) => {
            let whole =
                number.as_f64().filter(|_| number.is_f64()).and_then(|float| format!("{float}").parse::<i64>().ok());
            whole.map_or(value, Value::from)
        }
        (Some("boolean"), Value::String(text)) => match text.trim() {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            _ => value,
        },
        _ => value,
    }
}

fn satisfies(schema: &Value, value: &Value) -> bool {
    if let Some(choices) = choices(schema) {
        return choices.iter().any(|choice| satisfies(choice, value));
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        return allowed.contains(value);
    }
    match kind(schema) {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.as_i64().is_some_and(|number| {
            let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
            bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
        }),
        Some("array") => value.as_array().is_some_and(|elements| {
            schema.get("items").is_none_or(|items| elements.iter().all(|element| satisfies(items, element)))
        }),
        Some("object") => value.is_object(),
        _ => true,
    }
}

/// What a value of `schema` is, in words.
fn described(schema: &Value) -> String {
    if let Some(choices) = choices(schema) {
        return choices.iter().map(described).collect::<Vec<_>>().join(" or ");
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        return format!("one of {}", allowed.iter().map(Value::to_string).collect::<Vec<_>>().join(", "));
    }
    match kind(schema) {
        Some("string") => "a string".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("number") => "a number".to_owned(),
        Some("integer") => {
            let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
            match (bound("minimum"), bound("maximum")) {
                (Some(least), Some(most)) => format!("an integer from {least} to {most}"),
                (Some(least), None) => format!("an integer of at least {least}"),
                (None, Some(most)) => format!("an integer of at most {most}"),
                (None, None) => "an integer".to_owned(),
            }
        }
        Some("array") => {
            let of = schema.get("items").map(|items| format!(", each {}", described(items))).unwrap_or_default();
            format!("an array{of}")
        }
        Some("object") => "an object".to_owned(),
        _ => "a value".to_owned(),
    }
}

/// A value as it stands in a message.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    let short: String = text.chars().take(80).collect();
    let what = match value {
        Value::Null | Value::Bool(_) => "",
        Value::Number(_) => "the number ",
        Value::String(_) => "the string ",
        Value::Array(_) => "the array ",
        Value::Object(_) => "the object ",
    };
    format!("{what}{short}{}", if short.len() < text.len() { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        /// The file to read.
        path: String,
        /// How many.
        #[serde(default = "ten")]
        #[schemars(range(min = 1, max = 50))]
        limit: u32,
        #[serde(default)]
        deep: bool,
        #[serde(default)]
        order: Order,
    }

    #[derive(Debug, Default, PartialEq, Deserialize, serde::Serialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Order {
        #[default]
        Modified,
        Path,
    }

    fn ten() -> u32 {
        10
    }

    fn checked(arguments: Value) -> Result<Sample, String> {
        let Value::Object(arguments) = arguments else { panic!("{arguments}") };
        check("sample", &schema_of::<Sample>(), arguments).and_then(typed)
    }

    #[test]
    fn a_schema_is_plain() {
        assert_eq!(
            schema_of::<Sample>(),
            json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["path"],
                "properties": {
                    "path": {"type": "string", "description": "The file to read."},
                    "limit": {"type": "integer", "description": "How many.", "minimum": 1, "maximum": 50, "default": 10},
                    "deep": {"type": "boolean", "default": false},
                    "order": {"type": "string", "enum": ["modified", "path"], "default": "modified"}
                }
            })
        );
    }

    #[test]
    fn what_is_left_out_or_null_has_its_default() {
        let expected = || Ok(Sample { path: "a".to_owned(), limit: 10, deep: false, order: Order::Modified });
        assert_eq!(checked(json!({"path": "a"})), expected());
        assert_eq!(checked(json!({"path": "a", "limit": null, "order": null})), expected());
    }

    #[test]
    fn values_with_one_reading_become_the_wanted_type() {
        let expected = Ok(Sample { path: "a".to_owned(), limit: 5, deep: true, order: Order::Path });
        assert_eq!(checked(json!({"path": "a", "limit": "5", "deep": "true", "order": "path"})), expected);
        assert_eq!(checked(json!({"path": "a", "limit": 5.0, "deep": true, "order": "path"})), expected);
    }

    #[test]
    fn a_wrong_argument_is_named() {
        let message = |arguments| checked(arguments).unwrap_err();
        assert_eq!(
            message(json!({"limit": 5})),
            "sample needs the argument `path`, a string: The file to read. Add it and call again."
        );
        assert_eq!(
            message(json!({"path": "a", "limits": 5})),
            "sample has no argument `limits`. Did you mean `limit`? It takes `deep`, `limit`, `order` and `path`."
        );
        assert_eq!(
            message(json!({"path": "a", "limit": "ten"})),
            "The argument `limit` of sample must be an integer from 1 to 50, but was the string \"ten\". Correct it and call again."
        );
        assert_eq!(
            message(json!({"path": ["a"]})),
            "The argument `path` of sample must be a string, but was the array [\"a\"]. Correct it and call again."
        );
        for wrong in [json!(0), json!(51), json!(-1), json!(1.5), json!(true), json!(u64::MAX)] {
            assert!(message(json!({"path": "a", "limit": wrong})).contains("`limit` of sample must be an integer"));
        }
        assert!(message(json!({"path": "a", "order": "size"})).contains("one of \"modified\", \"path\""));
    }
}
