//! Reads plain requests: `list`, `read FILE`, `search WORDS`, `find GLOB`.

use serde_json::json;

use crate::models::ToolSpec;

/// The most requests that one message may hold, one per line; further lines are left alone.
const MOST: usize = 8;

/// Something that a message asks for and a tool can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// What is in a folder.
    List {
        /// The folder; `.` is the project's root.
        path: String,
    },
    /// A file's text.
    Read {
        /// The file.
        path: String,
        /// The first and last line wanted, from 1.
        lines: Option<(u32, u32)>,
    },
    /// Where words stand.
    Search {
        /// The words, or the regular expression that stood between slashes.
        words: String,
        /// Whether it is a regular expression.
        regex: bool,
    },
    /// Files by name.
    Find {
        /// The glob.
        glob: String,
    },
}

/// The requests in a message, one per line; none if its first line is not one.
pub fn wishes(text: &str) -> Vec<Wish> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next().and_then(wish) else {
        return Vec::new();
    };
    std::iter::once(first).chain(lines.filter_map(wish)).take(MOST).collect()
}

fn wish(line: &str) -> Option<Wish> {
    let (mut keyword, mut rest) = split_word(line);
    if keyword.eq_ignore_ascii_case("please") {
        (keyword, rest) = split_word(rest);
    }
    match keyword.to_ascii_lowercase().trim_end_matches(':') {
        "list" => folder(rest).map(|path| Wish::List { path }),
        "read" => file(rest),
        "search" => {
            let rest = match split_word(rest) {
                (word, words) if word.eq_ignore_ascii_case("for") && !words.is_empty() => words,
                _ => rest,
            };
            match rest.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
                Some(pattern) if !pattern.is_empty() => Some(Wish::Search { words: pattern.to_owned(), regex: true }),
                _ => Some(unquoted(rest))
                    .filter(|words| !words.is_empty())
                    .map(|words| Wish::Search { words: words.to_owned(), regex: false }),
            }
        }
        "find" => glob(rest).map(|glob| Wish::Find { glob }),
        _ => None,
    }
}

fn folder(rest: &str) -> Option<String> {
    let filler =
        ["the", "all", "files", "file", "folder", "directory", "project", "in", "of", "this", "here", "contents"];
    let mut named = rest.split_whitespace().filter(|word| !filler.contains(&word.to_ascii_lowercase().as_str()));
    match (named.next(), named.next()) {
        (None, _) => Some(".".to_owned()),
        (Some(path), None) => Some(unquoted(path).to_owned()),
        (Some(_), Some(_)) => None,
    }
}

fn file(rest: &str) -> Option<Wish> {
    let quoted = rest.starts_with(['"', '\'', '`']) && unquoted(rest).len() < rest.len();
    let words: Vec<&str> = if quoted { vec![rest] } else { rest.split_whitespace().collect() };
    let named = |word: &&&str| unquoted(word).contains(['.', '/']) && unquoted(word) != ".";
    let (path, after) = match words.as_slice() {
        [only] => (*only, None),
        [path, range] if line_range(range).is_some() => (*path, line_range(range)),
        _ => (*words.iter().find(named)?, None),
    };
    let path = unquoted(path);
    let (path, lines) = match path.rsplit_once(':') {
        Some((file, range)) if after.is_none() && line_range(range).is_some() => (file, line_range(range)),
        _ => (path, after),
    };
    (!path.is_empty()).then(|| Wish::Read { path: path.to_owned(), lines })
}

fn line_range(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (1 <= from && from <= to).then_some((from, to))
}

fn glob(rest: &str) -> Option<String> {
    let mut words = rest.split_whitespace().filter(|word| !word.eq_ignore_ascii_case("files"));
    let (word, None) = (unquoted(words.next()?), words.next()) else {
        return None;
    };
    let is_glob = word.contains(['*', '?', '[', '{', '/', '.']);
    (!word.is_empty()).then(|| if is_glob { word.to_owned() } else { format!("**/*{word}*") })
}

fn split_word(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()))
}

