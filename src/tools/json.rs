//! Reading the JSON that models write: valid, or damaged in a way that leaves one reading.
//!
//! Mended are code fences, JSON inside a JSON string, trailing and missing commas, missing or surplus closing brackets,
//! missing closing quotes, single quotes, bare names, Python's `True`, `False` and `None`, line breaks in strings and
//! backslashes that begin no escape (`"\d+"`). What could be read in two ways is refused.

use serde_json::{Map, Number, Value};

/// Deeper values are refused.
const MAX_DEPTH: usize = 64;

/// What was read.
#[derive(Debug, PartialEq)]
pub(super) struct Reading {
    /// The object.
    pub(super) arguments: Map<String, Value>,
    /// The text ended before its end; the last value may be only the beginning of what was meant.
    pub(super) cut: bool,
}

/// Reads one JSON object; the error says what is wrong and where (characters from 1).
pub(super) fn read(text: &str) -> Result<Reading, String> {
    read_nested(text, 0)
}

fn read_nested(text: &str, nesting: usize) -> Result<Reading, String> {
    let text = without_fence(text.trim());
    if text.is_empty() {
        return Ok(Reading { arguments: Map::new(), cut: false });
    }
    let (value, cut) = match serde_json::from_str::<Value>(text) {
        Ok(value) => (value, false),
        Err(_) => Parser { characters: text.chars().collect(), at: 0, cut: false }.whole()?,
    };
    match value {
        Value::Object(arguments) => Ok(Reading { arguments, cut }),
        Value::Null => Ok(Reading { arguments: Map::new(), cut }),
        Value::String(inner) if nesting < 2 && inner.trim_start().starts_with(['{', '`', '"']) => {
            let reading = read_nested(&inner, nesting + 1)?;
            Ok(Reading { cut: cut || reading.cut, ..reading })
        }
        Value::String(_) => Err("it is a string, not an object".to_owned()),
        Value::Array(_) => Err("it is an array, not an object".to_owned()),
        Value::Bool(_) | Value::Number(_) => Err("it is a single value, not an object".to_owned()),
    }
}

fn without_fence(text: &str) -> &str {
    let Some(inner) = text.strip_prefix("```") else {
        return text;
    };
    let inner = inner.split_once('\n').map_or(inner, |(language, rest)| {
        if language.trim().chars().all(char::is_alphanumeric) { rest } else { inner }
    });
    inner.trim_end().trim_end_matches("```").trim()
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    cut: bool,
}

