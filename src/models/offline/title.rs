//! The title that the offline model gives a conversation: the first words of the first message.

use super::play::Beat;
use crate::models::{Message, ModelRequest};

/// The most words of a title.
const WORDS: usize = 7;

/// The whole answer; the same for the same request.
pub fn title(request: &ModelRequest) -> Vec<Beat> {
    let first = request.messages.iter().find_map(|message| match message {
        Message::User { text, .. } => text.lines().map(str::trim).find(|line| !line.is_empty()),
        Message::Assistant { .. } | Message::ToolResult { .. } => None,
    });
    let words: Vec<&str> = first.unwrap_or_default().split_whitespace().collect();
    let shown = words[..words.len().min(WORDS)].join(" ");
    let shown = shown.trim_end_matches([',', ';', ':']);
    let mut characters = shown.chars();
    let capital = characters.next().map(|first| first.to_uppercase().chain(characters).collect::<String>());
    vec![Beat::Text(capital.unwrap_or_default())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(text: &str) -> Vec<Beat> {
        let messages = vec![Message::user(text), Message::user("Now write a title.")];
        title(&ModelRequest { messages, ..ModelRequest::default() })
    }

    #[test]
    fn a_title_is_the_first_words() {
        assert_eq!(titled("\nread the README.md\nlist"), [Beat::Text("Read the README.md".into())]);
        assert_eq!(
            titled("öl or wick, one of them, or what else?"),
            [Beat::Text("Öl or wick, one of them, or".into())]
        );
    }
}
