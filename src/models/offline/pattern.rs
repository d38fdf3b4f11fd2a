//! The plainest text that fits a regular expression.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How often what may come several times comes at most, so that `a{1000000}` grows nothing large.
const MOST: u32 = 1_000;

/// A text that fits, as short as it may be; `None` where the expression is none that can be read.
pub fn text(pattern: &str) -> Option<String> {
    let mut made = vec![];
    write(&regex_syntax::parse(pattern).ok()?, &mut made);
    let made = String::from_utf8(made).ok()?;
    // What looks around itself may fit nothing that is made piece by piece.
    regex::Regex::new(pattern).ok()?.is_match(&made).then_some(made)
}

fn write(of: &Hir, made: &mut Vec<u8>) {
    match of.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => made.extend_from_slice(&literal.0),
        HirKind::Class(class) => made.extend(one_of(class).to_string().bytes()),
        HirKind::Repetition(repeated) => (0..repeated.min.min(MOST)).for_each(|_| write(&repeated.sub, made)),
        HirKind::Capture(capture) => write(&capture.sub, made),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, made)),
        HirKind::Alternation(parts) => write(&parts[0], made),
    }
}

/// A character of a class: one that people write, if it has such a one.
fn one_of(class: &Class) -> char {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
    };
    let has = |wanted: &char| ranges.iter().any(|(first, last)| (first..=last).contains(&wanted));
    let usual = ['a', 'A', '1', '0', '-', '_', ' '].iter().find(|wanted| has(wanted)).copied();
    usual.or_else(|| ranges.first().map(|range| range.0)).unwrap_or('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_fits_its_pattern() {
        for (pattern, fits) in [
            ("^[A-Z]{2,4}-\\d+$", "AA-1"),
            ("^\\d{4}-\\d{2}-\\d{2}$", "1111-11-11"),
            ("^(bug|wish)(?:/[a-z]+)?$", "bug"),
            ("^https?://[^\\s/]+\\.example\\.com", "http://a.example.com"),
            ("", ""),
        ] {
            assert_eq!(text(pattern).as_deref(), Some(fits), "{pattern}");
        }
        for none in ["(", "(?=a)b", "\\bx{3}\\B"] {
            assert_eq!(text(none), None, "{none}");
        }
    }
}