fn unquoted(text: &str) -> &str {
    let text = text.trim().trim_end_matches([',', ';']);
    let inside = ['"', '\'', '`'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inside.unwrap_or(text)
}

impl Wish {
    /// The tool that grants it.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::List { .. } => "list_directory",
            Self::Read { .. } => "read_file",
            Self::Search { .. } => "search_text",
            Self::Find { .. } => "find_files",
        }
    }

    /// The request in words, as the reasoning names it.
    pub fn words(&self) -> String {
        match self {
            Self::List { path } => format!("to list `{path}`"),
            Self::Read { path, lines: None } => format!("to read `{path}`"),
            Self::Read { path, lines: Some((from, to)) } => format!("to read lines {from} to {to} of `{path}`"),
            Self::Search { words, .. } => format!("to search for `{words}`"),
            Self::Find { glob } => format!("to find files like `{glob}`"),
        }
    }

    /// The tool's arguments. What its schema does not know is left out, so that a scenario or an older tool still works.
    pub fn arguments(&self, tool: &ToolSpec) -> String {
        let knows = |name: &str| tool.schema["properties"].get(name).is_some();
        let arguments = match self {
            Self::Read { path, lines: Some((from, to)) } if knows("offset") && knows("limit") => {
                json!({"path": path, "offset": from, "limit": to - from + 1})
            }
            Self::List { path } | Self::Read { path, lines: _ } => json!({"path": path}),
            Self::Search { words, regex: true } => json!({"pattern": words}),
            Self::Search { words, regex: false } if knows("literal") => json!({"pattern": words, "literal": true}),
            Self::Search { words, regex: false } => json!({"pattern": regex::escape(words)}),
            Self::Find { glob } => json!({"pattern": glob}),
        };
        arguments.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(path: &str, lines: Option<(u32, u32)>) -> Vec<Wish> {
        vec![Wish::Read { path: path.into(), lines }]
    }

    fn search(words: &str, regex: bool) -> Vec<Wish> {
        vec![Wish::Search { words: words.into(), regex }]
    }

    #[test]
    fn read_takes_a_file_and_lines() {
        assert_eq!(wishes("read README.md"), read("README.md", None));
        assert_eq!(wishes("Read the file `src/main.rs`, please"), read("src/main.rs", None));
        assert_eq!(wishes("please read src/main.rs:3-9"), read("src/main.rs", Some((3, 9))));
        assert_eq!(wishes("read Makefile 7"), read("Makefile", Some((7, 7))));
        assert_eq!(wishes("read \"my notes.txt\""), read("my notes.txt", None));
    }

    #[test]
    fn list_takes_a_folder_or_none() {
        let list = |path: &str| vec![Wish::List { path: path.into() }];
        assert_eq!(wishes("list"), list("."));
        assert_eq!(wishes("list the files in src"), list("src"));
        assert_eq!(wishes("list src/"), list("src/"));
    }

    #[test]
    fn search_takes_words_or_a_regular_expression_between_slashes() {
        assert_eq!(wishes("search TODO"), search("TODO", false));
        assert_eq!(wishes("search for \"fn main\""), search("fn main", false));
        assert_eq!(wishes("search /fn \\w+/"), search("fn \\w+", true));
    }

    #[test]
    fn find_takes_a_glob_and_makes_one_of_a_word() {
        let find = |glob: &str| vec![Wish::Find { glob: glob.into() }];
        assert_eq!(wishes("find **/*.rs"), find("**/*.rs"));
        assert_eq!(wishes("find parser"), find("**/*parser*"));
    }

    #[test]
    fn several_lines_are_several_wishes() {
        assert_eq!(wishes("list\n\nread a.md\nthanks").len(), 2);
    }

    #[test]
    fn anything_else_is_no_wish() {
        for text in ["", "hello", "read", "search", "find me the bug in it", "why?\nread a.md", "read the whole story"]
        {
            assert_eq!(wishes(text), [], "{text}");
        }
    }

    #[test]
    fn arguments_are_what_the_tools_schema_knows() {
        let tool = |properties: Value| ToolSpec {
            name: "t".into(),
            description: String::new(),
            schema: json!({"type": "object", "properties": properties}),
        };
        let search = Wish::Search { words: "a.b".into(), regex: false };
        assert_eq!(search.arguments(&tool(json!({"literal": {}}))), r#"{"literal":true,"pattern":"a.b"}"#);
        assert_eq!(search.arguments(&tool(json!({}))), r#"{"pattern":"a\\.b"}"#);
        let read = Wish::Read { path: "a".into(), lines: Some((3, 9)) };
        let paged = tool(json!({"path": {}, "offset": {}, "limit": {}}));
        assert_eq!(read.arguments(&paged), r#"{"limit":7,"offset":3,"path":"a"}"#);
        assert_eq!(read.arguments(&tool(json!({"path": {}}))), r#"{"path":"a"}"#);
    }

    proptest::proptest! {
        #[test]
        fn no_message_brings_the_reading_down(text in "((please )?(list|read|search|find|search for) ?.{0,20}\n?){0,10}") {
            assert!(wishes(&text).len() <= MOST);
        }
    }
}
