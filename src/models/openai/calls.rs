//! Puts tool calls together from their deltas, as the various servers send them.

use serde::Deserialize;
use serde_json::Value;

use crate::models::http::WholeCall;

/// A piece of a tool call; every field may be missing.
#[derive(Debug, Default, Deserialize)]
pub struct CallDelta {
    index: Option<u32>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Debug, Default, Deserialize)]
struct FunctionDelta {
    name: Option<String>,
    /// A text as a rule; some servers send the object itself.
    arguments: Option<Value>,
}

/// The calls of one answer so far.
#[derive(Debug, Default)]
pub struct Calls {
    open: Vec<Call>,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
}

impl Calls {
    /// Whether no call has begun.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Adds a piece to the call that it belongs to.
    pub fn add(&mut self, delta: CallDelta) {
        let function = delta.function.unwrap_or_default();
        let id = delta.id.filter(|id| !id.is_empty());
        let name = function.name.filter(|name| !name.is_empty());
        let arguments = match function.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        let at = self.place(delta.index, id.as_deref(), name.as_deref(), &arguments);
        let call = &mut self.open[at];
        if let Some(id) = id {
            call.id = id;
        }
        match name {
            // Some servers repeat the name with every piece, others send it in pieces.
            Some(name) if call.name != name => call.name.push_str(&name),
            Some(_) | None => {}
        }
        call.arguments.push_str(&arguments);
    }

    /// The place of the call that a piece belongs to; opens one where it begins a new call.
    fn place(&mut self, index: Option<u32>, id: Option<&str>, name: Option<&str>, arguments: &str) -> usize {
        let known = match (index, id) {
            (Some(_), _) => self.open.iter().rposition(|call| call.index == index),
            (None, Some(id)) => self.open.iter().rposition(|call| call.id == id),
            (None, None) if name.is_none() => self.open.len().checked_sub(1),
            (None, None) => None,
        };
        match known {
            Some(at) if !self.open[at].ends_before(id, name, arguments) => at,
            Some(_) | None => {
                self.open.push(Call { index, ..Call::default() });
                self.open.len() - 1
            }
        }
    }

    /// The calls in the order of their index.
    pub fn whole(mut self) -> Vec<WholeCall> {
        // Stable: calls without an index keep the order in which they came.
        self.open.sort_by_key(|call| call.index);
        self.open
            .into_iter()
            .map(|call| WholeCall { id: call.id, name: call.name, arguments: call.arguments })
            .collect()
    }
}

impl Call {
    /// Whether a piece with this index or id begins another call all the same: some servers give every whole call the
    /// index 0.
    fn ends_before(&self, id: Option<&str>, name: Option<&str>, arguments: &str) -> bool {
        if id.is_some_and(|id| !self.id.is_empty() && self.id != id) {
            return true;
        }
        let begins_a_call = name.is_some() && !self.name.is_empty() && !arguments.is_empty();
        begins_a_call && id.is_none() && serde_json::from_str::<Value>(&self.arguments).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assembled(deltas: Value, expected: &[(&str, &str, &str)]) {
        let mut calls = Calls::default();
        for delta in serde_json::from_value::<Vec<CallDelta>>(deltas).unwrap() {
            calls.add(delta);
        }
        let whole = calls.whole();
        let found: Vec<_> = whole.iter().map(|call| (&*call.id, &*call.name, &*call.arguments)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn pieces_are_joined_by_index_even_interleaved() {
        assembled(
            json!([
                {"index": 0, "id": "a", "function": {"name": "read", "arguments": ""}},
                {"index": 1, "id": "b", "function": {"name": "list", "arguments": ""}},
                {"index": 1, "function": {"arguments": "{}"}},
                {"index": 0, "function": {"arguments": "{\"p\":"}},
                {"index": 0, "function": {"arguments": "1}"}},
            ]),
            &[("a", "read", "{\"p\":1}"), ("b", "list", "{}")],
        );
    }

    #[test]
    fn whole_calls_without_an_index_are_told_apart() {
        let call = |id: &str| json!({"id": id, "function": {"name": "read", "arguments": "{}"}});
        assembled(json!([call("a"), call("b")]), &[("a", "read", "{}"), ("b", "read", "{}")]);
        assembled(json!([call(""), call("")]), &[("", "read", "{}"), ("", "read", "{}")]);
    }

    #[test]
    fn whole_calls_that_all_say_index_0_are_told_apart() {
        let call = |id: &str, name: &str| json!({"index": 0, "id": id, "function": {"name": name, "arguments": "{}"}});
        assembled(json!([call("a", "x"), call("b", "y")]), &[("a", "x", "{}"), ("b", "y", "{}")]);
        assembled(json!([call("", "x"), call("", "y")]), &[("", "x", "{}"), ("", "y", "{}")]);
    }

    #[test]
    fn pieces_without_index_and_id_belong_to_the_call_before() {
        assembled(
            json!([
                {"id": "a", "function": {"name": "read", "arguments": "{\"p\""}},
                {"function": {"arguments": ":1}"}},
            ]),
            &[("a", "read", "{\"p\":1}")],
        );
    }

    #[test]
    fn a_name_repeated_with_every_piece_is_one_name_and_a_name_in_pieces_is_joined() {
        assembled(
            json!([
                {"index": 0, "id": "a", "function": {"name": "read", "arguments": "{"}},
                {"index": 0, "id": "a", "function": {"name": "read", "arguments": "}"}},
            ]),
            &[("a", "read", "{}")],
        );
        assembled(
            json!([
                {"index": 0, "id": "a", "function": {"name": "read_"}},
                {"index": 0, "function": {"name": "file"}},
                {"index": 0, "function": {"arguments": "{}"}},
            ]),
            &[("a", "read_file", "{}")],
        );
    }

    #[test]
    fn arguments_may_be_an_object_or_missing() {
        assembled(
            json!([
                {"index": 0, "id": "a", "function": {"name": "x", "arguments": {"p": 1}}},
                {"index": 1, "id": "b", "function": {"name": "y", "arguments": null}},
            ]),
            &[("a", "x", "{\"p\":1}"), ("b", "y", "")],
        );
    }
}