impl Parser {
    fn whole(mut self) -> Result<(Value, bool), String> {
        let value = self.value(0)?;
        self.space();
        while matches!(self.peek(), Some('}' | ']')) {
            self.at += 1;
            self.space();
        }
        match self.peek() {
            None => Ok((value, self.cut)),
            Some(other) => Err(self.error(&format!("`{other}` follows after its end"))),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(self.error("it is nested too deeply"));
        }
        self.space();
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"' | '\'') => Ok(Value::String(self.string()?)),
            Some(other) if other == '-' || other.is_ascii_digit() => self.number(),
            Some(other) if other.is_ascii_alphabetic() => self.word(),
            Some(other) => Err(self.error(&format!("`{other}` begins no value"))),
            None => Err(self.error("it ends where a value should stand")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut members = Map::new();
        loop {
            self.space();
            match self.peek() {
                None => {
                    self.cut = true;
                    return Ok(Value::Object(members));
                }
                Some('}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                // The bracket of the array around it: this object's own is missing.
                Some(']') => return Ok(Value::Object(members)),
                Some(',') if !members.is_empty() => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            let name = self.member_name()?;
            self.space();
            if self.peek() != Some(':') {
                return Err(self.error(&format!("no `:` follows the name `{name}`")));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            if members.insert(name.clone(), value).is_some() {
                return Err(self.error(&format!("`{name}` stands there twice")));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.space();
            match self.peek() {
                None => {
                    self.cut = true;
                    return Ok(Value::Array(elements));
                }
                Some(']') => {
                    self.at += 1;
                    return Ok(Value::Array(elements));
                }
                // The bracket of the object around it: this array's own is missing.
                Some('}') => return Ok(Value::Array(elements)),
                Some(',') if !elements.is_empty() => self.at += 1,
                Some(_) => elements.push(self.value(depth + 1)?),
            }
        }
    }

    fn member_name(&mut self) -> Result<String, String> {
        match self.peek() {
            Some('"' | '\'') => {
                let name = self.string()?;
                if self.cut { Err(self.error("it ends in the middle of a name")) } else { Ok(name) }
            }
            Some(first) if first.is_ascii_alphabetic() || first == '_' => {
                Ok(self.take_while(|character| character.is_ascii_alphanumeric() || character == '_'))
            }
            Some(other) => Err(self.error(&format!("`{other}` stands where a name should"))),
            None => Err(self.error("it ends where a name should stand")),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = self.peek();
        self.at += 1;
        let mut text = String::new();
        loop {
            let character = self.peek();
            self.at += 1;
            match character {
                None => {
                    self.cut = true;
                    return Ok(text);
                }
                Some('\\') => self.escape(&mut text)?,
                Some(_) if character == quote => return Ok(text),
                Some(other) => text.push(other),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), String> {
        let character = self.peek();
        self.at += 1;
        match character {
            None => self.cut = true,
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => {
                let first = self.code_unit()?;
                let mut units = vec![first];
                if (0xd800..0xdc00).contains(&first)
                    && self.peek() == Some('\\')
                    && self.characters.get(self.at + 1) == Some(&'u')
                {
                    self.at += 2;
                    units.push(self.code_unit()?);
                }
                text.push_str(&String::from_utf16_lossy(&units));
            }
            Some(plain @ ('"' | '\'' | '\\' | '/')) => text.push(plain),
            // Not an escape of JSON: a pattern such as `\d`, written without doubling its backslash.
            Some(other) => text.extend(['\\', other]),
        }
        Ok(())
    }

    fn code_unit(&mut self) -> Result<u16, String> {
        let digits: String = self.characters.iter().skip(self.at).take(4).collect();
        let unit = (digits.chars().count() == 4).then(|| u16::from_str_radix(&digits, 16).ok()).flatten();
        self.at += 4;
        unit.ok_or_else(|| self.error("`\\u` is not followed by four hexadecimal digits"))
    }

    fn number(&mut self) -> Result<Value, String> {
        let digits = self.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
        let number: Number =
            serde_json::from_str(&digits).map_err(|_| self.error(&format!("`{digits}` is no number")))?;
        Ok(Value::Number(number))
    }

    fn word(&mut self) -> Result<Value, String> {
        let word = self.take_while(|character| character.is_ascii_alphanumeric() || character == '_');
        match word.as_str() {
            "true" | "True" => Ok(Value::Bool(true)),
            "false" | "False" => Ok(Value::Bool(false)),
            "null" | "None" => Ok(Value::Null),
            _ => Err(self.error(&format!("`{word}` stands there without quotes"))),
        }
    }

    fn take_while(&mut self, mut wanted: impl FnMut(char) -> bool) -> String {
        let taken: String = self.characters[self.at..].iter().copied().take_while(|c| wanted(*c)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn error(&self, what: &str) -> String {
        format!("{what} (character {} of {})", (self.at + 1).min(self.characters.len()), self.characters.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expected: Value) {
        let reading = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(Value::Object(reading.arguments), expected, "{text}");
        assert!(!reading.cut, "{text}");
    }

    #[track_caller]
    fn check_cut(text: &str, expected: Value) {
        let reading = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((Value::Object(reading.arguments), reading.cut), (expected, true), "{text}");
    }

    #[track_caller]
    fn refused(text: &str) -> String {
        read(text).expect_err(text)
    }

    #[test]
    fn valid_json_is_taken_as_it_is() {
        check(r#"{"a": 1, "b": "x"}"#, json!({"a": 1, "b": "x"}));
        check("", json!({}));
        check(" null ", json!({}));
    }

    #[test]
    fn damage_with_one_reading_is_mended() {
        let one = json!({"path": "a.rs", "limit": 5});
        check(r#"{"path": "a.rs", "limit": 5,}"#, one.clone());
        check(r#"{"path": "a.rs" "limit": 5}"#, one.clone());
        check("```json\n{\"path\": \"a.rs\", \"limit\": 5}\n```", one.clone());
        check("```\n{\"path\": \"a.rs\", \"limit\": 5,}\n```", one.clone());
        check("{'path': 'a.rs', 'limit': 5}", one.clone());
        check("{path: \"a.rs\", limit: 5}", one.clone());
        check(r#"{"path": "a.rs", "limit": 5}}"#, one.clone());
        check(r#""{\"path\": \"a.rs\", \"limit\": 5}""#, one.clone());
        check(r#"{"a": [1, 2, "b"}"#, json!({"a": [1, 2, "b"]}));
    }

    #[test]
    fn what_ends_too_early_is_closed_and_marked() {
        check_cut(r#"{"path": "a.rs""#, json!({"path": "a.rs"}));
        check_cut(r#"{"path": "a.rs"#, json!({"path": "a.rs"}));
        check_cut(r#"{"a": [1, {"b": 2"#, json!({"a": [1, {"b": 2}]}));
        check_cut(r#"{"path": "a.rs","#, json!({"path": "a.rs"}));
    }

    #[test]
    fn strings_keep_what_was_meant() {
        check(r#"{"pattern": "\d+\.rs"}"#, json!({"pattern": "\\d+\\.rs"}));
        check("{\"text\": \"two\nlines\"}", json!({"text": "two\nlines"}));
        check(r#"{'a': "\u00e9\ud83d\ude00\n"}"#, json!({"a": "é😀\n"}));
        check(r"{'a': None, 'b': False}", json!({"a": null, "b": false}));
    }

    #[test]
    fn what_has_two_readings_or_none_is_refused_with_its_place() {
        assert_eq!(refused(r#"{"a": "say "hi" now"}"#), "no `:` follows the name `hi` (character 15 of 21)");
        assert!(refused("{'a': 'it's'}").contains("character"));
        assert!(refused(r#"{"a": 1}{"a": 2}"#).contains("follows after its end"));
        assert!(refused(r"{'a': 1, 'a': 2}").contains("`a` stands there twice"));
        assert!(refused(r#"{"path": src/main.rs}"#).contains("without quotes"));
        assert!(refused(r#"{"path": "#).contains("ends where a value"));
        assert!(refused(r#"{"pa"#).contains("middle of a name"));
        assert!(refused("[1]").contains("an array, not an object"));
        assert!(refused("read README.md").contains("without quotes"));
        assert!(refused(&"[".repeat(10_000)).contains("nested too deeply"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            let _ = read(&text);
        }

        #[test]
        fn text_like_json_is_read_or_refused(text in r#"[{}\[\]"':,\\a-c0-9u` \n]{0,60}"#) {
            let _ = read(&text);
        }

        #[test]
        fn an_object_cut_anywhere_never_gains_a_value(cut in 0_usize..40) {
            let text = r#"{"path": "src/main.rs", "limit": 25}"#;
            if let Ok(reading) = read(&text[..cut.min(text.len())]) {
                for (name, value) in reading.arguments {
                    match name.as_str() {
                        "path" => prop_assert!("src/main.rs".starts_with(value.as_str().unwrap())),
                        "limit" => prop_assert!([2, 25].contains(&value.as_u64().unwrap())),
                        other => prop_assert!(false, "{other}"),
                    }
                }
            }
        }
    }
}
