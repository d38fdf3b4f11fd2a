//! JSON as it crosses the border of a sandbox.

/// JSON that others can read as well: JavaScript writes half a character, as a text that was cut has it, as an escape that no
/// other language takes. `None`: it nests deeper than they read.
pub(crate) fn well_formed(json: String) -> Option<String> {
    let json = if json.contains("\\ud") { whole_characters(&json) } else { json };
    serde_json::from_str::<serde_json::Value>(&json).is_ok().then_some(json)
}

/// Every half of a character replaced.
fn whole_characters(json: &str) -> String {
    let unit = |at: usize| {
        let escape = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let mut made = String::with_capacity(json.len());
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        made.push_str(&json[at..at + found]);
        at += found;
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                made.push('\u{fffd}');
                at += 6;
                continue;
            }
            // What is escaped is one ASCII character at least.
            _ => 2,
        };
        let end = (at + length).min(json.len());
        made.push_str(&json[at..end]);
        at = end;
    }
    made.push_str(&json[at..]);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_is_replaced_and_nothing_else_is_changed() {
        for (given, made) in [
            (r#""a\\ud83d""#, r#""a\\ud83d""#),
            (r#""\ud83d""#, "\"\u{fffd}\""),
            (r#""\ude00 \ud83d\ude00 \n\udead""#, "\"\u{fffd} \\ud83d\\ude00 \\n\u{fffd}\""),
        ] {
            assert_eq!(whole_characters(given), made, "{given}");
        }
        assert!(well_formed(format!("{}{}", "[".repeat(500), "]".repeat(500))).is_none());
    }
}
