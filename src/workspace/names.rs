//! Names as people and models see them: what a name that is no text looks like, and which names are near a mistyped one.

use std::path::Path;

/// `path` as text of one line: bytes that are not UTF-8 become `�` (then the flag is set), control characters are
/// written out, so that no name can pretend to be two lines.
pub fn shown(path: &Path) -> (String, bool) {
    let lossless = path.to_str().is_some();
    let mut text = String::new();
    for character in path.to_string_lossy().chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    (text, !lossless)
}

/// Those of `names` that are likely meant by `wanted`, the likeliest first, at most three, none much less
/// likely than the first.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (likeness(&wanted, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.into_iter().take(3).take_while(|(score, _)| best - score < 0.2).map(|(_, name)| name).collect()
}

/// From 0 (nothing in common) to 1 (the same). Words in another order count as near: `file_read` is `read_file`.
fn likeness(a: &str, b: &str) -> f64 {
    let sorted = |text: &str| {
        let mut words: Vec<&str> = text.split(['_', '-', '.', ' ']).collect();
        words.sort_unstable();
        words.join("_")
    };
    strsim::normalized_damerau_levenshtein(a, b)
        .max(strsim::normalized_damerau_levenshtein(&sorted(a), &sorted(b)))
        .max(if a.len() >= 3 && b.len() >= 3 && (a.contains(b) || b.contains(a)) { 0.6 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_name_that_is_not_text_is_shown_and_marked() {
        assert_eq!(shown(Path::new(OsStr::from_bytes(b"caf\xe9.txt"))), ("caf\u{fffd}.txt".to_owned(), true));
        assert_eq!(shown(Path::new("café.txt")), ("café.txt".to_owned(), false));
    }

    #[test]
    fn a_name_cannot_pretend_to_be_two_lines() {
        assert_eq!(shown(Path::new("a\nb\u{1b}[2J")).0, "a\\nb\\u{1b}[2J");
    }

    #[test]
    fn near_names_come_nearest_first() {
        let tools = ["find_files", "list_directory", "read_file", "search_text"];
        assert_eq!(nearest("reed_file", tools), ["read_file"]);
        assert_eq!(nearest("file_read", tools), ["read_file"]);
        assert_eq!(nearest("search", tools), ["search_text"]);
        assert!(nearest("launch_rocket", tools).is_empty());
    }
}
