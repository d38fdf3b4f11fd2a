//! What changed between two JSON values, as a JSON Patch (RFC 6902). Pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One step of a patch. `path` is a JSON Pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Operation {
    /// Adds a member, or an element before the one at this index.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Takes away.
    Remove {
        /// What.
        path: String,
    },
    /// Puts another value in the place of one.
    Replace {
        /// Where.
        path: String,
        /// The other value.
        value: Value,
    },
}

/// The patch that makes `after` of `before`. Elements of arrays are compared in their places.
pub fn diff(before: &Value, after: &Value) -> Vec<Operation> {
    let mut patch = Vec::new();
    compare(&mut String::new(), before, after, &mut patch);
    patch
}

/// Does one step of a patch; `false`, and nothing changed, where it does not fit.
pub fn apply(value: &mut Value, operation: &Operation) -> bool {
    let (path, new) = match operation {
        Operation::Add { path, value } | Operation::Replace { path, value } => (path, Some(value)),
        Operation::Remove { path } => (path, None),
    };
    let Some((parent, name)) = path.rsplit_once('/') else {
        if let Some(new) = new {
            *value = new.clone();
        }
        return new.is_some();
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match (value.pointer_mut(parent), operation) {
        (Some(Value::Object(map)), Operation::Add { value, .. }) => {
            let free = !map.contains_key(&name);
            if free {
                map.insert(name, value.clone());
            }
            free
        }
        (Some(Value::Object(map)), Operation::Replace { value, .. }) => {
            map.get_mut(&name).map(|old| *old = value.clone()).is_some()
        }
        (Some(Value::Object(map)), Operation::Remove { .. }) => map.remove(&name).is_some(),
        (Some(Value::Array(list)), Operation::Add { value, .. }) => {
            let index = if name == "-" { Some(list.len()) } else { name.parse().ok() };
            let index = index.filter(|index| *index <= list.len());
            index.map(|index| list.insert(index, value.clone())).is_some()
        }
        (Some(Value::Array(list)), Operation::Replace { value, .. }) => {
            let old = name.parse::<usize>().ok().and_then(|index| list.get_mut(index));
            old.map(|old| *old = value.clone()).is_some()
        }
        (Some(Value::Array(list)), Operation::Remove { .. }) => {
            let index = name.parse().ok().filter(|index| *index < list.len());
            index.map(|index: usize| list.remove(index)).is_some()
        }
        (Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None, _) => false,
    }
}

fn compare(at: &mut String, before: &Value, after: &Value, patch: &mut Vec<Operation>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => compare_objects(at, before, after, patch),
        (Value::Array(before), Value::Array(after)) => compare_arrays(at, before, after, patch),
        _ if before == after => {}
        _ => patch.push(Operation::Replace { path: at.clone(), value: after.clone() }),
    }
}

fn compare_objects(
    at: &mut String,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    patch: &mut Vec<Operation>,
) {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        within(at, name, |at| patch.push(Operation::Remove { path: at.clone() }));
    }
    for (name, value) in after {
        within(at, name, |at| match before.get(name) {
            Some(known) => compare(at, known, value, patch),
            None => patch.push(Operation::Add { path: at.clone(), value: value.clone() }),
        });
    }
}

fn compare_arrays(at: &mut String, before: &[Value], after: &[Value], patch: &mut Vec<Operation>) {
    for (index, (known, value)) in before.iter().zip(after).enumerate() {
        within(at, &index.to_string(), |at| compare(at, known, value, patch));
    }
    // From the end, so that every index still means what it meant.
    for index in (after.len()..before.len()).rev() {
        within(at, &index.to_string(), |at| patch.push(Operation::Remove { path: at.clone() }));
    }
    for value in after.iter().skip(before.len()) {
        within(at, "-", |at| patch.push(Operation::Add { path: at.clone(), value: value.clone() }));
    }
}

fn within(at: &mut String, name: &str, visit: impl FnOnce(&mut String)) {
    let length = at.len();
    at.push('/');
    at.push_str(&name.replace('~', "~0").replace('/', "~1"));
    visit(at);
    at.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn applied(mut value: Value, patch: &[Operation]) -> Value {
        for operation in patch {
            assert!(apply(&mut value, operation), "{operation:?}");
        }
        value
    }

    #[test]
    fn a_step_that_does_not_fit_changes_nothing() {
        let steps = json!([
            { "op": "remove", "path": "/none" },
            { "op": "remove", "path": "" },
            { "op": "add", "path": "/list", "value": 1 },
            { "op": "replace", "path": "/list/7", "value": 1 },
            { "op": "add", "path": "/list/7", "value": 1 },
            { "op": "add", "path": "/list/x/y", "value": 1 },
        ]);
        let steps: Vec<Operation> = serde_json::from_value(steps).unwrap();
        let before = json!({ "list": [1] });
        for step in steps {
            let mut value = before.clone();
            assert!(!apply(&mut value, &step), "{step:?}");
            assert_eq!(value, before);
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4).prop_map(Value::from),
            "[a~/]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ab~/]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn only_what_changed_is_named() {
        let before = json!({ "title": "a", "list": [1, 2, 3], "old": 1, "same": { "x": 1 } });
        let after = json!({ "title": "b", "list": [1, 5], "a/b": 2, "same": { "x": 1 } });
        let patch = serde_json::to_value(diff(&before, &after)).unwrap();
        assert_eq!(
            patch,
            json!([
                { "op": "remove", "path": "/old" },
                { "op": "add", "path": "/a~1b", "value": 2 },
                { "op": "replace", "path": "/list/1", "value": 5 },
                { "op": "remove", "path": "/list/2" },
                { "op": "replace", "path": "/title", "value": "b" },
            ])
        );
    }

    proptest! {
        #[test]
        fn a_patch_makes_the_one_of_the_other(before in any_json(), after in any_json()) {
            let patch = diff(&before, &after);
            prop_assert_eq!(applied(before.clone(), &patch), after.clone());
            prop_assert_eq!(patch.is_empty(), before == after);
        }
    }
}
