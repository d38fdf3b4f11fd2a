//! Reads a literal of JavaScript as a value, without running anything: objects, lists, texts, numbers, `true`, `false`,
//! `null`. A call, a name, a spread or a template with holes is refused, with its place.

use serde_json::{Map, Number, Value};

/// How deep a literal may be.
const DEEPEST: usize = 64;

/// Why there is no literal at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotLiteral {
    /// The byte of the source.
    pub at: usize,
    pub what: String,
}

/// What an object may have in it besides literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing.
    Refused,
    /// Members that are none, functions as a rule, are passed over; in the outermost object alone.
    PassedOver,
}

/// Reads the literal that begins at a byte, and gives the byte behind it.
pub(crate) fn read(source: &str, at: usize, rest: Rest) -> Result<(Value, usize), NotLiteral> {
    let mut reader = Reader { source, at };
    reader.blank();
    let value = if rest == Rest::PassedOver { reader.object(0, true)? } else { reader.value(0)? };
    Ok((value, reader.at))
}

/// The byte behind white space and comments.
pub(crate) fn blank(source: &str, at: usize) -> usize {
    let mut reader = Reader { source, at };
    reader.blank();
    reader.at
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn eat(&mut self, what: char) -> bool {
        let there = self.peek() == Some(what);
        if there {
            self.at += what.len_utf8();
        }
        there
    }

    fn refuse<T>(&self, what: impl Into<String>) -> Result<T, NotLiteral> {
        Err(NotLiteral { at: self.at, what: what.into() })
    }

    fn blank(&mut self) {
        loop {
            let rest = &self.source[self.at..];
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            let end = if trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += end;
        }
    }

    fn word(&mut self) -> &str {
        let rest = &self.source[self.at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn value(&mut self, depth: usize) -> Result<Value, NotLiteral> {
        if depth > DEEPEST {
            return self.refuse(format!("it is deeper than {DEEPEST} levels"));
        }
        match self.peek() {
            Some('{') => self.object(depth, false),
            Some('[') => self.list(depth),
            Some('"' | '\'' | '`') => self.text().map(Value::String),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' || c == '$' => {
                let start = self.at;
                let word = self.word().to_owned();
                match word.as_str() {
                    "true" => Ok(Value::Bool(true)),
                    "false" => Ok(Value::Bool(false)),
                    "null" | "undefined" => Ok(Value::Null),
                    _ => {
                        self.at = start;
                        self.refuse(format!(
                            "`{word}` is a name or a call, and only literals can be read without running the script"
                        ))
                    }
                }
            }
            Some(c) => self.refuse(format!("`{c}` begins no literal")),
            None => self.refuse("the file ends here"),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, NotLiteral> {
        self.eat('[');
        let mut items = Vec::new();
        loop {
            self.blank();
            if self.eat(']') {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.ends(']')?;
        }
    }

    /// Behind an item: a comma, or the end, which is left for its reader.
    fn ends(&mut self, end: char) -> Result<(), NotLiteral> {
        self.blank();
        if self.eat(',') || self.peek() == Some(end) {
            return Ok(());
        }
        match self.peek() {
            Some(c) => self.refuse(format!(
                "`,` or `{end}` is expected, and here is `{c}`: only literals can be read without running the script"
            )),
            None => self.refuse(format!("`{end}` is missing at the end of the file")),
        }
    }

    fn object(&mut self, depth: usize, pass_over: bool) -> Result<Value, NotLiteral> {
        if !self.eat('{') {
            return self.refuse("an object is expected here: {…}");
        }
        let mut members = Map::new();
        loop {
            self.blank();
            if self.eat('}') {
                return Ok(Value::Object(members));
            }
            let start = self.at;
            match self.member(depth) {
                Ok((key, value)) => {
                    members.insert(key, value);
                    self.ends('}')?;
                }
                Err(_) if pass_over => {
                    self.at = start;
                    self.pass_over()?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn member(&mut self, depth: usize) -> Result<(String, Value), NotLiteral> {
        let key = match self.peek() {
            Some('"' | '\'') => self.text()?,
            Some(c) if c.is_alphanumeric() || c == '_' || c == '$' => self.word().to_owned(),
            Some('.') => return self.refuse("a spread cannot be read without running the script"),
            Some('[') => return self.refuse("a computed name cannot be read without running the script"),
            Some(c) => return self.refuse(format!("`{c}` begins no name of a member")),
            None => return self.refuse("`}` is missing at the end of the file"),
        };
        self.blank();
        if !self.eat(':') {
            return self.refuse(format!("`:` is expected behind `{key}`"));
        }
        self.blank();
        let value = self.value(depth + 1)?;
        self.blank();
        // A literal that goes on is an expression.
        if !matches!(self.peek(), Some(',' | '}')) {
            return self.refuse("only literals can be read without running the script");
        }
        Ok((key, value))
    }

    /// To the comma behind a member that is no literal, or to the end of the object.
    fn pass_over(&mut self) -> Result<(), NotLiteral> {
        let mut depth = 0_usize;
        loop {
            self.blank();
            match self.peek() {
                None => return self.refuse("`}` is missing at the end of the file"),
                Some('"' | '\'') => {
                    self.text()?;
                }
                Some('`') => self.template()?,
                Some('{' | '[' | '(') => {
                    depth += 1;
                    self.next();
                }
                Some('}') if depth == 0 => return Ok(()),
                Some('}' | ']' | ')') => {
                    depth = depth.saturating_sub(1);
                    self.next();
                }
                Some(',') if depth == 0 => {
                    self.next();
                    return Ok(());
                }
                Some(_) => {
                    self.next();
                }
            }
        }
    }

    /// Past a template, with what stands in its holes.
    fn template(&mut self) -> Result<(), NotLiteral> {
        self.next();
        loop {
            match self.next() {
                None => return self.refuse("a template has no end"),
                Some('`') => return Ok(()),
                Some('\\') => {
                    self.next();
                }
                Some('$') if self.eat('{') => {
                    let mut depth = 1_usize;
                    while depth > 0 {
                        match self.peek() {
                            None => return self.refuse("a template has no end"),
                            Some('`') => self.template()?,
                            Some(c) => {
                                self.next();
                                depth = match c {
                                    '{' => depth + 1,
                                    '}' => depth - 1,
                                    _ => depth,
                                };
                            }
                        }
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Result<Value, NotLiteral> {
        let start = self.at;
        let negative = self.eat('-');
        if !negative {
            self.eat('+');
        }
        self.blank();
        let from = self.at;
        while let Some(c) = self.peek() {
            let exponent = matches!(c, '+' | '-') && self.source[..self.at].ends_with(['e', 'E']);
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || exponent) {
                break;
            }
            self.next();
        }
        let digits = self.source[from..self.at].replace('_', "");
        let radix = digits.get(..2).and_then(|prefix| match prefix.to_ascii_lowercase().as_str() {
            "0x" => Some(16),
            "0o" => Some(8),
            "0b" => Some(2),
            _ => None,
        });
        let whole = match radix {
            Some(radix) => i64::from_str_radix(&digits[2..], radix).ok(),
            None => digits.parse::<i64>().ok(),
        };
        let number = match whole {
            Some(whole) => Some(Number::from(if negative { -whole } else { whole })),
            None if radix.is_none() => {
                digits.parse::<f64>().ok().and_then(|number| Number::from_f64(if negative { -number } else { number }))
            }
            None => None,
        };
        match number {
            Some(number) => Ok(Value::Number(number)),
            None => Err(NotLiteral { at: start, what: "this is no number".into() }),
        }
    }

    fn text(&mut self) -> Result<String, NotLiteral> {
        let start = self.at;
        let Some(quote) = self.next() else { return self.refuse("a text is expected here") };
        let mut text = String::new();
        // Halves of a pair of UTF-16 wait for the other half.
        let mut units: Vec<u16> = Vec::new();
        loop {
            let Some(c) = self.next() else {
                return Err(NotLiteral { at: start, what: "this text has no end".into() });
            };
            if c == '\\' && self.peek() == Some('u') && !self.rest().starts_with("u{") {
                self.next();
                units.push(u16::try_from(self.hex(4)?).unwrap_or(0xfffd));
                continue;
            }
            text.push_str(&String::from_utf16_lossy(&units));
            units.clear();
            match c {
                c if c == quote => return Ok(text),
                '\n' if quote != '`' => {
                    return Err(NotLiteral { at: start, what: "this text has no end in its line".into() });
                }
                '$' if quote == '`' && self.peek() == Some('{') => {
                    return self.refuse("a template with holes cannot be read without running the script");
                }
                '\\' => self.escape(&mut text)?,
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), NotLiteral> {
        match self.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('v') => text.push('\u{b}'),
            Some('0') => text.push('\0'),
            Some('x') => text.push(char::from_u32(self.hex(2)?).unwrap_or('\u{fffd}')),
            Some('u') => {
                self.eat('{');
                let digits = self.rest().find('}').unwrap_or(0);
                let code = self.hex(digits)?;
                self.eat('}');
                text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            Some('\r') => {
                self.eat('\n');
            }
            Some('\n' | '\u{2028}' | '\u{2029}') => {}
            Some(c) => text.push(c),
            None => return self.refuse("this text has no end"),
        }
        Ok(())
    }

    fn hex(&mut self, digits: usize) -> Result<u32, NotLiteral> {
        let code = self.rest().get(..digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(code) = code else { return self.refuse("this escape is none") };
        self.at += digits;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn literal(source: &str) -> Value {
        let (value, end) = read(source, 0, Rest::Refused).unwrap();
        assert_eq!(end, source.trim_end().len(), "{source}");
        value
    }

    #[test]
    fn literals_are_what_javascript_reads() {
        let source = r#" { // one
            name: 'it\'s', "des-cription": "a\u00e4\ud83d\ude00\x41\u{1F600}", /* two */ n: -1_000, f: .5e-1, h: 0xff,
            list: [1, 'two', [true, false, null, undefined],], text: `line
            two`, nested: {a: {}}, 3: 'three',
        }"#;
        let expected = json!({"name": "it's", "des-cription": "aä😀A😀", "n": -1000, "f": 0.05, "h": 255,
            "list": [1, "two", [true, false, null, null]], "text": "line\n            two", "nested": {"a": {}}, "3": "three"});
        assert_eq!(literal(source), expected);
    }

    #[test]
    fn what_is_no_literal_is_refused_with_its_place() {
        let cases = [
            ("{a: f()}", 4, "`f` is a name or a call"),
            ("{...x}", 1, "a spread"),
            ("{[x]: 1}", 1, "a computed name"),
            ("{a: `${x}`}", 6, "a template with holes"),
            ("{a: 'x' + 'y'}", 8, "only literals"),
            ("{a: 1", 5, "only literals"),
            ("{a: 'x", 4, "no end"),
            ("{a b}", 3, "`:` is expected"),
            ("[1 2]", 3, "`,` or `]` is expected"),
        ];
        for (source, at, what) in cases {
            let error = read(source, 0, Rest::Refused).unwrap_err();
            assert_eq!(error.at, at, "{source}: {}", error.what);
            assert!(error.what.contains(what), "{source}: {}", error.what);
        }
        let deep = "[".repeat(10_000);
        assert!(read(&deep, 0, Rest::Refused).unwrap_err().what.contains("deeper"));
    }

    #[test]
    fn functions_are_passed_over_where_they_may_be() {
        let source = "{ name: 'x', async run(args) { return `}${ {a: `}`} }` }, pick: (a, b) => [a, b], description: 'y', other }";
        let (value, end) = read(source, 0, Rest::PassedOver).unwrap();
        assert_eq!((value, end), (json!({"name": "x", "description": "y"}), source.len()));
    }
}
