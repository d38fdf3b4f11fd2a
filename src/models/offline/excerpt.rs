//! A short, honest excerpt of a text as a Markdown code block.

/// How many lines an excerpt shows.
const LINES: usize = 12;
/// How many characters of each.
const WIDTH: usize = 160;

/// The beginning of a text in a fence that the text cannot close, and how much is left out.
pub fn excerpt(text: &str, language: &str) -> String {
    let all = text.lines().count();
    let shown: Vec<String> = text.lines().take(LINES).map(cut).collect();
    let shown = shown.join("\n");
    let fence = "`".repeat(longest_run_of_backticks(&shown).max(2) + 1);
    let rest = match all.saturating_sub(LINES) {
        0 => String::new(),
        1 => "\n\n… and 1 more line.".to_owned(),
        more => format!("\n\n… and {more} more lines."),
    };
    format!("{fence}{language}\n{shown}\n{fence}{rest}")
}

/// The language of a file by its ending, as Markdown's fences name it; empty if unknown.
pub fn language(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "c" | "h" => "c",
        "css" => "css",
        "go" => "go",
        "html" => "html",
        "java" => "java",
        "js" | "mjs" | "cjs" => "javascript",
        "json" => "json",
        "md" => "markdown",
        "py" => "python",
        "rs" => "rust",
        "sh" => "sh",
        "toml" => "toml",
        "ts" => "typescript",
        "tsx" => "tsx",
        "yaml" | "yml" => "yaml",
        _ => "",
    }
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line.to_owned(),
    }
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stands_in_full() {
        assert_eq!(excerpt("a\nb\n", "rust"), "```rust\na\nb\n```");
    }

    #[test]
    fn a_long_text_says_how_much_is_left_out() {
        let text = "line\n".repeat(LINES + 3);
        assert!(excerpt(&text, "").ends_with("```\n\n… and 3 more lines."));
    }

    #[test]
    fn a_text_with_fences_cannot_close_the_block() {
        assert!(excerpt("````\nx\n````", "").starts_with("`````\n"));
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = "ä".repeat(WIDTH + 1);
        assert!(excerpt(&line, "").contains(&format!("{} …", "ä".repeat(WIDTH))));
    }
}
